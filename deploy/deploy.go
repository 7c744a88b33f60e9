// Package deploy holds what customers deploy in their AWS accounts: CloudFormation templates, as they are shipped.
package deploy

import (
	"embed"
	"io/fs"
)

// Version is the version of every template in this package: their output TemplateVersion and the tag
// bursar:template-version of the roles that they make. It grows when the meaning of a template changes.
const Version = "1"

// Adds says what Version has that the one before did not have, for people whose stack is older. The first version adds nothing.
const Adds = ""

// The CloudFormation templates.
const (
	Access   = "access.yaml"   // the access role, and a StackSet for the linked accounts when asked for
	Member   = "member.yaml"   // the role of one linked account: what the StackSet deploys
	Export   = "export.yaml"   // a CUR 2.0 or FOCUS 1.2 export, its bucket and the role that reads it
	Legacy   = "legacy.yaml"   // a legacy Cost and Usage Report, its bucket and the role that reads it
	Bucket   = "bucket.yaml"   // only the bucket, in a region other than the export's
	Existing = "existing.yaml" // only the role that reads an export which is there already
)

// Names lists the templates.
func Names() []string { return []string{Access, Bucket, Existing, Export, Legacy, Member} }

//go:embed cloudformation/*.yaml
var files embed.FS

// Template returns the text of a template. It fails with fs.ErrNotExist for a name that is not one of [Names].
func Template(name string) ([]byte, error) {
	for _, n := range Names() {
		if n == name {
			return files.ReadFile("cloudformation/" + n)
		}
	}
	return nil, &fs.PathError{Op: "template", Path: name, Err: fs.ErrNotExist}
}
