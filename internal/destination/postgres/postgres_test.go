package postgres_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/destination"
	"github.com/bursarhq/bursar/internal/destination/destinationtest"
	"github.com/bursarhq/bursar/internal/destination/postgres"
	"github.com/bursarhq/bursar/internal/egress"
	"github.com/bursarhq/bursar/internal/realserver"
)

var loopback = egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}

func settings(p *realserver.Postgres) bursar.TargetSettings {
	return bursar.TargetSettings{Host: "127.0.0.1", Port: p.Port, Database: p.Database, User: p.User, CACertificate: p.Certificate}
}

func connect(t *testing.T, p *realserver.Postgres) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s sslmode=require", p.Port, p.User, p.Password, p.Database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func TestKeepsTheContract(t *testing.T) {
	server := realserver.Need(t, realserver.StartPostgres)
	n := 0
	destinationtest.Suite(t, func(t *testing.T) destinationtest.Subject {
		n++
		s := settings(server)
		s.Schema = fmt.Sprintf(`odd "schema" %d`, n)
		return destinationtest.Subject{
			Digits: 38,
			Open: func(t *testing.T, o destination.Origin) destination.Target {
				target, err := postgres.Open(s, bursar.NewSecret(server.Password), o, loopback)
				if err != nil {
					t.Fatal(err)
				}
				return target
			},
			Read: func(t *testing.T, dataset string) map[string][]destinationtest.Row {
				return read(t, server, s.Schema, dataset)
			},
		}
	})
}

// read reads a table, each cell as PostgreSQL writes it.
func read(t *testing.T, server *realserver.Postgres, schema, dataset string) map[string][]destinationtest.Row {
	t.Helper()
	c := connect(t, server)
	types := map[string]destination.Type{"numeric": destination.Decimal, "bigint": destination.Integer, "timestamp with time zone": destination.Timestamp, "date": destination.Date, "jsonb": destination.JSON}
	rows, err := c.Query(t.Context(), "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2", schema, dataset)
	if err != nil {
		t.Fatal(err)
	}
	var columns []destination.Column
	var selected []string
	for rows.Next() {
		var name, is string
		if err := rows.Scan(&name, &is); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, destination.Column{Name: name, Type: types[is]})
		cell := pgx.Identifier{name}.Sanitize()
		if is == "jsonb" { // jsonb has an order and blanks of its own
			cell = "replace(" + cell + `::text, '": "', '":"')`
			cell = "replace(" + cell + `, '", "', '","')`
		}
		selected = append(selected, cell+"::text")
	}
	out := map[string][]destinationtest.Row{}
	rows, err = c.Query(t.Context(), "SET timezone = 'UTC'")
	if err != nil {
		t.Fatal(err)
	}
	rows.Close()
	rows, err = c.Query(t.Context(), "SELECT "+strings.Join(selected, ", ")+" FROM "+pgx.Identifier{schema, dataset}.Sanitize())
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells, into := make([]*string, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := destinationtest.Row{}
		for i, col := range columns {
			if cells[i] != nil {
				row[col.Name] = destinationtest.Canonical(col, *cells[i])
			}
		}
		k := row["bursar_source"] + "/" + row["bursar_period"]
		delete(row, "bursar_source")
		delete(row, "bursar_period")
		out[k] = append(out[k], row)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return out
}

// TestSaysWhatIsWrong has the mistakes that people make.
func TestSaysWhatIsWrong(t *testing.T) {
	server := realserver.Need(t, realserver.StartPostgres)
	c := connect(t, server)
	if _, err := c.Exec(t.Context(), "CREATE ROLE guest LOGIN PASSWORD 'guest'"); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*bursar.TargetSettings, *string, *egress.Guard){
		"login_refused":       func(_ *bursar.TargetSettings, password *string, _ *egress.Guard) { *password = "wrong" },
		"no_such_database":    func(s *bursar.TargetSettings, _ *string, _ *egress.Guard) { s.Database = "nope" },
		"certificate_refused": func(s *bursar.TargetSettings, _ *string, _ *egress.Guard) { s.CACertificate = "" },
		"unreachable":         func(s *bursar.TargetSettings, _ *string, _ *egress.Guard) { s.Port = 1 },
		"address_not_allowed": func(_ *bursar.TargetSettings, _ *string, g *egress.Guard) { *g = egress.Guard{} },
		"not_permitted": func(s *bursar.TargetSettings, password *string, _ *egress.Guard) {
			s.User, *password = "guest", "guest"
		},
	} {
		s, password, guard := settings(server), server.Password, loopback
		change(&s, &password, &guard)
		target, err := postgres.Open(s, bursar.NewSecret(password), destinationtest.Origin("dst_a"), guard)
		if err != nil {
			t.Fatal(err)
		}
		found := target.Check(t.Context())
		last := found[len(found)-1]
		if last.Status != bursar.StatusFailed || last.Code != want || last.Remedy == "" || strings.Contains(last.Message, password) {
			t.Errorf("%s: %+v", want, last)
		}
		target.Close()
	}
	s := settings(server)
	s.TLS = postgres.Disable
	target, err := postgres.Open(s, bursar.NewSecret(server.Password), destinationtest.Origin("dst_a"), loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	found := target.Check(t.Context())
	if last := found[len(found)-1]; last.Status != bursar.StatusWarning || last.Code != "tls_disable" {
		t.Errorf("in the clear: %+v", found)
	}
}

func TestReadersSeeWholeParts(t *testing.T) {
	server := realserver.Need(t, realserver.StartPostgres)
	target, err := postgres.Open(settings(server), bursar.NewSecret(server.Password), destinationtest.Origin("dst_a"), loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	columns := []destination.Column{{Name: "n", Type: destination.Integer}}
	k := destination.Key{Dataset: "d", Source: "exp_a", Period: "2026-02"}
	if err := target.Prepare(t.Context(), "d", columns); err != nil {
		t.Fatal(err)
	}
	const rows = 500
	var cells [][]string
	for i := range rows {
		cells = append(cells, []string{fmt.Sprint(i)})
	}
	stop, seen := make(chan struct{}), make(chan error, 1)
	reader := connect(t, server)
	go func() {
		for {
			select {
			case <-stop:
				seen <- nil
				return
			default:
			}
			var n int
			if err := reader.QueryRow(context.Background(), "SELECT count(*) FROM bursar.d").Scan(&n); err != nil || n != 0 && n != rows {
				seen <- fmt.Errorf("a reader saw %d rows: %w", n, err)
				return
			}
		}
	}()
	for i := range 20 {
		part := destinationtest.Rows(k, fmt.Sprint(i), columns, cells, nil)
		if _, err := target.Deliver(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-seen; err != nil {
		t.Error(err)
	}
}

// TestNamesThatAreTooLong are told apart where PostgreSQL would cut them to the same.
func TestNamesThatAreTooLong(t *testing.T) {
	server := realserver.Need(t, realserver.StartPostgres)
	target, err := postgres.Open(settings(server), bursar.NewSecret(server.Password), destinationtest.Origin("dst_a"), loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	long := strings.Repeat("é", 40)
	columns := []destination.Column{{Name: long + "a", Type: destination.Text}, {Name: long + "b", Type: destination.Text}}
	for range 2 {
		if err := target.Prepare(t.Context(), "d", columns); err != nil {
			t.Fatal(err)
		}
		part := destinationtest.Rows(destination.Key{Dataset: "d", Source: "exp_a", Period: "2026-02"}, "v", columns, [][]string{{"x", "y"}}, nil)
		if _, err := target.Deliver(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	rows := read(t, server, "bursar", "d")["exp_a/2026-02"]
	values := ""
	for name, v := range rows[0] {
		if len(name) > 63 || !strings.HasPrefix(name, "éé") {
			t.Errorf("the column %q", name)
		}
		values += v
	}
	if len(rows) != 1 || len(values) != 2 {
		t.Errorf("%v", rows)
	}
}
