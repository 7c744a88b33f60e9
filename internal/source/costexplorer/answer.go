package costexplorer

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Page is one page of an answer, as far as costs go. Amounts are AWS's own texts.
type Page struct {
	ResultsByTime            []Result
	DimensionValueAttributes []struct {
		Value      string
		Attributes map[string]string
	}
	NextPageToken string
}

// Result is what a page tells of one period. A period may go on on the next page.
type Result struct {
	TimePeriod struct{ Start, End string }
	Total      map[string]Amount
	Groups     []struct {
		Keys    []string
		Metrics map[string]Amount
	}
	Estimated bool
}

// Amount is a number with its unit.
type Amount struct{ Amount, Unit string }

// ParsePage reads one page of GetCostAndUsage. The error is Unavailable: what cannot be read today may be read tomorrow, and is never
// guessed at.
func ParsePage(body []byte) (Page, error) {
	var p Page
	if err := json.Unmarshal(body, &p); err != nil {
		return p, unreadable("%w", err)
	}
	return p, nil
}

func unreadable(format string, args ...any) error {
	return bursar.Errorf(bursar.Unavailable, "AWS's answer cannot be read: "+format, args...).WithReason("answer_unreadable").
		WithHint("what was held before is kept; report it with the run's id when it happens again")
}

// readMoment reads a day, or an hour.
func readMoment(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	if at, err := bursar.ParseDecimal(text); err == nil { // seconds since 1970, as JSON 1.1 writes times
		if seconds, ok := at.Unscaled(3); ok && seconds.IsInt64() {
			return time.UnixMilli(seconds.Int64()).UTC(), nil
		}
	}
	return time.Time{}, unreadable("%.40q is no time", text)
}

// number reads an amount, exponents too, and writes it as plain digits.
func number(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	d, err := bursar.ParseDecimal(text)
	if err != nil {
		return "", unreadable("%w", err)
	}
	return d.String(), nil
}

// Row is one row of a stream.
type Row struct {
	At    time.Time // the period's start; zero for what has no time
	Cells []string  // in the order of the columns
}

// answer gathers the pages of one question. A period, and a group of it, counts once, on whichever page it is.
type answer struct {
	op        *Operation
	stream    bursar.Stream
	tail      []string // the common cells
	rows      []Row
	seen      map[string]int
	names     map[string]string // of accounts
	estimated map[bursar.Period]bool
	extra     string // the value of the grouping that AWS does not take
}

func newAnswer(o *Operation, s bursar.Stream, tail []string) *answer {
	return &answer{op: o, stream: s, tail: tail, seen: map[string]int{}, names: map[string]string{}, estimated: map[bursar.Period]bool{}}
}

// add reads one page.
func (a *answer) add(body []byte) error {
	if a.op.costs() {
		return a.addCosts(body)
	}
	return a.addItems(body)
}

// put adds a row under its key. The same row again is no news, as when a page is told twice; another one under the same key is a contradiction.
func (a *answer) put(key string, r Row) error {
	at, twice := a.seen[key]
	if !twice {
		a.seen[key] = len(a.rows)
		a.rows = append(a.rows, r)
		return nil
	}
	if strings.Join(a.rows[at].Cells, "\x00") != strings.Join(r.Cells, "\x00") {
		return unreadable("two pages tell different amounts of the same group")
	}
	return nil
}

func (a *answer) addCosts(body []byte) error {
	p, err := ParsePage(body)
	if err != nil {
		return err
	}
	for _, v := range p.DimensionValueAttributes {
		if name := v.Attributes["description"]; name != "" {
			a.names[v.Value] = name
		}
	}
	for _, r := range p.ResultsByTime {
		if err := a.addResult(r); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) addResult(r Result) error {
	from, err := readMoment(r.TimePeriod.Start)
	if err != nil {
		return err
	}
	to, err := readMoment(r.TimePeriod.End)
	if err != nil {
		return err
	}
	if r.Estimated {
		a.estimated[bursar.PeriodOf(from)] = true
	}
	if len(a.op.groups(a.stream)) == 0 {
		return a.addGroup(from, to, nil, r.Total, r.Estimated)
	}
	for _, g := range r.Groups {
		if err := a.addGroup(from, to, g.Keys, g.Metrics, r.Estimated); err != nil {
			return err
		}
	}
	return nil
}

func (a *answer) addGroup(from, to time.Time, keys []string, amounts map[string]Amount, estimated bool) error {
	groups := a.op.groups(a.stream)
	if want := min(len(groups), a.op.Groups); len(keys) != want {
		return unreadable("a group has %d keys, and %d were asked for", len(keys), want)
	}
	granularity := a.op.Times
	if granularity == Resources {
		granularity = Daily
	}
	head := []string{stamp(from), stamp(to), granularity}
	linked := ""
	for i := range 3 {
		switch {
		case i < len(keys):
			v := groups[i].value(keys[i])
			head = append(head, groups[i].Type, groups[i].Key, v)
			if groups[i].Key == "LINKED_ACCOUNT" {
				linked = v
			}
		case i < len(groups):
			head = append(head, groups[i].Type, groups[i].Key, a.extra)
			if groups[i].Key == "LINKED_ACCOUNT" {
				linked = a.extra
			}
		default:
			head = append(head, "", "", "")
		}
	}
	for _, m := range metricsOf(a.stream) {
		v, ok := amounts[m]
		if !ok {
			continue // a period without anything has no amounts
		}
		n, err := number(v.Amount)
		if err != nil {
			return err
		}
		cells := append(append([]string{}, head...), linked, a.names[linked], m, n, v.Unit, strconv.FormatBool(estimated))
		if err := a.put(strings.Join(append(head, m), "\x00"), Row{from, append(cells, a.tail...)}); err != nil {
			return err
		}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// addItems reads a page of any other operation, by the descriptor's members and paths.
func (a *answer) addItems(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // no number becomes a float
	var root any
	if err := dec.Decode(&root); err != nil {
		return unreadable("%w", err)
	}
	return a.walk([]any{root}, a.listOf())
}

// listOf are the members that lead to the items. The values of one cost category have a member of their own.
func (a *answer) listOf() []string {
	if a.op.Action == "GetCostCategories" && a.stream.Key != "" {
		return []string{"CostCategoryValues"}
	}
	return a.op.list
}

// walk goes down the members; chain holds what lies around an item, the innermost last.
func (a *answer) walk(chain []any, path []string) error {
	last := chain[len(chain)-1]
	if list, ok := last.([]any); ok {
		for _, x := range list {
			if err := a.walk(append(chain[:len(chain)-1:len(chain)-1], x), path); err != nil {
				return err
			}
		}
		return nil
	}
	if len(path) == 0 {
		return a.item(chain)
	}
	object, _ := last.(map[string]any)
	inner := object[path[0]]
	if list, _ := inner.([]any); len(path) == 1 && a.op.whole != "" && len(list) == 0 {
		if object["Total"] == nil {
			return nil
		}
		inner = map[string]any{a.op.whole: object["Total"]}
	}
	if inner == nil {
		return nil
	}
	return a.walk(append(chain[:len(chain):len(chain)], inner), path[1:])
}

func (a *answer) item(chain []any) error {
	var r Row
	for _, c := range a.op.columns {
		cell, err := read(c, chain)
		if err != nil {
			return err
		}
		if r.At.IsZero() && c.Type == Time && cell != "" {
			r.At, _ = time.Parse(time.RFC3339, cell) // it was just written so
		}
		r.Cells = append(r.Cells, cell)
	}
	if a.op.snapshot() {
		r.At = time.Time{}
	}
	key := strconv.Itoa(len(a.rows)) // items are whatever AWS lists, and may be equal
	r.Cells = append(r.Cells, a.tail...)
	return a.put(key, r)
}

// read finds a cell in an item, or in what lies around it.
func read(c Column, chain []any) (string, error) {
	for i := len(chain) - 1; i >= 0; i-- {
		if v := reach(chain[i], c.path); v != nil {
			return cell(c, v)
		}
	}
	return "", nil
}

func reach(v any, path string) any {
	for path != "" {
		name, rest, _ := strings.Cut(path, ".")
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v, path = object[name], rest
	}
	return v
}

func cell(c Column, v any) (string, error) {
	s, plain := v.(string)
	if n, ok := v.(json.Number); ok {
		s, plain = n.String(), true
	}
	switch {
	case c.Type == JSON:
		b, err := json.Marshal(v)
		return string(b), err
	case !plain:
		return "", unreadable("%s is no %s", c.Name, c.Type)
	case c.Type == Decimal:
		return number(s)
	case c.Type == Time:
		t, err := readMoment(s)
		if err != nil {
			return "", err
		}
		return stamp(t), nil
	}
	return s, nil
}

// Read reads one page of a stream into rows, without the columns that every stream has in common.
func Read(o *Operation, s bursar.Stream, page []byte) ([]Row, error) {
	a := newAnswer(o, s, nil)
	err := a.add(page)
	return a.rows, err
}
