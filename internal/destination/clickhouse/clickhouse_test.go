package clickhouse_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/clickhouse"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/egress"
	"github.com/bursarhq/bursar/internal/realserver"
)

var loopback = egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}

func TestKeepsTheContract(t *testing.T) {
	server := realserver.Need(t, realserver.StartClickHouse)
	n := 0
	destinationtest.Suite(t, func(t *testing.T) destinationtest.Subject {
		n++
		s := bursar.TargetSettings{URL: server.URL, Database: fmt.Sprintf("odd `db' %d", n)}
		return destinationtest.Subject{
			Digits: 38,
			Open: func(t *testing.T, o destination.Origin) destination.Target {
				target, err := clickhouse.Open(s, bursar.Secret{}, o, loopback)
				if err != nil {
					t.Fatal(err)
				}
				return target
			},
			Read: func(t *testing.T, dataset string) map[string][]destinationtest.Row {
				return read(t, server, s.Database, dataset)
			},
		}
	})
}

// ask sends a statement as any client would.
func ask(t *testing.T, server *realserver.ClickHouse, statement string) string {
	t.Helper()
	resp, err := http.Get(server.URL + "/?query=" + url.QueryEscape(statement))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %s", statement, err, b)
	}
	return string(b)
}

func read(t *testing.T, server *realserver.ClickHouse, database, dataset string) map[string][]destinationtest.Row {
	t.Helper()
	table := "`" + strings.ReplaceAll(database, "`", "\\`") + "`." + dataset
	types := map[string]destination.Type{}
	for line := range strings.Lines(ask(t, server, "SELECT toJSONString(map('name', name, 'type', type)) FROM system.columns WHERE database = '"+strings.ReplaceAll(database, "'", "\\'")+"' AND table = '"+dataset+"' FORMAT TSVRaw")) {
		row := destinationtest.JSONRow(t, []byte(line))
		switch is := row["type"]; {
		case strings.Contains(is, "Decimal"):
			types[row["name"]] = destination.Decimal
		case strings.Contains(is, "Int64"):
			types[row["name"]] = destination.Integer
		case strings.Contains(is, "DateTime"):
			types[row["name"]] = destination.Timestamp
		case strings.Contains(is, "Date"):
			types[row["name"]] = destination.Date
		}
	}
	out := map[string][]destinationtest.Row{}
	for line := range strings.Lines(ask(t, server, "SELECT * FROM "+table+" FORMAT JSONEachRow SETTINGS output_format_json_quote_decimals = 1, output_format_json_quote_64bit_integers = 1")) {
		row := destinationtest.JSONRow(t, []byte(line))
		k := row["bursar_source"] + "/" + row["bursar_period"]
		delete(row, "bursar_source")
		delete(row, "bursar_period")
		for name, cell := range row {
			row[name] = destinationtest.Canonical(destination.Column{Name: name, Type: types[name]}, cell)
		}
		out[k] = append(out[k], row)
	}
	if left := ask(t, server, "SELECT name FROM system.tables WHERE database = '"+strings.ReplaceAll(database, "'", "\\'")+"' AND name LIKE 'bursar_staging%'"); left != "" {
		t.Errorf("left behind: %s", left)
	}
	return out
}

// TestSaysWhatIsWrong has answers of servers that ClickHouse itself cannot be made to give here.
func TestSaysWhatIsWrong(t *testing.T) {
	for want, answer := range map[string]http.HandlerFunc{
		"login_refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-ClickHouse-Exception-Code", "516")
			http.Error(w, "Code: 516. DB::Exception: default: Authentication failed", http.StatusForbidden)
		},
		"not_permitted": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-ClickHouse-Exception-Code", "497")
			http.Error(w, "Code: 497. DB::Exception: Not enough privileges", http.StatusForbidden)
		},
		"server_trouble": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) },
		"not_clickhouse": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"version_old":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"Version":"18.16.1"}`) },
	} {
		s := httptest.NewServer(answer)
		found := check(t, s.URL, loopback)
		s.Close()
		last := found[len(found)-1]
		if last.Status != bursar.StatusFailed || last.Code != want || last.Remedy == "" || strings.Contains(last.Message+last.Remedy, "sesame") {
			t.Errorf("%s: %+v", want, last)
		}
	}
	if found := check(t, "http://127.0.0.1:1", egress.Guard{}); found[0].Code != "address_not_allowed" {
		t.Errorf("%+v", found)
	}
	if found := check(t, "http://127.0.0.1:1", loopback); found[0].Code != "unreachable" {
		t.Errorf("%+v", found)
	}
	for _, bad := range []string{"", "clickhouse", "tcp://a:9000", "https://user:sesame@a", "https://a/?database=x"} {
		if _, err := clickhouse.Open(bursar.TargetSettings{URL: bad}, bursar.Secret{}, destinationtest.Origin("dst_a"), loopback); bursar.CodeOf(err) != bursar.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func check(t *testing.T, address string, g egress.Guard) []bursar.Probe {
	t.Helper()
	target, err := clickhouse.Open(bursar.TargetSettings{URL: address}, bursar.NewSecret("sesame"), destinationtest.Origin("dst_a"), g)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	return target.Check(t.Context())
}
