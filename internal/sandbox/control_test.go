package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/bursarhq/bursar"
)

// ask calls the control API.
func ask(t *testing.T, url, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	_ = json.Unmarshal(text, &out) // refusals are plain text
	return resp.StatusCode, out
}

func TestControlAPI(t *testing.T) {
	s := start(t)
	url := s.URL()
	if _, out := ask(t, url, "POST", "/_sandbox/clock", `{"advance":"36h"}`); out["now"] != "2026-07-04T21:00:00Z" {
		t.Errorf("clock: %v", out)
	}
	if _, out := ask(t, url, "POST", "/_sandbox/faults", `{"kind":"throttle","service":"sts","times":1,"latency":"50ms"}`); len(out["faults"].([]any)) != 1 {
		t.Errorf("faults: %v", out)
	}
	c := sts.NewFromConfig(asBursar(s))
	if _, err := c.GetCallerIdentity(t.Context(), nil); code(err) != "Throttling" {
		t.Error(err)
	}
	if _, out := ask(t, url, "DELETE", "/_sandbox/faults", ""); len(out["faults"].([]any)) != 0 {
		t.Errorf("faults: %v", out)
	}
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
	_, out := ask(t, url, "GET", "/_sandbox/meter", "")
	count := out["requests"].([]any)[0].(map[string]any)
	if count["action"] != "GetCallerIdentity" || count["requests"] != 2.0 || count["failed"] != 1.0 {
		t.Errorf("meter: %v", out)
	}
	if _, out := ask(t, url, "GET", "/_sandbox/world", ""); len(out["accounts"].([]any)) != 8 {
		t.Errorf("world: %v", out)
	}
	if status, _ := ask(t, url, "POST", "/_sandbox/accounts", `{"id":"121212121212","name":"New","parent":"r-exmp"}`); status != http.StatusOK {
		t.Errorf("account: %d", status)
	}
	_, key := ask(t, url, "POST", "/_sandbox/credentials", `{"account":"`+loner+`"}`)
	as := sts.NewFromConfig(config(s, key["access_key_id"].(string), key["secret_access_key"].(string), ""))
	if who, err := as.GetCallerIdentity(t.Context(), nil); err != nil || *who.Account != loner {
		t.Errorf("credentials: %v %v", err, who)
	}
	if status, _ := ask(t, url, "POST", "/_sandbox/propagation", `{"delay":"10s","simulated":true}`); status != http.StatusOK || s.Cloud().Propagation().Delay == 0 {
		t.Errorf("propagation: %d", status)
	}
}

func TestControlDeliveries(t *testing.T) {
	s := start(t, small(t))
	makeBucket(t, s, payer, "payer-bills")
	order(t, s, payer, "daily", "payer-bills", bursar.FormatCUR2, "csv", bursar.Overwrite)
	url := s.URL()
	_, out := ask(t, url, "GET", "/_sandbox/exports?account="+payer, "")
	arn := out["exports"].([]any)[0].(map[string]any)["arn"].(string)
	if _, out = ask(t, url, "POST", "/_sandbox/deliveries", `{"export":"`+arn+`"}`); len(out["deliveries"].([]any)) != 2 {
		t.Errorf("deliver: %v", out)
	}
	_, before := ask(t, url, "GET", "/_sandbox/truth?period=2026-06&export="+arn, "")
	if _, out = ask(t, url, "POST", "/_sandbox/restatements", `{"export":"`+arn+`","period":"2026-06"}`); len(out["deliveries"].([]any)) != 1 {
		t.Errorf("restate: %v", out)
	}
	_, after := ask(t, url, "GET", "/_sandbox/truth?period=2026-06&export="+arn, "")
	cost := func(m map[string]any) string { return m["truth"].(map[string]any)["unblended_cost"].(string) }
	if want, _ := s.Billing().Truth(arn, june); cost(after) != want.Truth.Unblended.String() || cost(before) == cost(after) {
		t.Errorf("truth %s, then %s", cost(before), cost(after))
	}
	if _, out = ask(t, url, "GET", "/_sandbox/deliveries?period=2026-06&export="+arn, ""); len(out["deliveries"].([]any)) != 2 {
		t.Errorf("list: %v", out)
	}
	_, index := ask(t, url, "GET", "/_sandbox/", "")
	if n := len(index["control"].([]any)); n != 20 || len(index["services"].([]any)) != 10 {
		t.Errorf("the index has %d operations: %v", n, index)
	}
}

func TestControlRefuses(t *testing.T) {
	s := start(t)
	for _, tt := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/_sandbox/clock", `{"advance":"-1h"}`, 400},
		{"POST", "/_sandbox/clock", `{"advance":"tomorrow"}`, 400},
		{"POST", "/_sandbox/clock", `{"back":"1h"}`, 400},
		{"POST", "/_sandbox/clock", ``, 415},
		{"POST", "/_sandbox/faults", `{}`, 400},
		{"POST", "/_sandbox/accounts", `{"id":"111122223333"}`, 400},
		{"GET", "/_sandbox/none", ``, 404},
		{"POST", "/_sandbox/credentials", `{"account":"131313131313"}`, 400},
		{"GET", "/_sandbox/truth?export=arn:aws:x&period=2026-06", ``, 404},
		{"GET", "/_sandbox/truth?period=June", ``, 400},
		{"GET", "/_sandbox/deliveries?period=2026-13", ``, 400},
		{"POST", "/_sandbox/deliveries", `{"export":"arn:aws:x"}`, 409},
		{"POST", "/_sandbox/restatements", `{"export":"arn:aws:x","period":"2026-06"}`, 409},
		{"POST", "/_sandbox/exports", `{"account":"777788889999","files":"/nowhere"}`, 400},
	} {
		if got, _ := ask(t, s.URL(), tt.method, tt.path, tt.body); got != tt.want {
			t.Errorf("%s %s %s: %d, want %d", tt.method, tt.path, tt.body, got, tt.want)
		}
	}
}

func TestUnsigned(t *testing.T) {
	s := start(t)
	for path, want := range map[string]string{"/?Action=ListRoles&Version=2010-05-08": "MissingAuthenticationToken"} {
		resp, err := http.Get(s.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}
