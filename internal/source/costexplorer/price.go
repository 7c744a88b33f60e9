package costexplorer

import (
	"encoding/json"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/source/costexplorer/paid"
	"github.com/bursarhq/bursar/internal/store"
)

// Priced is one question that a run would ask now, with what it costs.
type Priced struct {
	Stream    string          `json:"stream"`
	Operation string          `json:"operation"`
	Body      json.RawMessage `json:"body"`     // of the request, without the tokens of pages
	Requests  int             `json:"requests"` // expected: one for each page, as many as the stream had last
	AtLeast   bool            `json:"at_least"` // there may be more: the number of pages or values is not known yet
	Cached    bool            `json:"cached"`   // it is answered by what was paid for before, at least in its beginning
	USD       bursar.Decimal  `json:"usd"`
}

// Price says what a run of the source would ask now, and what that costs by AWS's price list. It asks nothing of AWS.
func Price(tx *store.Tx, source bursar.Source, now time.Time) ([]Priced, error) {
	out := []Priced{}
	teller := &paid.Teller{Source: source, AccountID: source.AccountID}
	for _, s := range source.Streams {
		o := Find(s.Name)
		if o == nil {
			return nil, Check(s)
		}
		held, err := tx.CostMonths(source.ID, s.Name)
		if err != nil {
			return nil, err
		}
		windows, _ := o.Plan(s, o.Hash(source.AccountID, s), held, now)
		for _, w := range windows {
			p, err := o.price(tx, teller, s, w)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

func (o *Operation) price(tx *store.Tx, t *paid.Teller, s bursar.Stream, w Window) (Priced, error) {
	body := o.in(o.body(s), w)
	text, err := json.Marshal(body)
	if err != nil {
		return Priced{}, err
	}
	p := Priced{Stream: s.Name, Operation: o.Action, Body: text}
	pages, err := tx.LastPages(t.Source.ID, s.Name)
	if err != nil {
		return p, err
	}
	p.Requests, p.AtLeast = max(pages, 1), pages == 0 && o.token != ""
	if by := o.beyond(s); by != (group{}) {
		n, err := values(tx, t.Source.ID, s.Name)
		if err != nil {
			return p, err
		}
		p.Requests, p.AtLeast = 1+max(n, 1), true // the values, and then one question for each
	} else if _, p.Cached, err = tx.CostPage(t.Hash(o.Action, body)); err != nil {
		return p, err
	}
	if !p.Cached {
		p.USD = times(bursar.CostRequestUSD(), p.Requests)
	}
	return p, nil
}

// values counts the values of the grouping that AWS does not take, as they are held.
func values(tx *store.Tx, sourceID, stream string) (int, error) {
	seen := map[string]bool{}
	at := columnOf("group3_value")
	err := tx.CostRows(sourceID, stream, bursar.Period{}, bursar.Period{}, func(r store.CostRow) error {
		seen[r.Cells[at]] = true
		return nil
	})
	return len(seen), err
}

func times(d bursar.Decimal, n int) bursar.Decimal {
	var sum bursar.Decimal
	for range n {
		sum = sum.Add(d)
	}
	return sum
}

// Total adds up prices.
func Total(list []Priced) (requests int, usd bursar.Decimal) {
	for _, p := range list {
		if !p.Cached {
			requests += p.Requests
		}
		usd = usd.Add(p.USD)
	}
	return requests, usd
}
