package deploy_test

import (
	"bufio"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/bursarhq/bursar/deploy"
)

// moto starts moto, a second opinion from outside on what the templates make. It skips where moto is absent, and fails where CI is set.
func moto(t *testing.T) aws.Config {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("moto_server is not installed: pip install 'moto[server]'")
		}
		t.Skip("moto_server is not installed: the templates are not tried against moto")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "-H", "127.0.0.1", "-p", port)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	ready := make(chan struct{})
	go func() {
		defer close(ended)
		once := sync.OnceFunc(func() { close(ready) })
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if strings.Contains(lines.Text(), "Running on") {
				once()
			}
		}
		_ = cmd.Wait() // it was told to end
	}()
	t.Cleanup(func() { stop(); <-ended })
	select {
	case <-ready:
	case <-ended:
		t.Fatal("moto has ended")
	case <-time.After(time.Minute):
		t.Fatal("moto does not begin to listen")
	}
	address := "http://127.0.0.1:" + port
	return aws.Config{Region: "us-east-1", RetryMaxAttempts: 1, BaseEndpoint: &address, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

const motoAccount = "123456789012"

func motoParameters(role string, more ...string) (out []types.Parameter) {
	all := append([]string{
		"ExternalId", "bur-abcdefghijklmnopqrstuvwxyz", "Principal", "999900001111", "PrincipalArn", "arn:aws:iam::999900001111:role/bursar", "RoleName", role,
	}, more...)
	for i := 0; i < len(all); i += 2 {
		out = append(out, types.Parameter{ParameterKey: &all[i], ParameterValue: &all[i+1]})
	}
	return out
}

// trustOf reads the trust policy of a role that moto made.
func trustOf(t *testing.T, cfg aws.Config, name string) string {
	t.Helper()
	got, err := iam.NewFromConfig(cfg).GetRole(t.Context(), &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Role.Path != "/bursar/" {
		t.Errorf("path %s", *got.Role.Path)
	}
	text, err := url.QueryUnescape(*got.Role.AssumeRolePolicyDocument)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestStacksInMoto(t *testing.T) {
	cfg := moto(t)
	c := cloudformation.NewFromConfig(cfg)
	for name, parameters := range map[string][]types.Parameter{
		// moto stumbles over AWS::NoValue in a list: every capability is switched on
		deploy.Access:   motoParameters("bursar-k3j2h1g4f5", "ExpectedAccountId", motoAccount, "EnableInventory", "true", "EnableCostExplorer", "true"),
		deploy.Existing: motoParameters("bursar-k3j2h1g4f5-export", "CurS3BucketName", "bills", "CurS3Path", "p/n"),
		deploy.Bucket:   {{ParameterKey: aws.String("CurS3BucketName"), ParameterValue: aws.String("bursar-cur-bucket")}},
	} {
		text, err := deploy.Template(name)
		if err != nil {
			t.Fatal(err)
		}
		stack := strings.TrimSuffix(name, ".yaml")
		_, err = c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &stack, TemplateBody: aws.String(string(text)), Parameters: parameters, Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &stack})
		if err != nil || got.Stacks[0].StackStatus != types.StackStatusCreateComplete {
			t.Errorf("%s: %v %v", name, err, got)
		}
	}
	for _, role := range []string{"bursar-k3j2h1g4f5", "bursar-k3j2h1g4f5-export"} {
		if trust := trustOf(t, cfg, role); !strings.Contains(trust, `"sts:ExternalId": "bur-abcdefghijklmnopqrstuvwxyz"`) && !strings.Contains(trust, `"sts:ExternalId":"bur-abcdefghijklmnopqrstuvwxyz"`) {
			t.Errorf("%s trusts %s", role, trust)
		}
	}
	_, err := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("bursar-cur-bucket")})
	if err != nil { // moto knows no AWS::S3::BucketPolicy
		t.Errorf("the bucket: %v", err)
	}
}

func TestStackSetInMoto(t *testing.T) {
	cfg := moto(t)
	c := cloudformation.NewFromConfig(cfg)
	text, err := deploy.Template(deploy.Member)
	if err != nil {
		t.Fatal(err)
	}
	name := aws.String("bursar-k3j2h1g4f5-members")
	_, err = c.CreateStackSet(t.Context(), &cloudformation.CreateStackSetInput{StackSetName: name, TemplateBody: aws.String(string(text)), Parameters: motoParameters("bursar-k3j2h1g4f5", "EnableInventory", "true"), Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}})
	if err != nil {
		t.Fatal(err)
	}
	accounts := []string{motoAccount, "234567890123"}
	if _, err := c.CreateStackInstances(t.Context(), &cloudformation.CreateStackInstancesInput{StackSetName: name, Accounts: accounts, Regions: []string{"us-east-1"}}); err != nil {
		t.Fatal(err)
	}
	got, err := c.ListStackInstances(t.Context(), &cloudformation.ListStackInstancesInput{StackSetName: name})
	if err != nil || len(got.Summaries) != len(accounts) {
		t.Fatalf("%v %v", err, got)
	}
	if trust := trustOf(t, cfg, "bursar-k3j2h1g4f5"); !strings.Contains(trust, "bur-abcdefghijklmnopqrstuvwxyz."+motoAccount) {
		t.Errorf("the member's external id is not derived from the base: %s", trust)
	}
}
