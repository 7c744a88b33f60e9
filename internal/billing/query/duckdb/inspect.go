package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// tableFunctions are what may stand after FROM besides views: they make rows of their arguments.
var tableFunctions = []string{"unnest", "range", "generate_series", "json_each", "json_tree"}

// swelling are functions that make one value as large as their caller likes, which DuckDB does not count as memory; and those that tell
// of the server.
var swelling = []string{"repeat", "lpad", "rpad", "printf", "format", "bar", "list_resize", "array_resize", "getenv", "current_setting", "getvariable"}

// inspect reads a statement by DuckDB's own parser, without running anything, and answers with the text to run: the same, with a limit
// where it has none. Anything but one SELECT over the views is an Invalid error.
func inspect(ctx context.Context, conn *sql.Conn, s query.Statement) (string, error) {
	text := strings.TrimRight(s.Text, "; \t\r\n")
	node, err := parse(ctx, conn, text)
	if err != nil {
		return "", err
	}
	w := walk{text: text, known: map[string]bool{}}
	for _, r := range s.Relations {
		w.known[r.Name] = true
		w.views = append(w.views, r.Name)
	}
	w.names(node)
	w.check(node)
	if w.err != nil {
		return "", w.err
	}
	if limited(node) {
		return text, nil
	}
	bounded := fmt.Sprintf("%s\nLIMIT %d", text, s.MaxRows+1)
	if node, err := parse(ctx, conn, bounded); err == nil && limited(node) {
		return bounded, nil
	}
	return text, nil // DESCRIBE and its like, which take no limit and have few rows
}

type node = map[string]any

func parse(ctx context.Context, conn *sql.Conn, text string) (node, error) {
	wrong := func(reason, format string, args ...any) *bursar.Error {
		return bursar.InvalidField("sql", format, args...).WithReason(reason).WithHint("send one SELECT statement; SHOW TABLES lists what it can read")
	}
	var raw string
	err := conn.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", text).Scan(&raw)
	if err != nil {
		return nil, fmt.Errorf("reading a statement: %w", err)
	}
	var tree struct {
		Error      bool   `json:"error"`
		Type       string `json:"error_type"`
		Message    string `json:"error_message"`
		Position   string `json:"position"`
		Statements []struct {
			Node       node           `json:"node"`
			Parameters map[string]any `json:"-"`
			Named      []any          `json:"named_param_map"`
		} `json:"statements"`
	}
	if err := json.Unmarshal([]byte(raw), &tree); err != nil {
		return nil, fmt.Errorf("reading a statement: %w", err)
	}
	switch {
	case tree.Error && tree.Type == "not implemented": // DuckDB's word for whatever is no SELECT: it tells those alone as a tree
		return nil, wrong("sql_not_allowed", "only SELECT is run: nothing can be changed, loaded, attached or written")
	case tree.Error:
		return nil, told{Position: tree.Position}.place(wrong("sql_syntax", "%s", tree.Message), text)
	case len(tree.Statements) != 1:
		return nil, wrong("sql_not_one", "there are %d statements, and one is run", len(tree.Statements))
	case len(tree.Statements[0].Named) > 0:
		return nil, wrong("sql_parameters", "a statement takes no parameters")
	}
	return tree.Statements[0].Node, nil
}

// limited says whether a statement limits its rows itself.
func limited(n node) bool {
	modifiers, _ := n["modifiers"].([]any)
	return slices.ContainsFunc(modifiers, func(m any) bool {
		modifier, _ := m.(node)
		kind, _ := modifier["type"].(string)
		return strings.HasPrefix(kind, "LIMIT")
	})
}

// walk goes through a statement's tree.
type walk struct {
	text  string
	known map[string]bool // views, and what WITH defines
	views []string
	err   error
}

// names finds what WITH defines, anywhere.
func (w *walk) names(v any) {
	each(v, func(n node) {
		ctes, _ := n["cte_map"].(node)
		list, _ := ctes["map"].([]any)
		for _, e := range list {
			entry, _ := e.(node)
			if key, ok := entry["key"].(string); ok {
				w.known[strings.ToLower(key)] = true
			}
		}
		if name, ok := n["cte_name"].(string); ok {
			w.known[strings.ToLower(name)] = true
		}
	})
}

func (w *walk) check(v any) {
	each(v, func(n node) {
		if w.err != nil {
			return
		}
		if err := w.one(n); err != nil {
			w.err = err
			if at, ok := n["query_location"].(float64); ok {
				w.err = err.At(w.text, int(at))
			}
		}
	})
}

func (w *walk) one(n node) *bursar.Error {
	kind, _ := n["type"].(string)
	str := func(key string) string { s, _ := n[key].(string); return s }
	switch {
	case kind == "BASE_TABLE":
		qualified := str("catalog_name")+str("schema_name") != "" && str("schema_name") != "main"
		if name := str("table_name"); qualified || !w.known[strings.ToLower(name)] {
			return bursar.InvalidField("sql", "there is no table %q", name).WithReason("unknown_table").WithHint("read from one of %s", strings.Join(w.views, ", "))
		}
	case kind == "TABLE_FUNCTION":
		call, _ := n["function"].(node)
		name, _ := call["function_name"].(string)
		if !slices.Contains(tableFunctions, strings.ToLower(name)) {
			return bursar.InvalidField("sql", "%q cannot be read from", name).WithReason("sql_not_allowed").
				WithHint("read from one of %s; of functions, %s", strings.Join(w.views, ", "), strings.Join(tableFunctions, ", "))
		}
	case n["class"] == "FUNCTION" && slices.Contains(swelling, strings.ToLower(str("function_name"))):
		return bursar.InvalidField("sql", "the function %q is not to be had here", str("function_name")).WithReason("sql_not_allowed").
			WithHint("these are left out: %s", strings.Join(swelling, ", "))
	}
	return nil
}

// each hands every object of a tree to f, from the top.
func each(v any, f func(node)) {
	switch x := v.(type) {
	case node:
		f(x)
		for _, child := range x {
			each(child, f)
		}
	case []any:
		for _, child := range x {
			each(child, f)
		}
	}
}
