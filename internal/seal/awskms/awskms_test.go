package awskms_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/seal"
	"github.com/bursarhq/bursar/internal/seal/awskms"
	"github.com/bursarhq/bursar/internal/seal/sealtest"
)

const own = "999900001111"

type land struct {
	aws   *sandbox.Sandbox
	admin *kms.Client
	c     *awsapi.Client
}

// start simulates AWS with a key, and lets bursar's own identity use keys.
func start(t *testing.T) land {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{Start: time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC), Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	may(t, s, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt"],"Resource":"arn:aws:kms:*:`+own+`:key/*"}]}`)
	admin, e := s.Cloud().AdminKey(own)
	if e != nil {
		t.Fatal(e)
	}
	k := s.Cloud().BursarKey()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: s.URL(), AccessKeyID: k.ID, SecretAccessKey: k.Secret})
	if err != nil {
		t.Fatal(err)
	}
	return land{s, kms.New(kms.Options{Region: "eu-west-1", BaseEndpoint: aws.String(s.URL()), Credentials: credentials.NewStaticCredentialsProvider(admin.ID, admin.Secret.Reveal(), "")}), c}
}

func may(t *testing.T, s *sandbox.Sandbox, policy string) {
	t.Helper()
	doc, e := cloud.ParsePolicy(policy, 0)
	if e != nil {
		t.Fatal(e)
	}
	if _, e := s.Cloud().ChangeUser(own, "bursar", func(u *cloud.IAMUser) *cloud.Error { u.SetInline("keys", doc); return nil }); e != nil {
		t.Fatal(e)
	}
}

func (l land) key(t *testing.T) (*awskms.Wrapper, string) {
	t.Helper()
	made, err := l.admin.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(made.KeyMetadata.Arn)
	return l.wrapper(t, arn), arn
}

func (l land) wrapper(t *testing.T, arn string) *awskms.Wrapper {
	t.Helper()
	key, err := l.c.KMSKey(arn)
	if err != nil {
		t.Fatal(err)
	}
	return awskms.New(key)
}

// TestSuite: KMS finds the key that a text names, so "another wrapper" is one whose key is in another cloud.
func TestSuite(t *testing.T) {
	here, elsewhere := start(t), start(t)
	sealtest.Run(t, func(t *testing.T) seal.Wrapper { w, _ := here.key(t); return w }, func(t *testing.T) seal.Wrapper { w, _ := elsewhere.key(t); return w })
}

func TestWhatKMSRefuses(t *testing.T) {
	l := start(t)
	w, arn := l.key(t)
	wrapped, id, err := w.Wrap(t.Context(), make([]byte, 32), sealtest.At)
	if err != nil || id != "awskms:"+arn {
		t.Fatal(id, err)
	}
	if _, err := l.admin.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(arn)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Unwrap(t.Context(), id, wrapped, sealtest.At); bursar.CodeOf(err) != bursar.Conflict || seal.IsUnreadable(err) || seal.IsMissingKey(err) {
		t.Errorf("a key that is switched off: %v", err)
	}
	if _, err := l.admin.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: aws.String(arn)}); err != nil {
		t.Fatal(err)
	}
	may(t, l.aws, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"*"}]}`)
	if _, err := w.Unwrap(t.Context(), id, wrapped, sealtest.At); bursar.CodeOf(err) != bursar.Conflict || seal.IsUnreadable(err) {
		t.Errorf("without permission: %v", err)
	}
	l.aws.Cloud().Faults.Add(cloud.Fault{Kind: "error", Service: "kms"})
	if _, _, err := w.Wrap(t.Context(), make([]byte, 32), sealtest.At); bursar.CodeOf(err) != bursar.Unavailable {
		t.Errorf("while KMS has trouble: %v", err)
	}
	if _, _, err := l.wrapper(t, "arn:aws:kms:eu-west-1:"+own+":key/none").Wrap(t.Context(), make([]byte, 32), sealtest.At); bursar.CodeOf(err) != bursar.Unavailable {
		t.Errorf("while KMS has trouble: %v", err)
	}
	for _, bad := range []string{"", "key/x", "arn:aws:kms:eu-west-9:" + own + ":key/x", "arn:aws-cn:kms:cn-north-1:" + own + ":key/x"} {
		if _, err := l.c.KMSKey(bad); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("the key %q: %v", bad, err)
		}
	}
}
