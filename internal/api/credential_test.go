package api_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/credential/paste"
	"github.com/bursarhq/bursar/internal/permission"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/local"
	"github.com/bursarhq/bursar/internal/store"
)

// secretKey is what AWS's documents show as one.
const secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// simulated is the AWS that keys are tried at, one for all tests.
var simulated = sync.OnceValues(func() (*sandbox.Sandbox, error) {
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return nil, err
	}
	return s, s.Start(context.Background(), "127.0.0.1:0")
})

// credentials keeps credentials with a real keyring, and asks the simulated AWS.
func (b *bench) credentials() *credential.Service {
	b.Helper()
	aws, err := simulated()
	if err != nil {
		b.Fatal(err)
	}
	ring, err := local.Create(filepath.Join(b.TempDir(), "keyring"), b.clock.now())
	if err != nil {
		b.Fatal(err)
	}
	k := aws.Cloud().BursarKey()
	c, err := awsapi.New(b.Context(), awsapi.Config{Endpoint: aws.URL(), AccessKeyID: k.ID, SecretAccessKey: k.Secret})
	if err != nil {
		b.Fatal(err)
	}
	users := func(tx *store.Tx, workspaceID, id string) ([]bursar.CredentialUser, error) {
		c, err := tx.Credential(workspaceID, id)
		if err == nil && strings.HasPrefix(c.Name, "used") {
			return []bursar.CredentialUser{{Kind: "source", ID: "src_1", Name: "Costs"}}, nil
		}
		return nil, err
	}
	return &credential.Service{Store: b.store, Sealer: seal.New(ring), AWS: c, Audit: store.NewAuditQueue(b.store), Users: []credential.Users{users}}
}

// storedCredential stores a key that nobody has tried, and returns the credential's id.
func (b *bench) storedCredential(name string) string {
	b.Helper()
	c, err := b.api.Credentials.Add(b.Context(), credential.New{WorkspaceID: b.ws, Name: name, Key: paste.Key{ID: "AKIAIOSFODNN7EXAMPLE", Secret: bursar.NewSecret(secretKey)}, Untried: true})
	if err != nil {
		b.Fatal(err)
	}
	return c.ID
}

// person's key in the simulated AWS, as shell lines.
func pasted(t *testing.T, user, policy string) (text, secret string) {
	t.Helper()
	aws, err := simulated()
	if err != nil {
		t.Fatal(err)
	}
	u := cloud.IAMUser{}
	u.AccountID, u.Name, u.Path = "111122223333", user, "/"
	if _, e := aws.Cloud().CreateUser(u); e != nil {
		t.Fatal(e)
	}
	doc, e := cloud.ParsePolicy(policy, 0)
	if e != nil {
		t.Fatal(e)
	}
	if _, e := aws.Cloud().ChangeUser(u.AccountID, user, func(u *cloud.IAMUser) *cloud.Error { u.SetInline("p", doc); return nil }); e != nil {
		t.Fatal(e)
	}
	k, e := aws.Cloud().CreateAccessKey(u.AccountID, user)
	if e != nil {
		t.Fatal(e)
	}
	return "export AWS_ACCESS_KEY_ID=" + k.ID + "\nexport AWS_SECRET_ACCESS_KEY=" + k.Secret.Reveal() + "\n", k.Secret.Reveal()
}

func TestCredentialsThroughTheAPI(t *testing.T) {
	b := start(t)
	owner, member := b.client(b.owner), b.as(b.ws, auth.Member)
	text, secret := pasted(t, "api-costs", permission.CostExplorerPolicy("*"))
	made, err := owner.AddCredential(t.Context(), client.NewCredential{Name: "Payer", NewKeyMaterial: client.NewKeyMaterial{Paste: text}})
	if err != nil || made.AccountID != "111122223333" || made.Status != bursar.CredentialUnchecked || len(made.KeyHint) != 4 {
		t.Fatalf("%+v, %v", made, err)
	}
	checked, err := owner.CheckCredential(t.Context(), "Payer", "")
	if err != nil || checked.Report == nil || checked.Report.UnprobedMaxUSD.String() != "0.19" {
		t.Fatalf("%+v, %v", checked, err)
	}
	name := "Renamed"
	if got, err := owner.ChangeCredential(t.Context(), made.ID, client.CredentialChange{Name: &name}); err != nil || got.Name != name || got.Report == nil {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := member.Credential(t.Context(), made.ID); err != nil || got.Report.ARN != "" || strings.Contains(got.Report.Findings[0].Message, "arn:aws") {
		t.Errorf("a member sees %+v, %v", got, err)
	}
	next, _ := pasted(t, "api-next", permission.CostExplorerPolicy("*"))
	if got, err := owner.RotateCredential(t.Context(), made.ID, client.NewKeyMaterial{Paste: next}); err != nil || got.SecretVersion != 2 || got.Report != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if list, err := owner.Credentials(t.Context()); err != nil || len(list) != 1 || list[0].Name != name {
		t.Errorf("%+v, %v", list, err)
	}
	if err := owner.DeleteCredential(t.Context(), made.ID); err != nil {
		t.Error(err)
	}
	if strings.Contains(b.log.String(), secret) {
		t.Error("the log has the secret")
	}
}

// TestCredentialRefusals makes every mistake with a secret in hand, and looks for it in the answers.
func TestCredentialRefusals(t *testing.T) {
	b := start(t)
	used := b.storedCredential("used by a source")
	key := `"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"` + secretKey + `"`
	for _, c := range []struct{ op, body, field, reason string }{
		{"POST /api/v1/credentials", `{"name":"x",` + key + `}`, "access_key_id", "key_unknown"},
		{"POST /api/v1/credentials", `{"name":"` + secretKey + `",` + key + `}`, "name", "name_is_secret"},
		{"POST /api/v1/credentials", `{"name":"used by a source","untried":true,` + key + `}`, "name", "credential_name_taken"},
		{"POST /api/v1/credentials", `{"name":"x",` + key + `,"session_token":"` + strings.Repeat(secretKey, 3) + `"}`, "session_token", "session_token_unexpected"},
		{"POST /api/v1/credentials", `{"name":"x",` + key + `,"paste":"` + secretKey + `"}`, "paste", "key_twice"},
		{"POST /api/v1/credentials", `{"name":"x","paste":"` + secretKey + `"}`, "paste", "paste_unreadable"},
		{"POST /api/v1/credentials", `{"name":"x","paste":"x-amz-access-token: ` + secretKey + `"}`, "paste", "paste_unreadable"},
		{"POST /api/v1/credentials", `{"name":"x","secret":"` + secretKey + `"}`, "secret", "unknown_field"},
		{"POST /api/v1/credentials", `{"name":"x","region":"eu-west-9",` + key + `}`, "region", "region_unknown"},
		{"POST /api/v1/credentials", `{"name":"x","account":"111122223333",` + key + `}`, "account", "kind_ambiguous"},
		{"POST /api/v1/credentials/" + used + "/rotate", `{` + key + `}`, "access_key_id", "key_unknown"},
		{"POST /api/v1/credentials/" + used + "/check", `{"max_usd":"a dollar"}`, "max_usd", "amount_malformed"},
		{"DELETE /api/v1/credentials/" + used, ``, "", "credential_in_use"},
	} {
		method, path, _ := strings.Cut(c.op, " ")
		resp, body := b.raw(method, path, c.body, "Content-Type", "application/json")
		p := problem(t, resp, body)
		if resp.StatusCode < 400 || resp.StatusCode == http.StatusInternalServerError || p.Reason != c.reason || p.Field != c.field {
			t.Errorf("%s %.60s: %d %s", c.op, c.body, resp.StatusCode, body)
		}
		if strings.Contains(body, secretKey) {
			t.Errorf("%s: the answer has the secret: %s", c.op, body)
		}
	}
	if strings.Contains(b.log.String(), secretKey) {
		t.Error("the log has the secret")
	}
}
