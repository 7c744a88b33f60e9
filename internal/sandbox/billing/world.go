package billing

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
)

// SectionName is the name of the world's section that this package reads.
const SectionName = "billing"

// Section is the world's section "billing": how much is spent, when bills are delivered, and which exports there
// are from the start. All of it may be absent.
type Section struct {
	FirstDelivery Duration `yaml:"first_delivery"` // after an export is made; 8h when absent
	Refresh       Duration `yaml:"refresh"`        // between deliveries; 24h when absent
	Months        int      `yaml:"months"`         // months with usage up to the clock's first one; 6 when absent
	Lines         int      `yaml:"lines"`          // line items of a month, for payers without an entry; 40000 when absent
	Payers        []Payer  `yaml:"payers"`
	Exports       []Export `yaml:"exports"`
}

// Payer says how much an account that pays spends.
type Payer struct {
	Account  string `yaml:"account"`
	Seed     uint64 `yaml:"seed"`     // made of the account's id when absent
	Lines    int    `yaml:"lines"`    // line items of a month
	Currency string `yaml:"currency"` // USD when absent
	EDP      int    `yaml:"edp"`      // enterprise discount in percent
	Since    string `yaml:"since"`    // first month with usage, YYYY-MM
	Split    bool   `yaml:"split"`    // it has opted in to split cost allocation data: exports that include it have it
}

// Export is an export that exists from the start, with its bucket.
type Export struct {
	Account    string   `yaml:"account"`
	Name       string   `yaml:"name"`
	Kind       string   `yaml:"kind"`       // legacy, cur2, focus-1.0, focus-1.2
	File       string   `yaml:"file"`       // csv (when absent), zip or parquet
	Versioning string   `yaml:"versioning"` // CREATE_NEW_REPORT or OVERWRITE_REPORT (when absent)
	Athena     bool     `yaml:"athena"`     // legacy Parquet in Athena's layout
	Bucket     string   `yaml:"bucket"`     // made if it does not exist
	Region     string   `yaml:"region"`     // us-east-1 when absent
	Prefix     string   `yaml:"prefix"`
	Columns    []string `yaml:"columns"`   // of a query; all when absent
	Delivered  bool     `yaml:"delivered"` // its months are there already
	Files      string   `yaml:"files"`     // a folder of real bills that is served instead
}

// Duration is a time.Duration that reads as text: "8h".
type Duration struct{ time.Duration }

// UnmarshalYAML reads "8h".
func (d *Duration) UnmarshalYAML(n *yaml.Node) (err error) {
	d.Duration, err = time.ParseDuration(n.Value)
	return err
}

// MarshalYAML writes "8h0m0s".
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

func (x *Section) complete() error {
	x.FirstDelivery.Duration = cmp.Or(x.FirstDelivery.Duration, 8*time.Hour)
	x.Refresh.Duration = cmp.Or(x.Refresh.Duration, 24*time.Hour)
	x.Months = cmp.Or(x.Months, 6)
	x.Lines = cmp.Or(x.Lines, 40_000)
	for _, p := range x.Payers {
		if _, err := bursar.ParsePeriod(p.Since); p.Since != "" && err != nil {
			return fmt.Errorf("world: billing: payer %s: since: %w", p.Account, err)
		}
	}
	return nil
}

// payerOf returns the account that pays for an account: its organization's management account, or itself.
func (s *Service) payerOf(account string) string {
	if o, ok := s.cloud.OrganizationOf(account); ok {
		return o.ManagementID
	}
	return account
}

// Spec returns what an account's bills are made of: a payer's bill has all accounts of its organization in it,
// a member's only its own.
func (s *Service) Spec(account string) billgen.Spec {
	payer := s.payerOf(account)
	p := Payer{Account: payer}
	if i := slices.IndexFunc(s.section.Payers, func(p Payer) bool { return p.Account == payer }); i >= 0 {
		p = s.section.Payers[i]
	}
	spec := billgen.Spec{
		Seed: cmp.Or(p.Seed, seedOf(payer)), Payer: s.account(payer), Currency: p.Currency, EDP: p.EDP, Split: p.Split,
		Lines: cmp.Or(p.Lines, s.section.Lines), Since: s.since,
	}
	if since, err := bursar.ParsePeriod(p.Since); err == nil {
		spec.Since = since
	}
	o, ok := s.cloud.OrganizationOf(account)
	switch {
	case ok && account == payer:
		for _, m := range s.cloud.Members(o.ID) {
			if m.ID != payer {
				spec.Linked = append(spec.Linked, billgen.Account{ID: m.ID, Name: m.Name})
			}
		}
	case account != payer:
		spec.Only = s.account(account)
		spec.Lines = max(spec.Lines/4, 2_000)
	}
	return spec
}

func (s *Service) account(id string) billgen.Account {
	a, _ := s.cloud.Account(id)
	return billgen.Account{ID: id, Name: a.Name}
}

func seedOf(account string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(account)) // never fails
	return h.Sum64()
}
