package register

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
)

// hcl writes a text as a string of Terraform's language, in which nothing of it is read as a template.
// https://developer.hashicorp.com/terraform/language/expressions/strings
func hcl(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// ModuleSource is where Terraform finds the module: where the templates are published, or on this bursar. The address has the digest of what is there, which
// Terraform verifies.
func (c Config) ModuleSource() (string, error) {
	t, err := c.Template(deploy.Module)
	if err != nil {
		return "", err
	}
	where := t.URL
	if where == "" {
		where = strings.TrimRight(c.PublicURL, "/") + c.DownloadPath + t.Name
	}
	return where + "?checksum=sha256:" + t.SHA256, nil
}

// input is one argument of the module; value is written in Terraform's language.
type input struct{ name, value string }

// Terraform writes a whole main.tf for an account: everything that its steps make, up to one of them. seen are the exports that the account has.
func (c Config) Terraform(a bursar.Account, seen []bursar.Definition, step string) string {
	source, err := c.ModuleSource()
	if err != nil {
		return "" // the module is in the binary: it cannot fail
	}
	home := bursar.ExportRegion(a.Partition)
	e := a.Choice.Export.Complete(a)
	elsewhere := step != StepAccess && !a.Choice.Export.Chosen() && !e.UseExisting && e.BucketRegion != home
	var b strings.Builder
	fmt.Fprintf(&b, `terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.70"
    }
  }
}

provider "aws" {
  region              = %s
  allowed_account_ids = [%s]
}
`, hcl(home), hcl(a.AccountID))
	bucketProvider := "aws"
	if elsewhere {
		bucketProvider = "aws.bucket"
		fmt.Fprintf(&b, "\nprovider \"aws\" {\n  alias               = \"bucket\"\n  region              = %s\n  allowed_account_ids = [%s]\n}\n", hcl(e.BucketRegion), hcl(a.AccountID))
	}
	fmt.Fprintf(&b, "\nmodule \"bursar\" {\n  source = %s\n  providers = {\n    aws        = aws\n    aws.bucket = %s\n  }\n\n", hcl(source), bucketProvider)
	inputs := c.moduleInputs(a, seen, step)
	width := 0
	for _, in := range inputs {
		width = max(width, len(in.name))
	}
	for _, in := range inputs {
		fmt.Fprintf(&b, "  %-*s = %s\n", width, in.name, in.value)
	}
	b.WriteString("}\n\noutput \"bursar\" {\n  value = module.bursar\n}\n")
	return b.String()
}

// moduleInputs are the module's arguments for everything up to a step.
func (c Config) moduleInputs(a bursar.Account, seen []bursar.Definition, step string) []input {
	var granted []string
	for _, x := range Granted(a) {
		granted = append(granted, hcl(string(x)))
	}
	out := []input{
		{"account_id", hcl(a.AccountID)},
		{"external_id", hcl(a.ExternalID)},
		{"principal", hcl(c.PrincipalAccountID)},
		{"principal_arn", hcl(c.PrincipalARN)},
		{"role_name", hcl(RoleName(a))},
		{"capabilities", "[" + strings.Join(granted, ", ") + "]"},
	}
	if a.Method == bursar.MethodRole {
		out = append(out, input{"create_access_role", "false"})
	}
	if a.Choice.PermissionsBoundary != "" {
		out = append(out, input{"permissions_boundary", hcl(a.Choice.PermissionsBoundary)})
	}
	if step != StepAccess && a.Kind.HasBill() && partition(a).HasBilling {
		out = append(out, exportInputs(a, seen)...)
	}
	if target := a.Choice.TargetOrganizationID; step == StepMembers || target != "" && a.Kind == bursar.KindPayer && step != StepAccess {
		out = append(out, input{"use_stackset", "true"})
		if target != "" {
			out = append(out, input{"organizational_unit_ids", "[" + hcl(target) + "]"})
		}
	}
	return out
}

func exportInputs(a bursar.Account, seen []bursar.Definition) []input {
	if arn := a.Choice.Export.Existing; arn != "" {
		i := slices.IndexFunc(seen, func(d bursar.Definition) bool { return d.Export.ARN == arn })
		if i < 0 {
			return []input{{"export", hcl("none")}}
		}
		e := seen[i].Export
		return []input{{"export", hcl("existing")}, {"bucket_name", hcl(e.Bucket)}, {"bucket_owner", hcl(e.BucketOwner)}, {"existing_export_path", hcl(e.Folder())}}
	}
	e := a.Choice.Export.Complete(a)
	out := []input{{"export", hcl(string(e.Format))}, {"bucket_name", hcl(e.Bucket)}, {"bucket_region", hcl(e.BucketRegion)}}
	if e.UseExisting {
		out = append(out, input{"create_bucket", "false"})
	}
	return append(out, input{"export_prefix", hcl(e.Prefix)}, input{"export_name", hcl(e.Name)}, input{"export_file_format", hcl(string(e.FileFormat))}, input{"export_versioning", hcl(string(e.Versioning))})
}
