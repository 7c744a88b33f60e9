package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// A page of accounts in an order of the account itself is read from an index, without sorting all of them.
func TestOrdersOfAccountsHaveIndexes(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, column := range accountOrders {
		if strings.HasPrefix(column, "coalesce(") { // of its standing
			continue
		}
		c := AccountFilter{}.conditions("ws_1")
		if err := c.after(column, name, name+"\x1f1\x1fteam", false); err != nil {
			t.Fatal(err)
		}
		plan := plan(t, s, `SELECT a.id, a.name, `+column+standingFrom+` WHERE `+strings.Join(c.text, " AND ")+` ORDER BY `+column+`, a.name LIMIT 201`, c.args...)
		if strings.Contains(plan, "TEMP B-TREE") || !strings.Contains(plan, "USING") {
			t.Errorf("sorted by %s: %s", name, plan)
		}
	}
}

func plan(t *testing.T, s *Store, query string, args ...any) string {
	t.Helper()
	var lines []string
	err := s.View(t.Context(), func(tx *Tx) (err error) {
		lines, err = many(tx, func(r scanner) (line string, err error) {
			var id, parent, unused int
			return line, r.Scan(&id, &parent, &unused, &line)
		}, "EXPLAIN QUERY PLAN "+query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(lines)
}
