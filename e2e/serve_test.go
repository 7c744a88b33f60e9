package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/client"
)

func (in *installation) get(path string) (int, string) {
	in.Helper()
	resp, err := http.Get(in.url + path)
	if err != nil {
		in.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		in.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeAnswersSoon(t *testing.T) {
	began := time.Now()
	in := install(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		in.eventually(path+" answers 200", func() bool { status, _ := in.get(path); return status == 200 })
	}
	took := time.Since(began)
	t.Logf("from nothing to ready: %s", took.Round(time.Millisecond)) // the simulated AWS included; make bench measures it alone
	if took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A request whose body is still on its way, and a run that waits for AWS: SIGTERM lets the one come to its end and gives the other
// back to the queue, and the next start takes it up.
func TestServeStopsGracefully(t *testing.T) {
	in := install(t)
	c := in.client()
	must(c.AddAccount(t.Context(), client.NewAccount{AccountID: "111122223333", Name: "Example Corp"}))(in)
	run := must(c.CheckAccount(t.Context(), "111122223333"))(in) // no role is there: it waits for AWS to propagate
	in.eventually("the run is running", func() bool { return must(c.Run(t.Context(), run.ID))(in).State == bursar.RunRunning })
	watched := make(chan string, 1)
	go func() {
		resp, err := http.DefaultClient.Do(in.request("GET", "/api/v1/runs/"+run.ID+"/events"))
		if err != nil {
			watched <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		watched <- fmt.Sprint(err, len(b) > 0)
	}()

	body := `{"account_id":"444455556666","name":"Sales"}`
	conn := in.half(body)
	defer conn.Close()
	stopped := make(chan error, 1)
	go func() { stopped <- in.end(syscall.SIGTERM) }()
	in.eventually("it takes no more connections", func() bool {
		probe, err := net.Dial("tcp", strings.TrimPrefix(in.url, "http://"))
		if err == nil {
			probe.Close()
		}
		return err != nil
	})
	if _, err := io.WriteString(conn, body[len(body)/2:]); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Errorf("the request in flight got %+v, %v", resp, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("it ended with %v\n%s", err, in.log)
	}
	if got := <-watched; got != "<nil> true" {
		t.Errorf("whoever watched the run saw %s", got)
	}
	for _, want := range []string{"stopping", "msg=stopped"} {
		if !strings.Contains(in.log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, in.log)
		}
	}

	in.start()
	c = in.client()
	if accounts := must(c.Accounts(t.Context()))(in); len(accounts) != 2 {
		t.Errorf("afterwards there are %+v", accounts)
	}
	in.eventually("the run goes on", func() bool { return must(c.Run(t.Context(), run.ID))(in).State == bursar.RunRunning })
	if got := must(c.Run(t.Context(), run.ID))(in); got.Attempt != 1 {
		t.Errorf("an orderly stop counts as no attempt: %+v", got)
	}
	if got := must(c.CancelRun(t.Context(), run.ID))(in); got.State != bursar.RunCancelled {
		t.Errorf("cancelled: %+v", got)
	}
}

func (in *installation) request(method, path string) *http.Request {
	req, err := http.NewRequestWithContext(in.Context(), method, in.url+path, nil)
	if err != nil {
		in.Error(err)
	}
	req.Header.Set("Authorization", "Bearer "+in.owner)
	return req
}

// half sends a registration whose body stops in its middle.
func (in *installation) half(body string) net.Conn {
	in.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(in.url, "http://"))
	if err != nil {
		in.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /api/v1/accounts HTTP/1.1\r\nHost: bursar\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		in.owner, len(body))
	if err != nil {
		in.Fatal(err)
	}
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n" // the server says so when it has begun with the request
	got := make([]byte, len(goOn))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != goOn {
		in.Fatalf("%q, %v", got, err)
	}
	if _, err := io.WriteString(conn, body[:len(body)/2]); err != nil {
		in.Fatal(err)
	}
	return conn
}

func TestLogsAreStructuredAndHoldNoSecret(t *testing.T) {
	in := install(t, "BURSAR_LOG_LEVEL=debug", "BURSAR_LOG_FORMAT=json")
	c := in.client()
	account := must(c.AddAccount(t.Context(), client.NewAccount{AccountID: "111122223333", Name: "Example Corp"}))(in)
	_, _ = c.AddAccount(t.Context(), client.NewAccount{AccountID: "111122223333", Name: "Example Corp"})
	run := must(c.CheckAccount(t.Context(), "111122223333"))(in)
	in.eventually("the run is running", func() bool { return must(c.Run(t.Context(), run.ID))(in).State == bursar.RunRunning })
	must(c.CancelRun(t.Context(), run.ID))(in)
	wrong := in.request("GET", "/api/v1/accounts?token=bur_in_a_query")
	wrong.Header.Set("Authorization", "Bearer bur_refused_key")
	if resp := must(http.DefaultClient.Do(wrong))(in); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong key got %s", resp.Status)
	}
	if err := in.end(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	log := in.log.String()
	for n, line := range strings.Split(strings.TrimSpace(log), "\n") {
		var entry struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time == "" || entry.Level == "" || entry.Msg == "" {
			t.Errorf("line %d of the log is no entry: %s", n+1, line)
		}
	}
	key := in.aws.Cloud().BursarKey()
	for what, secret := range map[string]string{
		"the owner's key": in.owner, "the owner's link": in.link, "bursar's AWS secret": key.Secret.Reveal(), "an external id": account.ExternalID,
		"a refused key": "bur_refused_key", "a query": "bur_in_a_query",
	} {
		if secret == "" || strings.Contains(log, secret) {
			t.Errorf("the log holds %s, or there is none", what)
		}
	}
	if !strings.Contains(log, `"path":"/api/v1/accounts","status":409`) {
		t.Errorf("the log does not tell of the refusal:\n%s", log)
	}
}
