package cli

import (
	"fmt"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
)

// PublishOptions are the flags of bursar templates publish.
type PublishOptions struct {
	ServeOptions
	Bucket string
	Region string // "" is the setting aws_region
	Prefix string // folder in the bucket; may be empty
}

// Publication is what templates publish did.
type Publication struct {
	BaseURL   string              `json:"base_url"` // for the setting templates_base_url
	Policy    string              `json:"policy"`   // the bucket policy that lets customers read
	Templates []PublishedTemplate `json:"templates"`
}

// PublishedTemplate is one template in the bucket.
type PublishedTemplate struct {
	Name    string `json:"name"`
	Key     string `json:"key"`
	SHA256  string `json:"sha256"`
	Version string `json:"version"`
	Written bool   `json:"written"` // false: it was there already, unchanged
}

func templatesCommand(local Local, s *serverFlags) *cobra.Command {
	return group("templates", "Publish what customers deploy in their accounts", templatesPublish(local, s))
}

func templatesPublish(local Local, s *serverFlags) *cobra.Command {
	var o output
	options := PublishOptions{ServeOptions: ServeOptions{Environ: s.env.Environ}}
	c := &cobra.Command{
		Use:   "publish --bucket BUCKET",
		Short: "Copy the CloudFormation templates and the Terraform module to a bucket of yours",
		Long: `Copy the CloudFormation templates and the Terraform module to a bucket of yours, with bursar's own AWS identity: CloudFormation reads the templates that links
name from S3 alone. Each key holds the digest of what lies there: nothing that was published is ever changed, and publishing again is harmless.

Afterwards set templates_base_url to the address that is printed, and let everybody read the objects: it is the customer's identity that reads them.`,
		Example: "  bursar templates publish --bucket example-bursar-templates --region us-east-1",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			if options.Bucket == "" {
				return usage(bursar.Errorf(bursar.Invalid, "no bucket is named").WithHint("give it with --bucket"))
			}
			p, err := local.PublishTemplates(c.Context(), options)
			if err != nil {
				return err
			}
			rows := [][]string{}
			for _, t := range p.Templates {
				rows = append(rows, []string{t.Name, t.Key, t.SHA256, map[bool]string{true: "written", false: "was there"}[t.Written]})
			}
			if err := o.print(c.OutOrStdout(), p, []string{"TEMPLATE", "KEY", "SHA-256", ""}, rows); err != nil {
				return err
			}
			if kind, err := o.kind(); err != nil || kind != "table" {
				return err
			}
			return s.note(c, "%s", fmt.Sprintf("\nset templates_base_url to %s\nand give the bucket this policy:\n%s\n", p.BaseURL, indent(p.Policy, "  ")))
		},
	}
	o.flags(c)
	c.Flags().StringVar(&options.Bucket, "bucket", "", "the bucket (required)")
	c.Flags().StringVar(&options.Region, "region", "", "the bucket's region (default: the setting aws_region)")
	c.Flags().StringVar(&options.Prefix, "prefix", "", "a folder in the bucket")
	c.Flags().StringVar(&options.ConfigFile, "config", s.env.get("BURSAR_CONFIG"), "configuration file (or BURSAR_CONFIG)")
	return c
}
