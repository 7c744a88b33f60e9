package s3_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/destination/s3"
	"github.com/bursarhq/bursar/internal/realserver"
	"github.com/bursarhq/bursar/internal/sandbox"
)

// store is an S3 of some maker.
type store struct {
	url, keyID, owner string
	secret            bursar.Secret
}

func (s store) client() *sdk.Client {
	return sdk.New(sdk.Options{Region: "us-east-1", BaseEndpoint: &s.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(s.keyID, s.secret.Reveal(), "")})
}

func (s store) bucket(t *testing.T, name, owner string) *awsapi.Bucket {
	t.Helper()
	c, err := awsapi.New(t.Context(), awsapi.Config{Endpoint: s.url, AccessKeyID: s.keyID, SecretAccessKey: s.secret})
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Own().Bucket(name, "us-east-1", owner)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func simulated(t *testing.T) store {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.Close() })
	account, ok := box.Cloud().AccountOfKey(box.Cloud().BursarKey().ID)
	if !ok {
		t.Fatal("the sandbox has no account for bursar")
	}
	key, e := box.Cloud().AdminKey(account)
	if e != nil {
		t.Fatal(e)
	}
	return store{url: box.URL(), keyID: key.ID, secret: key.Secret, owner: account}
}

func TestKeepsTheContract(t *testing.T) {
	for name, start := range map[string]func(*testing.T) store{
		"sandbox": simulated,
		"moto": func(t *testing.T) store {
			return store{url: realserver.Need(t, realserver.StartMoto).URL, keyID: "test", secret: bursar.NewSecret("test"), owner: "123456789012"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			n := 0
			destinationtest.Suite(t, func(t *testing.T) destinationtest.Subject {
				n++
				return subject(t, s, fmt.Sprintf("delivered-%d", n), destination.Formats[n%len(destination.Formats)])
			})
		})
	}
}

func subject(t *testing.T, s store, name, format string) destinationtest.Subject {
	t.Helper()
	if _, err := s.client().CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return destinationtest.Subject{
		Digits: 38,
		Open: func(t *testing.T, o destination.Origin) destination.Target {
			target, err := s3.Open(s.bucket(t, name, s.owner), bursar.TargetSettings{Bucket: name, Prefix: "bills/a", AccountID: "acc_1", Format: format, PlainCSV: true}, o, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			return target
		},
		Read: func(t *testing.T, dataset string) map[string][]destinationtest.Row {
			return destinationtest.ReadFiles(t, s.tree(t, name, "bills/a/"), dataset)
		},
	}
}

// tree is what lies in a bucket; everything must be below the prefix.
func (s store) tree(t *testing.T, name, prefix string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	b := s.bucket(t, name, s.owner)
	for o, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		below, ok := strings.CutPrefix(o.Key, prefix)
		if !ok {
			t.Errorf("%s is not below the prefix", o.Key)
		}
		_, body, err := b.Get(t.Context(), o.Key, "")
		if err != nil {
			t.Fatal(err)
		}
		content := make([]byte, o.Size)
		for at := 0; at < len(content); {
			k, err := body.Read(content[at:])
			if at += k; err != nil && at < len(content) {
				t.Fatal(err)
			}
		}
		body.Close()
		out[path.Clean(below)] = &fstest.MapFile{Data: content}
	}
	return out
}

func TestSaysWhatIsWrong(t *testing.T) {
	s := simulated(t)
	mine := "mine"
	if _, err := s.client().CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: aws.String(mine + "-bucket")}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"not-there-at-all": "bucket_gone"} {
		target, err := s3.Open(s.bucket(t, name, s.owner), bursar.TargetSettings{Bucket: name, AccountID: "acc_1", Format: "csv"}, destinationtest.Origin("dst_a"), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		found := target.Check(t.Context())
		if last := found[len(found)-1]; last.Code != want || last.Remedy == "" {
			t.Errorf("%s: %+v", name, last)
		}
	}
	target, err := s3.Open(s.bucket(t, mine+"-bucket", "999999999999"), bursar.TargetSettings{Bucket: mine + "-bucket", AccountID: "acc_1", Format: "csv"}, destinationtest.Origin("dst_a"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	found := target.Check(t.Context())
	if last := found[len(found)-1]; last.Status != bursar.StatusFailed || !strings.Contains(last.Remedy, "s3:PutObject") {
		t.Errorf("a bucket of somebody else: %+v", last)
	}
	for field, bad := range map[string]bursar.TargetSettings{
		"target.bucket":       {Bucket: "s3://x", AccountID: "a", Format: "csv"},
		"target.prefix":       {Bucket: "xyz", Prefix: "/x", AccountID: "a", Format: "csv"},
		"target.bucket_owner": {Bucket: "xyz", BucketOwner: "1", AccountID: "a", Format: "csv"},
		"target.account_id":   {Bucket: "xyz", Format: "csv"},
		"target.format":       {Bucket: "xyz", AccountID: "a", Format: "x"},
	} {
		var e *bursar.Error
		if err := s3.Validate(bad); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
