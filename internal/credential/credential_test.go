package credential_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/credential"
	"github.com/bursarhq/bursar/internal/credential/paste"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/store"
)

func TestAKeyIsStoredAndUsed(t *testing.T) {
	b := start(t)
	k := b.user(payer, "costs", "")
	c := b.add("Payer", k)
	if c.AccountID != payer || c.Partition != bursar.PartitionAWS || c.Region != "us-east-1" || c.KeyHint != k.ID[16:] || c.Temporary || c.SecretVersion != 1 {
		t.Errorf("stored %+v", c)
	}
	session, err := b.Session(t.Context(), b.ws, c.ID, "source src_1")
	if err != nil {
		t.Fatal(err)
	}
	id, err := session.Identity(t.Context())
	if err != nil || id.ARN != "arn:aws:iam::"+payer+":user/costs" {
		t.Errorf("the session is %s, error %v", id.ARN, err)
	}
	times, text := b.audited("openCredential")
	if times != 1 || !strings.Contains(text, "source src_1") || !strings.Contains(text, `"key_hint":"`+k.ID[16:]) {
		t.Errorf("opened %d times by the audit log:\n%s", times, text)
	}
	b.nothingOf(k, "the audit log", text)
	if _, err := b.Session(t.Context(), b.other, c.ID, "x"); bursar.CodeOf(err) != bursar.NotFound {
		t.Errorf("from another workspace: %v", err)
	}
	b.nothingOf(k, "the credential", fmt.Sprintf("%+v", c))
}

// TestNothingIsOnDisk looks for the key in every file of the state.
func TestNothingIsOnDisk(t *testing.T) {
	b := start(t)
	dir := t.TempDir()
	k := b.user(payer, "costs", "")
	b.add("Payer", k)
	if err := b.Store.View(t.Context(), func(tx *store.Tx) error { _, _, err := tx.Credentials(b.ws, store.Page{Limit: 1}); return err }); err != nil {
		t.Fatal(err)
	}
	for _, f := range b.files(dir) {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b.nothingOf(k, f, string(body))
	}
}

// files copies the state and lists the copy's files.
func (b *bench) files(dir string) []string {
	b.Helper()
	if err := store.Copy(b.Context(), b.path, filepath.Join(dir, "copy.db")); err != nil {
		b.Fatal(err)
	}
	files, err := filepath.Glob(b.path + "*")
	if err != nil || len(files) == 0 {
		b.Fatal(files, err)
	}
	return append(files, filepath.Join(dir, "copy.db"))
}

func TestKeysThatAreRefused(t *testing.T) {
	b := start(t)
	good := b.user(payer, "costs", "")
	wrong := good
	wrong.Secret = bursar.NewSecret(strings.Repeat("A", 40))
	unknown := good
	unknown.ID = "AKIAIOSFODNN7EXAMPLE"
	root, e := b.aws.Cloud().RootKey(payer)
	if e != nil {
		t.Fatal(e)
	}
	off := b.user(payer, "off", "")
	if e := b.aws.Cloud().SetAccessKeyActive(payer, "off", off.ID, false); e != nil {
		t.Fatal(e)
	}
	for name, c := range map[string]struct {
		n      credential.New
		reason string
	}{
		"a shape":             {credential.New{Key: paste.Key{ID: "AKIA", Secret: good.Secret}}, "access_key_id_malformed"},
		"a wrong secret":      {credential.New{Key: wrong}, "secret_wrong"},
		"an unknown key":      {credential.New{Key: unknown}, "key_unknown"},
		"one switched off":    {credential.New{Key: off}, "key_unknown"},
		"root's":              {credential.New{Key: paste.Key{ID: root.ID, Secret: root.Secret}}, "root_key"},
		"another account's":   {credential.New{Key: good, AccountID: member}, "wrong_account"},
		"no such region":      {credential.New{Key: good, Region: "eu-west-9"}, "region_unknown"},
		"a region's form":     {credential.New{Key: good, Region: "Ireland"}, "region_malformed"},
		"an account's form":   {credential.New{Key: good, AccountID: "1"}, "account_id_malformed"},
		"an end of user keys": {credential.New{Key: paste.Key{ID: good.ID, Secret: good.Secret, ExpiresAt: now.Add(time.Hour)}}, "expiry_unexpected"},
		"a key and a role":    {credential.New{Key: good, Account: payer}, "kind_ambiguous"},
		"no key":              {credential.New{}, "missing"},
	} {
		c.n.WorkspaceID, c.n.Name = b.ws, name
		_, err := b.Add(t.Context(), c.n)
		if reason(err) != c.reason {
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
		if err != nil {
			b.nothingOf(paste.Key{Secret: c.n.Key.Secret}, name, err.Error())
		}
	}
	if _, err := b.Add(t.Context(), credential.New{WorkspaceID: b.ws, Name: "untried", Key: wrong, Untried: true}); err != nil {
		t.Errorf("untried: %v", err)
	}
}

// temporary makes a session's key.
func (b *bench) temporary(lasts time.Duration) paste.Key {
	b.Helper()
	s := b.aws.Cloud().NewSession(cloud.Principal{Kind: cloud.User, AccountID: payer, Name: "costs", ARN: "arn:aws:iam::" + payer + ":user/costs"}, lasts)
	return paste.Key{ID: s.AccessKeyID, Secret: s.Secret, Token: s.SessionToken, ExpiresAt: b.at.Add(lasts)}
}

func TestSessionTokensEnd(t *testing.T) {
	b := start(t)
	k := b.temporary(time.Hour)
	c := b.add("Session", k)
	if !c.Temporary || !c.ExpiresAt.Equal(now.Add(time.Hour)) || c.Status(b.at) != bursar.CredentialUnchecked {
		t.Errorf("stored %+v", c)
	}
	b.at = now.Add(50 * time.Minute)
	if c.Status(b.at) != bursar.CredentialExpiring {
		t.Errorf("ten minutes before its end it is %s", c.Status(b.at))
	}
	if _, err := b.Session(t.Context(), b.ws, c.ID, "x"); err != nil {
		t.Errorf("ten minutes before its end: %v", err)
	}
	b.at = now.Add(time.Hour)
	if _, err := b.Session(t.Context(), b.ws, c.ID, "x"); reason(err) != "credential_expired" {
		t.Errorf("after its end: %v", err)
	}
	if c.Status(b.at) != bursar.CredentialExpired {
		t.Errorf("after its end it is %s", c.Status(b.at))
	}
	unsaid := b.temporary(time.Hour)
	unsaid.ExpiresAt = time.Time{}
	if got := b.add("Unsaid", unsaid); !got.ExpiresAt.Equal(b.at.Add(36 * time.Hour)) {
		t.Errorf("where nobody says when it ends, it is %s", got.ExpiresAt)
	}
	for wrong, at := range map[string]time.Time{"key_expired": b.at, "expiry_too_late": b.at.Add(37 * time.Hour)} {
		k := b.temporary(time.Hour)
		k.ExpiresAt = at
		if _, err := b.Add(t.Context(), credential.New{WorkspaceID: b.ws, Name: wrong, Key: k}); reason(err) != wrong {
			t.Errorf("an end at %s: %v", at, err)
		}
	}
}

func TestRotationKeepsTheOldKeyUntilTheNewOneWorks(t *testing.T) {
	b := start(t)
	first := b.user(payer, "costs", "")
	c := b.add("Payer", first)
	b.users = []bursar.CredentialUser{{Kind: "source", ID: "src_1", Name: "Costs"}}
	works := func(version int, hint string) {
		t.Helper()
		session, err := b.Session(t.Context(), b.ws, c.ID, "x")
		var id awsapi.Identity
		if err == nil {
			id, err = session.Identity(t.Context())
		}
		if err != nil || id.AccountID != payer {
			t.Errorf("it is in %q, error %v", id.AccountID, err)
		}
		b.in(func(tx *store.Tx) error {
			got, err := tx.Credential(b.ws, c.ID)
			if got.SecretVersion != version || got.KeyHint != hint {
				t.Errorf("it has version %d, %s: want %d, %s", got.SecretVersion, got.KeyHint, version, hint)
			}
			return err
		})
	}
	bad := paste.Key{ID: first.ID, Secret: bursar.NewSecret(strings.Repeat("B", 40))}
	if _, err := b.Rotate(t.Context(), b.ws, c.ID, bad, false); reason(err) != "secret_wrong" {
		t.Errorf("a key that does not work: %v", err)
	}
	if _, err := b.Rotate(t.Context(), b.ws, c.ID, b.user(member, "other", ""), false); reason(err) != "wrong_account" {
		t.Errorf("a key of another account: %v", err)
	}
	works(1, first.ID[16:])
	next, e := b.aws.Cloud().CreateAccessKey(payer, "costs")
	if e != nil {
		t.Fatal(e)
	}
	if _, err := b.Rotate(t.Context(), b.ws, c.ID, paste.Key{ID: next.ID, Secret: next.Secret}, false); err != nil {
		t.Fatal(err)
	}
	if e := b.aws.Cloud().SetAccessKeyActive(payer, "costs", first.ID, false); e != nil { // nothing uses the old one any more
		t.Fatal(e)
	}
	works(2, next.ID[16:])
	if err := b.Delete(t.Context(), b.ws, c.ID); reason(err) != "credential_in_use" || !strings.Contains(err.Error(), "src_1") {
		t.Errorf("deleting it while it is used: %v", err)
	}
	b.users = nil
	if err := b.Delete(t.Context(), b.ws, c.ID); err != nil {
		t.Error(err)
	}
	_, text := b.audited("")
	for _, k := range []paste.Key{first, bad, {ID: next.ID, Secret: next.Secret}} {
		b.nothingOf(k, "the audit log", text)
	}
}

func TestTheRoleOfAnAccount(t *testing.T) {
	b := start(t)
	acct := bursar.Account{
		WorkspaceID: b.ws, AccountID: payer, Name: "Payer", Partition: bursar.PartitionAWS, Kind: bursar.KindPayer, Method: bursar.MethodRole,
		ExternalID: bursar.NewExternalID(), RoleARN: "arn:aws:iam::" + payer + ":role/bursar/bursar-x",
	}
	b.in(func(tx *store.Tx) (err error) { acct, err = tx.AddAccount(acct); return err })
	c, err := b.Add(t.Context(), credential.New{WorkspaceID: b.ws, Name: "Role", Account: payer})
	if err != nil || c.Kind != bursar.CredentialRole || c.Account != acct.ID || c.AccountID != payer || c.SecretVersion != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := b.Session(t.Context(), b.ws, c.ID, "x"); reason(err) != "not_deployed" {
		t.Errorf("before its role is there: %v", err)
	}
	b.AWS.Forget(b.ws, payer) // a refusal is remembered for a while
	role := cloud.Role{}
	role.AccountID, role.Name, role.Path = payer, "bursar-x", bursar.RolePath
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + own + `:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + acct.ExternalID + `"}}}]}`
	if _, e := b.aws.Cloud().CreateRole(role, trust); e != nil {
		t.Fatal(e)
	}
	session, err := b.Session(t.Context(), b.ws, c.ID, "x")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := session.Identity(t.Context()); err != nil || id.AccountID != payer {
		t.Errorf("%+v, %v", id, err)
	}
	if _, err := b.Rotate(t.Context(), b.ws, c.ID, paste.Key{}, false); reason(err) != "not_an_access_key" {
		t.Errorf("rotating a role: %v", err)
	}
	b.in(func(tx *store.Tx) error {
		_, err := tx.AddFinding(b.ws, acct.ID, bursar.Finding{RunID: "run_1", Check: "external_id_required", Status: bursar.StatusFailed, Code: bursar.CodeInsecureTrust, At: now})
		return err
	})
	if _, err := b.Session(t.Context(), b.ws, c.ID, "x"); reason(err) != bursar.CodeInsecureTrust {
		t.Errorf("of an insecure role: %v", err)
	}
}

func TestChange(t *testing.T) {
	b := start(t)
	c := b.add("Payer", b.user(payer, "costs", ""))
	b.add("Taken", b.user(payer, "other", ""))
	name, region, bad, taken := "Renamed", "eu-central-1", "cn-north-1", "Taken"
	got, err := b.Change(t.Context(), b.ws, c.ID, credential.Change{Name: &name, Region: &region})
	if err != nil || got.Name != name || got.Region != region || got.Version != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := b.Change(t.Context(), b.ws, c.ID, credential.Change{Region: &bad}); reason(err) != "region_unknown" {
		t.Errorf("a region of another partition: %v", err)
	}
	if _, err := b.Change(t.Context(), b.ws, c.ID, credential.Change{Name: &taken}); reason(err) != "credential_name_taken" {
		t.Errorf("a name that is taken: %v", err)
	}
}
