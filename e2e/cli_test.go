package e2e

import (
	"database/sql"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // newer writes a state database
)

// TestTranscripts runs the sessions in testdata: what people type, and what they see.
//
// Beside testscript's own commands there are: `server [VAR=value…]` starts a simulated AWS and bursar serve, and sets
// BURSAR_SERVER and BURSAR_TOKEN; `stop` ends bursar with SIGTERM and leaves its log in server.log; `exit CODE bursar …` runs
// bursar and wants that exit code; `mode FILE BITS` wants a file's permissions; `save VAR FILE` writes a
// variable's value into a file; `newer FILE` makes a state database one of the future; `taken VAR` keeps a port busy and
// sets a variable to its address.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": cmdServer, "stop": cmdStop, "exit": cmdExit, "mode": cmdMode, "taken": cmdTaken, "save": cmdSave, "newer": cmdNewer,
		},
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
	})
}

func cmdServer(ts *testscript.TestScript, _ bool, args []string) {
	aws, env, err := simulated()
	ts.Check(err)
	ts.Defer(func() { _ = aws.Close() })
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
	running.Store(ts, s)
}

// running holds the server of each script.
var running sync.Map

func cmdStop(ts *testscript.TestScript, _ bool, _ []string) {
	found, ok := running.Load(ts)
	if !ok {
		ts.Fatalf("no server runs")
	}
	s := found.(*server)
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
