package register

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
)

// seen is what an account has: an export of its own in another region, whose prefix begins with a slash.
var seen = []bursar.Definition{{
	Export: bursar.Export{
		Name: "finance", ARN: "arn:aws:cur:us-east-1:012345678901:definition/finance", Format: bursar.FormatLegacy, FileFormat: bursar.FileCSV,
		Bucket: "finance-bills", BucketOwner: "123456789012", Region: "eu-central-1", Prefix: "/cur",
	},
}}

var reachable = status(map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateOK})

func stepsOf(t *testing.T, c Config, a bursar.Account, s bursar.Status) map[string]Step {
	t.Helper()
	steps, err := c.Setup(a, s, seen)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Step{}
	for _, s := range steps {
		out[s.ID] = s
	}
	return out
}

func TestExistingExportIsReadAlone(t *testing.T) {
	a := choosing(account(bursar.KindPayer), bursar.Choice{Export: bursar.ExportChoice{Existing: seen[0].Export.ARN}})
	steps := stepsOf(t, config, a, reachable)
	export := steps[StepExport]
	if _, ok := steps[StepBucket]; ok || export.State != Next || export.Template.Name != deploy.Existing || export.Region != "us-east-1" {
		t.Errorf("%+v", export)
	}
	for key, want := range map[string]string{"CurS3BucketName": "finance-bills", "CurS3Path": "/cur/finance", "CurS3BucketOwner": "123456789012", "ExternalId": a.ExternalID, "RoleName": "bursar-k3j2h1g4f5-export"} {
		if got := value(export.Parameters, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if text := export.Texts[0].Body; !strings.Contains(text, `"arn:aws:s3:::finance-bills//cur/finance/*"`) || !strings.Contains(text, `"aws:ResourceAccount": "123456789012"`) {
		t.Errorf("what its role may do: %s", text)
	}
	a.Choice.Export.Existing = "arn:aws:cur:us-east-1:012345678901:definition/gone"
	if gone := stepsOf(t, config, a, reachable)[StepExport]; gone.Links != nil || gone.Command != "" || !strings.Contains(gone.Why, "was not seen") {
		t.Errorf("%+v", gone)
	}
}

func TestAnotherExportAfterTheFirst(t *testing.T) {
	followed := []bursar.Definition{seen[0]}
	followed[0].Export.Followed = true
	steps, err := config.Setup(choosing(account(bursar.KindStandalone), bursar.Choice{Export: bursar.ExportChoice{Format: bursar.FormatCUR2}}), reachable, followed)
	if err != nil {
		t.Fatal(err)
	}
	if texts := steps[1].Texts; len(texts) != 2 || !strings.Contains(texts[0].Body, "delete-stack") {
		t.Errorf("the stack of the same name is in the way: %+v", texts)
	}
}

func TestFormatsOfANewExport(t *testing.T) {
	for format, want := range map[bursar.Format][3]string{
		"":                   {deploy.Export, "cur2", "bursar-cur2"},
		bursar.FormatFOCUS12: {deploy.Export, "focus-1.2", "bursar-focus-1-2"},
		bursar.FormatLegacy:  {deploy.Legacy, "", "bursar-legacy"},
	} {
		a := choosing(account(bursar.KindStandalone), bursar.Choice{Export: bursar.ExportChoice{Format: format}})
		s := stepsOf(t, config, a, reachable)[StepExport]
		if got := [3]string{s.Template.Name, value(s.Parameters, "ExportFormat"), value(s.Parameters, "ExportName")}; got != want {
			t.Errorf("%q: %v, want %v", format, got, want)
		}
	}
	own := choosing(account(bursar.KindStandalone), bursar.Choice{Export: bursar.ExportChoice{Bucket: "mine", BucketRegion: "eu-west-1", UseExisting: true}})
	steps := stepsOf(t, config, own, reachable)
	if _, ok := steps[StepBucket]; ok || value(steps[StepExport].Parameters, "CurS3BucketOption") != "USE_EXISTING" || value(steps[StepExport].Parameters, "CurS3BucketRegion") != "eu-west-1" {
		t.Errorf("a bucket that is there is not made: %+v", steps)
	}
}

func TestBackfillIsReadyToSend(t *testing.T) {
	step := stepsOf(t, config, account(bursar.KindPayer), reachable)[StepExport]
	if len(step.Texts) != 1 || !strings.Contains(step.Texts[0].Body, "bursar-cur2 of account 012345678901") || !strings.Contains(step.Texts[0].Body, "s3://bursar-cur-012345678901-us-east-1") {
		t.Errorf("%+v", step.Texts)
	}
}

// TestMembersStepHasAllToCopy: no link can fill in the StackSet page, so every value for it is there, and the command that does the same.
func TestMembersStepHasAllToCopy(t *testing.T) {
	step := stepsOf(t, config, account(bursar.KindPayer), reachable)[StepMembers]
	if len(step.Texts) != 1 {
		t.Fatalf("%+v", step.Texts)
	}
	for _, want := range []string{step.Template.URL, "StackSet name: " + step.StackName, "Active or Inactive", "Region: us-east-1"} {
		if !strings.Contains(step.Texts[0].Body, want) {
			t.Errorf("no %q in\n%s", want, step.Texts[0].Body)
		}
	}
	for _, want := range []string{"--stack-set-name " + step.StackName, "ParameterKey=ExternalId,ParameterValue=" + value(step.Parameters, "ExternalId"), "list-roots", "--regions us-east-1"} {
		if !strings.Contains(step.Command, want) {
			t.Errorf("no %q in\n%s", want, step.Command)
		}
	}
	chosen := choosing(account(bursar.KindPayer), bursar.Choice{TargetOrganizationID: "ou-abcd-12345678"})
	if c := stepsOf(t, config, chosen, reachable)[StepMembers].Command; !strings.Contains(c, "OrganizationalUnitIds=ou-abcd-12345678") || strings.Contains(c, "list-roots") {
		t.Errorf("the chosen unit is not the target in\n%s", c)
	}
}

// TestHostileNamesStayValues: what comes from people or from AWS stands in links, commands and Terraform as one value.
func TestHostileNamesStayValues(t *testing.T) {
	for _, nasty := range []string{
		`x&param_Principal=666666666666`, "x#/stacks/create/review?param_PrincipalArn=arn:aws:iam::666666666666:root", `x" principal = "666666666666`,
		`${file("/etc/passwd")}`, "%{for x in y}", "a'; rm -rf / #", "line\nbreak = true", `back\slash`,
	} {
		list := []bursar.Definition{{Export: bursar.Export{Name: nasty, ARN: "arn:x", Bucket: nasty, BucketOwner: "012345678901", Region: "us-east-1", Prefix: nasty}}}
		a := choosing(account(bursar.KindPayer), bursar.Choice{Export: bursar.ExportChoice{Existing: "arn:x"}})
		steps, err := config.Setup(a, reachable, list)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			for _, l := range s.Links {
				_, fragment, _ := strings.Cut(l.URL, "#")
				_, query, _ := strings.Cut(fragment, "?")
				q, err := url.ParseQuery(query)
				if err != nil || strings.Contains(query, "#") || len(q["param_Principal"]) > 1 || q.Get("param_Principal") == "666666666666" || q.Get("param_PrincipalArn") == "arn:aws:iam::666666666666:root" {
					t.Errorf("%q came through into %s", nasty, l.URL)
				}
			}
			for _, line := range strings.Split(s.Terraform, "\n") {
				if key := strings.Fields(line); len(key) > 2 && key[1] == "=" && (key[0] == "principal" && !strings.Contains(line, config.PrincipalAccountID) || key[0] == "break") {
					t.Errorf("%q came through into Terraform: %s", nasty, line)
				}
			}
			if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(s.Terraform, "$${", ""), "%%{", ""), "${") {
				t.Errorf("%q is a template in\n%s", nasty, s.Terraform)
			}
		}
	}
}

func TestTerraformMethod(t *testing.T) {
	a := choosing(account(bursar.KindPayer), bursar.Choice{Export: bursar.ExportChoice{BucketRegion: "eu-west-1"}, TargetOrganizationID: "r-abcd"})
	a.Method = bursar.MethodTerraform
	steps := stepsOf(t, config, a, reachable)
	for id, s := range steps {
		if s.Links != nil || s.Template != nil || !strings.Contains(s.Command, "terraform apply") || !strings.Contains(s.Terraform, `external_id`) {
			t.Errorf("%s: %+v", id, s)
		}
	}
	access, export, members := steps[StepAccess].Terraform, steps[StepExport].Terraform, steps[StepMembers].Terraform
	if strings.Contains(access, "export_name") || strings.Contains(access, "aws.bucket = aws.bucket") {
		t.Errorf("the access step makes an export:\n%s", access)
	}
	for _, want := range []string{`alias               = "bucket"`, `region              = "eu-west-1"`, "aws.bucket = aws.bucket", `= "bursar-cur-012345678901-eu-west-1"`, `= "cur2"`} {
		if !strings.Contains(export, want) {
			t.Errorf("no %s in\n%s", want, export)
		}
	}
	if !strings.Contains(members, "use_stackset") || !strings.Contains(members, `["r-abcd"]`) {
		t.Errorf("no StackSet in\n%s", members)
	}
	unpublished := config
	unpublished.TemplateBaseURL = ""
	source, err := unpublished.ModuleSource()
	if err != nil || !strings.HasPrefix(source, "https://bursar.example.com/api/v1/templates/terraform-aws-account.zip?checksum=sha256:") {
		t.Errorf("%s %v", source, err)
	}
}

func TestBroughtRole(t *testing.T) {
	a := choosing(account(bursar.KindPayer), bursar.Choice{Capabilities: []bursar.Capability{bursar.CapOrganization, bursar.CapInventory}})
	a.Method, a.RoleARN = bursar.MethodRole, "arn:aws:iam::012345678901:role/teams/finops/reader"
	steps := stepsOf(t, config, a, reachable)
	access := steps[StepAccess]
	if len(access.Texts) != 3 || access.Template != nil || access.Links != nil {
		t.Fatalf("%+v", access)
	}
	var trust struct {
		Statement []struct {
			Principal struct{ AWS string }
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(access.Texts[0].Body), &trust); err != nil || trust.Statement[0].Condition["StringEquals"]["sts:ExternalId"] != a.ExternalID ||
		trust.Statement[0].Condition["ArnEquals"]["aws:PrincipalArn"] != config.PrincipalARN || trust.Statement[0].Principal.AWS != "arn:aws:iam::999900001111:root" {
		t.Errorf("%v\n%s", err, access.Texts[0].Body)
	}
	permissions := access.Texts[1].Body
	for want, has := range map[string]bool{
		`"arn:aws:iam::012345678901:role/teams/finops/reader"`: true, "organizations:ListAccounts": true, "ec2:DescribeInstances": true,
		"cur:DescribeReportDefinitions": false, "ce:GetCostAndUsage": false, "${": false,
	} {
		if strings.Contains(permissions, want) != has {
			t.Errorf("%s in the permissions: want %v\n%s", want, has, permissions)
		}
	}
	if made := access.Texts[2].Body; !strings.Contains(made, "aws iam create-role --role-name reader --path /teams/finops/ ") || !strings.Contains(made, "aws iam put-role-policy --role-name reader ") || access.Links != nil {
		t.Errorf("how it is created: %s, %v", made, access.Links)
	}
	if !strings.Contains(access.Command, "aws iam update-assume-role-policy --role-name reader") {
		t.Error(access.Command)
	}
	if s := steps[StepExport]; s.StackName != "bursar-012345678901-export" || value(s.Parameters, "RoleName") != "reader-export" {
		t.Errorf("%+v", s)
	}
}

func TestPartitions(t *testing.T) {
	china := account(bursar.KindPayer)
	china.Partition, china.RoleARN = bursar.PartitionChina, "arn:aws-cn:iam::012345678901:role/bursar/bursar-x"
	inChina := config
	inChina.PrincipalARN, inChina.TemplateBaseURL = "arn:aws-cn:iam::999900001111:role/bursar", "https://t.s3.cn-north-1.amazonaws.com.cn"
	steps := stepsOf(t, inChina, china, reachable)
	if _, ok := steps[StepMembers]; ok {
		t.Error("China has no service-managed StackSets")
	}
	if s := steps[StepExport]; s.Region != "cn-northwest-1" || s.Template.Name != deploy.Legacy || !strings.HasPrefix(s.Links[0].URL, "https://console.amazonaws.cn/") {
		t.Errorf("%+v", s)
	}
	gov := account(bursar.KindPayer)
	gov.Partition, gov.RoleARN = bursar.PartitionGovCloud, "arn:aws-us-gov:iam::012345678901:role/bursar/bursar-x"
	inGov := config
	inGov.PrincipalARN = "arn:aws-us-gov:iam::999900001111:role/bursar"
	steps = stepsOf(t, inGov, gov, reachable)
	if s := steps[StepExport]; s.State != Skipped || s.Links != nil || !strings.Contains(s.Why, "paired commercial account") {
		t.Errorf("%+v", s)
	}
	if s := steps[StepAccess]; value(s.Parameters, "EnableBillingExport") != "false" || s.Region != "us-gov-west-1" {
		t.Errorf("%+v", s)
	}
	if _, ok := steps[StepMembers]; !ok {
		t.Error("GovCloud has StackSets")
	}
	for _, c := range []Config{config, {TemplateBaseURL: config.TemplateBaseURL}} { // one of another partition, one without an identity
		s := stepsOf(t, c, china, reachable)[StepAccess]
		if s.State != Later || s.Links != nil || s.Parameters != nil || s.Command != "" || s.Terraform != "" || !strings.Contains(s.Why, "identity") {
			t.Errorf("%+v", s)
		}
	}
	if steps := stepsOf(t, inChina, china, reachable); steps[StepAccess].Links == nil {
		t.Error("templates in China's S3 can be read there")
	}
	foreign := inChina
	foreign.TemplateBaseURL = "https://t.s3.us-east-1.amazonaws.com"
	if s := stepsOf(t, foreign, china, reachable)[StepAccess]; s.Links != nil || s.Command == "" || s.Template.URL != "" {
		t.Errorf("CloudFormation in China cannot read S3 of the commercial partition: %+v", s)
	}
}

func TestCheckChoice(t *testing.T) {
	a := account(bursar.KindPayer)
	gov, china := a, a
	gov.Partition, china.Partition = bursar.PartitionGovCloud, bursar.PartitionChina
	export := func(e bursar.ExportChoice) bursar.Choice { return bursar.Choice{Export: e} }
	for name, tt := range map[string]struct {
		account bursar.Account
		choice  bursar.Choice
		field   string
	}{
		"nothing":             {a, bursar.Choice{}, ""},
		"everything":          {a, bursar.Choice{Capabilities: bursar.Switched, TargetOrganizationID: "ou-abcd-12345678", PermissionsBoundary: "arn:aws:iam::012345678901:policy/a/b"}, ""},
		"capability":          {a, bursar.Choice{Capabilities: []bursar.Capability{bursar.CapAccess}}, "capabilities"},
		"target":              {a, bursar.Choice{TargetOrganizationID: "o-abcd"}, "target_organization_id"},
		"boundary":            {a, bursar.Choice{PermissionsBoundary: "arn:aws:iam::012345678901:role/x"}, "permissions_boundary"},
		"region":              {a, export(bursar.ExportChoice{BucketRegion: "eu-west-9"}), "region"},
		"region elsewhere":    {a, export(bursar.ExportChoice{BucketRegion: "cn-north-1"}), "region"},
		"bucket":              {a, export(bursar.ExportChoice{Bucket: "A_B"}), "export.bucket"},
		"prefix":              {a, export(bursar.ExportChoice{Prefix: "a/"}), "export.prefix"},
		"name":                {a, export(bursar.ExportChoice{Name: "a b"}), "export.name"},
		"format":              {a, export(bursar.ExportChoice{Format: "focus-1.0"}), "export.format"},
		"format in China":     {china, export(bursar.ExportChoice{Format: bursar.FormatCUR2}), "export.format"},
		"legacy in China":     {china, export(bursar.ExportChoice{Format: bursar.FormatLegacy, BucketRegion: "cn-north-1"}), ""},
		"file format":         {a, export(bursar.ExportChoice{FileFormat: "orc"}), "export.file_format"},
		"versioning":          {a, export(bursar.ExportChoice{Versioning: "x"}), "export.versioning"},
		"bucket without name": {a, export(bursar.ExportChoice{UseExisting: true}), "export.bucket"},
		"existing and new":    {a, export(bursar.ExportChoice{Existing: "arn:x", Format: bursar.FormatCUR2}), "export"},
		"an export, GovCloud": {gov, export(bursar.ExportChoice{Format: bursar.FormatCUR2}), "export"},
	} {
		err := CheckChoice(tt.account, tt.choice)
		var got string
		if e, ok := err.(*bursar.Error); ok {
			got = e.Field
			if e.Hint == "" || e.Reason == "" {
				t.Errorf("%s: %+v says not what to do", name, e)
			}
		}
		if got != tt.field || (err != nil) != (tt.field != "") {
			t.Errorf("%s: %v, want the field %q", name, err, tt.field)
		}
	}
}
