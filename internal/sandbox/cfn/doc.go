// Package cfn is the sandbox's CloudFormation: it reads templates, resolves them, and makes their resources through
// the handlers that the services register with the cloud. Stacks are made at once: when CreateStack answers, the
// stack is complete or rolled back.
//
// The template language follows the CloudFormation user guide:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html. Macros, nested stacks,
// modules and dynamic references are not known and are refused, never skipped.
package cfn
