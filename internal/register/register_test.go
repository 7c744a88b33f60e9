package register

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/deploy"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var config = Config{
	PrincipalAccountID: "999900001111", PrincipalARN: "arn:aws:iam::999900001111:user/bursar",
	TemplateBaseURL: "https://templates.example.com/bursar/", PublicURL: "https://bursar.example.com", DownloadPath: "/api/v1/templates/",
}

// choosing is an account with a choice.
func choosing(a bursar.Account, c bursar.Choice) bursar.Account {
	a.Choice = c
	return a
}

func account(kind bursar.Kind) bursar.Account {
	return bursar.Account{
		AccountID: "012345678901", Name: "Example", Partition: bursar.PartitionAWS, Kind: kind, Method: bursar.MethodConsole,
		ExternalID: "bur-abcdefghijklmnopqrstuvwxyz", RoleARN: "arn:aws:iam::012345678901:role/bursar/bursar-k3j2h1g4f5",
	}
}

func status(m map[bursar.Capability]bursar.CapabilityState) bursar.Status {
	return bursar.Status{Capabilities: m}
}

// TestLinkHoldsWhatItIsGiven is the property that matters: whatever the values hold, the page reads exactly them, and
// not one parameter more.
func TestLinkHoldsWhatItIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := url.Values{"templateURL": {rapid.String().Draw(t, "url")}, "stackName": {rapid.String().Draw(t, "stack")}}
		var parameters []Parameter
		for i := range rapid.IntRange(0, 4).Draw(t, "n") {
			p := Parameter{string(rune('A'+i)) + rapid.StringMatching(`[A-Za-z0-9]{0,8}`).Draw(t, "key"), rapid.String().Draw(t, "value")}
			parameters = append(parameters, p)
			want.Set("param_"+p.Key, p.Value)
		}
		checkLink(t, config.CreateStackLink(bursar.PartitionAWS, "us-east-1", want.Get("templateURL"), want.Get("stackName"), parameters), want)
	})
}

func FuzzLinkSmugglesNothing(f *testing.F) {
	f.Add("x&param_Principal=666666666666", "bur-x", "https://t/access.yaml")
	f.Add("x#/stacks/create/review?stackName=y", "a;param_X=1", "https://t/?a=b&stackName=z")
	f.Add("é\x00%26param_A=1", "+", "\r\n")
	f.Fuzz(func(t *testing.T, stack, value, template string) {
		want := url.Values{"templateURL": {template}, "stackName": {stack}, "param_ExternalId": {value}}
		checkLink(t, config.CreateStackLink(bursar.PartitionAWS, "us-east-1", template, stack, []Parameter{{"ExternalId", value}}), want)
	})
}

type failer interface{ Fatalf(string, ...any) }

func checkLink(t failer, link string, want url.Values) {
	base, fragment, _ := strings.Cut(link, "#")
	route, query, _ := strings.Cut(fragment, "?")
	got, err := url.ParseQuery(query)
	if err != nil || base != "https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1" || route != "/stacks/create/review" {
		t.Fatalf("%s: %v", link, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s", diff)
	}
}

func TestConsoleHosts(t *testing.T) {
	for p, want := range map[bursar.Partition]string{
		bursar.PartitionAWS:      "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/create/review?",
		bursar.PartitionChina:    "https://console.amazonaws.cn/cloudformation/home?",
		bursar.PartitionGovCloud: "https://console.amazonaws-us-gov.com/cloudformation/home?",
	} {
		if got := config.CreateStackLink(p, "eu-west-1", "u", "s", nil); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", p, got)
		}
	}
	own := Config{ConsoleBaseURL: "http://127.0.0.1:4000/console/"}
	if got := own.UpdateStackLink(bursar.PartitionAWS, "us-east-1", "u", "s"); got != "http://127.0.0.1:4000/console/cloudformation/home?region=us-east-1#/stacks/update/template?stackId=s&templateURL=u" {
		t.Error(got)
	}
}

func TestSetupSteps(t *testing.T) {
	granted := map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateOK}
	receiving := map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateOK, bursar.CapBillingExport: bursar.StateOK, bursar.CapMemberAccess: bursar.StateFailed}
	waiting := map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateDegraded, bursar.CapBillingExport: bursar.StateWaiting}
	far := bursar.Choice{Export: bursar.ExportChoice{BucketRegion: "eu-west-1"}}
	for name, c := range map[string]struct {
		kind   bursar.Kind
		states map[bursar.Capability]bursar.CapabilityState
		choice bursar.Choice
		want   string
	}{
		"new":                        {bursar.KindUnknown, nil, bursar.Choice{}, "access next"},
		"linked":                     {bursar.KindLinked, granted, bursar.Choice{}, "access done"},
		"payer":                      {bursar.KindPayer, granted, bursar.Choice{}, "access done, export next, members skipped"},
		"payer that lost its access": {bursar.KindPayer, map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateFailed}, bursar.Choice{}, "access next, export later, members skipped"},
		"insecure":                   {bursar.KindPayer, map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateInsecure}, bursar.Choice{}, "access next, export later, members skipped"},
		"members broken":             {bursar.KindPayer, receiving, bursar.Choice{}, "access done, export done, members next"},
		"standalone, data not due":   {bursar.KindStandalone, waiting, bursar.Choice{}, "access done, export done"},
		"bucket elsewhere":           {bursar.KindStandalone, granted, far, "access done, bucket next, export next"},
	} {
		t.Run(name, func(t *testing.T) {
			steps, err := config.Setup(choosing(account(c.kind), c.choice), status(c.states), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range steps {
				got = append(got, s.ID+" "+string(s.State))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func value(parameters []Parameter, key string) string {
	for _, p := range parameters {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

func TestAccessStep(t *testing.T) {
	steps, err := config.Setup(account(bursar.KindUnknown), bursar.Status{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := steps[0]
	for key, want := range map[string]string{
		"ExternalId": "bur-abcdefghijklmnopqrstuvwxyz", "Principal": "999900001111", "PrincipalArn": config.PrincipalARN,
		"RoleName": "bursar-k3j2h1g4f5", "ExpectedAccountId": "012345678901", "EnableOrganization": "true", "EnableBillingExport": "true", "EnableCostExplorer": "false", "EnableInventory": "false",
	} {
		if got := value(s.Parameters, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	text, err := TemplateText(deploy.Access)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if s.Template.SHA256 != hex.EncodeToString(sum[:]) || s.Template.Size != len(text) || s.Template.URL != "https://templates.example.com/bursar/v1/"+s.Template.SHA256[:12]+"/access.yaml" {
		t.Errorf("template %+v", s.Template)
	}
	if len(s.Links) != 1 || !strings.Contains(s.Links[0].URL, "&stackName=bursar-k3j2h1g4f5&param_ExternalId=bur-abcdefghijklmnopqrstuvwxyz&") {
		t.Errorf("links %v", s.Links)
	}
	none := config
	none.TemplateBaseURL = ""
	if steps, err = none.Setup(account(bursar.KindUnknown), bursar.Status{}, nil); err != nil || steps[0].Links != nil || steps[0].Command == "" {
		t.Errorf("without a place that AWS can read there is a command and no link: %v %v", steps, err)
	}
}

// TestParametersExist proves every value that is sent against the templates themselves.
func TestParametersExist(t *testing.T) {
	everything := bursar.Choice{Capabilities: []bursar.Capability{bursar.CapInventory}, TargetOrganizationID: "r-abcd", PermissionsBoundary: "arn:aws:iam::012345678901:policy/b"}
	elsewhere, legacy, existing := everything, everything, everything
	elsewhere.Export.BucketRegion, legacy.Export.Format, existing.Export.Existing = "eu-west-1", bursar.FormatLegacy, seen[0].Export.ARN
	var all []Step
	for _, choice := range []bursar.Choice{elsewhere, legacy, existing} {
		steps, err := config.Setup(choosing(account(bursar.KindPayer), choice), status(nil), seen)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, steps...)
	}
	for _, s := range all {
		text, err := TemplateText(s.Template.Name)
		if err != nil {
			t.Fatal(err)
		}
		_, declared, _ := strings.Cut(string(text), "\nParameters:\n")
		declared, _, _ = strings.Cut(declared, "\nConditions:\n")
		for _, p := range s.Parameters {
			if !strings.Contains("\n"+declared, "\n  "+p.Key+":\n") {
				t.Errorf("%s has no parameter %s", s.Template.Name, p.Key)
			}
		}
	}
}

func TestExportInAnotherRegionNeedsNoTyping(t *testing.T) {
	a := choosing(account(bursar.KindStandalone), bursar.Choice{Export: bursar.ExportChoice{BucketRegion: "eu-west-1"}})
	steps, err := config.Setup(a, status(map[bursar.Capability]bursar.CapabilityState{bursar.CapAccess: bursar.StateOK}), nil)
	if err != nil {
		t.Fatal(err)
	}
	bucket, export := steps[1], steps[2]
	if bucket.Region != "eu-west-1" || export.Region != "us-east-1" {
		t.Errorf("regions %s and %s", bucket.Region, export.Region)
	}
	got := []string{value(bucket.Parameters, "CurS3BucketName"), value(export.Parameters, "CurS3BucketName"), value(export.Parameters, "CurS3BucketOption"), value(export.Parameters, "CurS3BucketRegion")}
	if want := []string{"bursar-cur-012345678901-eu-west-1", "bursar-cur-012345678901-eu-west-1", "USE_EXISTING", "eu-west-1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := value(export.Parameters, "RoleName"); got != "bursar-k3j2h1g4f5-export" || ExportRoleARN(account(bursar.KindStandalone)) != "arn:aws:iam::012345678901:role/bursar/"+got {
		t.Errorf("export role %s", got)
	}
}

// TestCommandsSurviveTheShell has a real shell take the command apart.
func TestCommandsSurviveTheShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh on this machine: the quoting of commands is not tried")
	}
	nasty := `it's $(id) "x"; & \ é *`
	command := deployCommand("us-east-1", "s", "access.yaml", []Parameter{{"A", nasty}, {"B", ""}})
	out, err := exec.CommandContext(t.Context(), sh, "-c", "aws() { printf '%s\\n' \"$@\"; }\n"+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if want := []string{"cloudformation", "deploy", "--region", "us-east-1", "--stack-name", "s", "--template-file", "access.yaml", "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides", "A=" + nasty, "B="}; !slices.Equal(words, want) {
		t.Errorf("got %q", words)
	}
}

func TestTeardowns(t *testing.T) {
	got := Teardowns(account(bursar.KindPayer))
	if len(got) != 3 || !strings.Contains(got[0].Command, "--stack-name bursar-k3j2h1g4f5-export") || !strings.Contains(got[0].Keeps, "s3://bursar-cur-012345678901-us-east-1") ||
		!strings.Contains(got[1].Command, "delete-stack-set --region us-east-1 --stack-set-name "+bursar.StackSetName(account(bursar.KindPayer))) || !strings.Contains(got[2].Title, "StackSet") {
		t.Errorf("%+v", got)
	}
	brought := account(bursar.KindLinked)
	brought.Method = bursar.MethodRole
	if got := Teardowns(brought); got != nil {
		t.Errorf("what bursar did not make it does not take away: %+v", got)
	}
	existing := choosing(account(bursar.KindStandalone), bursar.Choice{Export: bursar.ExportChoice{Existing: "arn:x"}})
	if got := Teardowns(existing); len(got) != 2 || strings.Contains(got[0].Keeps, "s3 rb") || !strings.Contains(got[0].Keeps, "arn:x") {
		t.Errorf("an export that was there before bursar stays: %+v", got)
	}
	elsewhere := choosing(account(bursar.KindStandalone), bursar.Choice{Export: bursar.ExportChoice{BucketRegion: "eu-west-1"}})
	if got := Teardowns(elsewhere); len(got) != 3 || !strings.Contains(got[1].Command, "--region eu-west-1") || got[0].Keeps != "" || !strings.Contains(got[1].Keeps, "s3 rb") {
		t.Errorf("two stacks are taken down: %+v", got)
	}
	terraform := account(bursar.KindPayer)
	terraform.Method = bursar.MethodTerraform
	if got := Teardowns(terraform); len(got) != 1 || got[0].Command != "terraform destroy" {
		t.Errorf("%+v", got)
	}
}

func TestPublished(t *testing.T) {
	srv := httptest.NewServer(Published())
	defer srv.Close()
	all, err := Config{TemplateBaseURL: srv.URL}.Templates()
	if err != nil || len(all) != len(deploy.Names())+1 {
		t.Fatal(err)
	}
	for _, tmpl := range all {
		res, err := srv.Client().Get(tmpl.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		sum := sha256.Sum256(body)
		if err != nil || hex.EncodeToString(sum[:]) != tmpl.SHA256 {
			t.Errorf("%s: %v", tmpl.URL, err)
		}
	}
	if _, err := (Config{}).Template("../deploy.go"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
