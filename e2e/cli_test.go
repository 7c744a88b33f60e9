package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
	"github.com/bursarhq/bursar/deploy"
	"github.com/bursarhq/bursar/internal/sandbox"
	"github.com/bursarhq/bursar/internal/sandbox/cfn"
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // newer writes a state database
)

// TestTranscripts runs the sessions in testdata: what people type, and what they see.
//
// Beside testscript's own commands there are:
//
//	server [VAR=value…]  start a simulated AWS and bursar serve; sets BURSAR_SERVER and BURSAR_TOKEN
//	stop                 end bursar with SIGTERM, and leave its log in server.log
//	stack ACCOUNT STEP   create the stack of a set-up step, as a person would on the AWS page
//	bucket NAME ACCOUNT  make a bucket in the simulated AWS
//	credentials          let the commands that follow act as the administrator of bursar's own account
//	pass DURATION        let time pass in the simulated AWS
//	open ACCOUNT         let anybody assume the account's bursar role without an external id
//	running VAR          wait until a run is running, and set a variable to its id
//	exit CODE bursar …   run bursar, and want that exit code
//	mode FILE BITS       want a file's permissions
//	save VAR FILE        write a variable's value into a file
//	newer FILE           make a state database one of the future
//	taken VAR            keep a port busy, and set a variable to its address
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": cmdServer, "bucket": cmdBucket, "credentials": cmdCredentials, "stop": cmdStop, "exit": cmdExit, "mode": cmdMode, "taken": cmdTaken, "save": cmdSave, "newer": cmdNewer, "stack": cmdStack, "pass": cmdPass, "open": cmdOpen, "running": cmdRunning, "rollout": cmdRollout,
		},
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
	})
}

func cmdServer(ts *testscript.TestScript, _ bool, args []string) {
	aws, env, stop, err := simulated()
	ts.Check(err)
	ts.Defer(stop)
	env = append(env, "HOME="+ts.Getenv("HOME"), "BURSAR_DATA_DIR="+ts.MkAbs("data"))
	s, err := startServer(append(env, args...))
	ts.Check(err)
	ts.Defer(func() { _ = s.end(os.Kill) })
	if s.token == "" && ts.Getenv("BURSAR_TOKEN") == "" {
		ts.Fatalf("the first start printed no key: %s", s.out)
	}
	if s.token != "" {
		ts.Setenv("BURSAR_TOKEN", s.token)
	}
	ts.Setenv("BURSAR_SERVER", s.url)
	running.Store(ts, &scripted{s, aws})
}

// scripted is what a script's commands act on.
type scripted struct {
	*server
	aws *sandbox.Sandbox
}

// running holds the server of each script.
var running sync.Map

func runningOf(ts *testscript.TestScript) *scripted {
	found, ok := running.Load(ts)
	if !ok {
		ts.Fatalf("no server runs")
	}
	return found.(*scripted)
}

func cmdStack(ts *testscript.TestScript, _ bool, args []string) {
	s := runningOf(ts)
	c, err := client.New(s.url, client.WithToken(ts.Getenv("BURSAR_TOKEN")))
	ts.Check(err)
	ts.Check(createStack(context.Background(), c, s.aws, args[0], args[1]))
}

func cmdBucket(ts *testscript.TestScript, _ bool, args []string) {
	if e := runningOf(ts).aws.S3().CreateBucket(args[1], "us-east-1", args[0]); e != nil {
		ts.Fatalf("%v", e)
	}
}

func cmdCredentials(ts *testscript.TestScript, _ bool, _ []string) {
	aws := runningOf(ts).aws
	key, e := aws.Cloud().AdminKey(aws.Cloud().World.Bursar.Account)
	if e != nil {
		ts.Fatalf("%v", e)
	}
	ts.Setenv("BURSAR_AWS_ENDPOINT", aws.URL())
	ts.Setenv("BURSAR_AWS_ACCESS_KEY_ID", key.ID)
	ts.Setenv("BURSAR_AWS_SECRET_ACCESS_KEY", key.Secret.Reveal())
}

// cmdRollout makes the StackSet by hand, from the values of the members step, in the payer.
func cmdRollout(ts *testscript.TestScript, _ bool, args []string) {
	s := runningOf(ts)
	c, err := client.New(s.url, client.WithToken(ts.Getenv("BURSAR_TOKEN")))
	ts.Check(err)
	setup, err := c.Setup(context.Background(), args[0])
	ts.Check(err)
	i := slices.IndexFunc(setup.Steps, func(st client.Step) bool { return st.ID == "members" })
	step := setup.Steps[i]
	text, err := deploy.Template(step.Template.Name)
	ts.Check(err)
	parameters := map[string]string{}
	for _, p := range step.Parameters {
		parameters[p.Key] = p.Value
	}
	admin, _ := s.aws.Cloud().Admin(args[0])
	_, e := s.aws.CloudFormation().CreateStackSet(context.Background(), admin, step.Region, cfn.StackSetInput{
		Name: step.StackName, TemplateBody: string(text), Parameters: parameters, Capabilities: []string{"CAPABILITY_NAMED_IAM"}, PermissionModel: "SERVICE_MANAGED", AutoDeployment: true,
	})
	if e == nil {
		_, e = s.aws.CloudFormation().CreateStackInstances(context.Background(), admin, step.Region, step.StackName, "SELF", cfn.Targets{OrganizationalUnitIDs: []string{args[1]}, Regions: []string{step.Region}})
	}
	if e != nil {
		ts.Fatalf("%v", e)
	}
}

func cmdRunning(ts *testscript.TestScript, _ bool, args []string) {
	c, err := client.New(runningOf(ts).url, client.WithToken(ts.Getenv("BURSAR_TOKEN")))
	ts.Check(err)
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		runs, err := c.Runs(context.Background(), "", 1)
		ts.Check(err)
		if len(runs) == 1 && runs[0].State == bursar.RunRunning {
			ts.Setenv(args[0], runs[0].ID)
			return
		}
	}
	ts.Fatalf("no run is running")
}

func cmdPass(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	runningOf(ts).aws.Cloud().Clock.Advance(d)
}

// cmdOpen lets whoever knows the account into its bursar role: no external id is asked for.
func cmdOpen(ts *testscript.TestScript, _ bool, args []string) {
	cloud := runningOf(ts).aws.Cloud()
	for _, role := range cloud.Roles(args[0]) {
		if role.Path != bursar.RolePath {
			continue
		}
		trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"sts:AssumeRole"}]}`, cloud.World.Bursar.Account)
		if _, e := cloud.SetTrust(args[0], role.Name, trust); e != nil {
			ts.Fatalf("%v", e)
		}
	}
}

func cmdStop(ts *testscript.TestScript, _ bool, _ []string) {
	s := runningOf(ts)
	ts.Check(s.end(syscall.SIGTERM))
	ts.Check(os.WriteFile(ts.MkAbs("server.log"), []byte(s.out.String()+s.log.String()), 0o600))
}

func cmdExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if coded, ok := err.(interface{ ExitCode() int }); ok {
		got = coded.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

func cmdTaken(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

func cmdSave(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.Getenv(args[0])+"\n"), 0o600))
}

func cmdNewer(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(`INSERT INTO schema_version (version) VALUES (9999)`)
	ts.Check(err)
	ts.Check(db.Close())
}
