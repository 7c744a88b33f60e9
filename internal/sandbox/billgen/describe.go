package billgen

import (
	"fmt"
	"slices"
	"strings"
)

func sortPairs(p []Pair) []Pair {
	slices.SortFunc(p, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
	return p
}

func noSpaces(s string) string { return strings.ReplaceAll(s, " ", "") }

func sku(h uint64) string { return strings.ToUpper(letters(mix(h, 's'), 16)) }

func instanceFactor(instance string) string {
	return attribute(instanceAttributes[instance], "normalizationSizeFactor")
}

func attribute(pairs []Pair, key string) string {
	for _, p := range pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

var teams = []string{"platform", "data", "checkout", "search", "mobile", "ml", "growth", "payments"}

// describe fills in what a metered resource is.
func (b *Bill) describe(l *Line, s *service, m *meter, at int, id uint64) {
	r := regions[at]
	l.ProductCode, l.ServiceName = s.code, s.name
	l.UsageType, l.Operation, l.Unit = r.prefix+m.usageType, m.operation, m.unit
	l.ProductFamily, l.SKU = m.family, sku(mix(uint64(at), hash(s.code+m.usageType)))
	l.Region, l.Location = r.code, r.location
	l.InstanceType = m.instance
	l.InstanceFamily = attribute(instanceAttributes[m.instance], "instanceFamily")
	l.Product = m.product(s)
	l.RateCode = l.SKU + ".JRTCKXETXF.6YS6EN2CT7"
	l.RateID = digits(hash(l.RateCode), 9)
	if m.family == "Data Transfer" {
		l.FromRegion, l.FromLocation = r.code, r.location
		l.ToRegion, l.ToLocation = "us-west-2", "US West (Oregon)"
	}
	l.Description = "$" + m.rate.String() + " per " + m.unit + " of " + m.operation + " in " + r.location
	if m.instance != "" {
		l.Zone = r.code + string(rune('a'+id%3))
		l.Description = "$" + m.rate.String() + " per On Demand Linux " + m.instance + " Instance Hour"
	}
	l.ResourceID = b.resourceID(l, s, m, id)
}

func hash(s string) (h uint64) {
	for i := range len(s) {
		h = mix(h, uint64(s[i]))
	}
	return h
}

func (b *Bill) resourceID(l *Line, s *service, m *meter, id uint64) string {
	name := teams[id>>20%uint64(len(teams))] + "-" + hexString(id, 6)
	switch {
	case s.code == "AWSDataTransfer":
		return ""
	case s.code == "AmazonEC2" && m.instance != "":
		return "i-0" + hexString(id, 16)
	case s.code == "AmazonEC2" && m.family == "Storage":
		return "vol-0" + hexString(id, 16)
	case s.arn == "" && s.code != "AmazonS3":
		return fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", l.Region, l.Account.ID, noSpaces(strings.ToLower(m.family)), name)
	case s.arn == "":
		return "company-" + name
	}
	return fmt.Sprintf("arn:aws:%s:%s:%s:resource/%s", s.arn, l.Region, l.Account.ID, name)
}

// tag fills in tags and cost categories; one resource in six has none.
func (b *Bill) tag(l *Line, id uint64) {
	team := teams[id>>20%uint64(len(teams))]
	env := []string{"prod", "prod", "staging", "dev"}[id>>24%4]
	l.CostCategories = []Pair{{"BusinessUnit", "Unallocated"}}
	if id%6 == 0 {
		return
	}
	l.CostCategories = []Pair{{"BusinessUnit", strings.ToUpper(team[:1]) + team[1:]}, {"Environment", env}}
	t := []Pair{
		{"user:Name", team + "-" + strings.ToLower(l.ProductCode) + "-" + hexString(id, 4)},
		{"user:env", env},
		{"user:team", team},
	}
	if id%3 != 0 {
		t = append(t, Pair{"user:CostCenter", fmt.Sprintf("CC-%04d", id>>28%60)})
	}
	if id%5 == 0 {
		t = append(t, Pair{"user:owner", `Müller, "Jörg"`})
	}
	if id%7 == 0 {
		t = append(t, Pair{"user:Kostenträger", "Größe 日本, Süd"})
	}
	if id%4 == 0 {
		t = append(t, Pair{"aws:createdBy", "AssumedRole:AROA" + strings.ToUpper(letters(id>>9, 17)) + ":terraform"})
	}
	if id%9 == 0 {
		t = append(t, Pair{"user:app", "shop,front"}, Pair{"aws:cloudformation:stack-name", team + "-stack"})
	}
	l.Tags = sortPairs(t)
}

// metered tells how much of a meter is used in each hour.
type metered struct {
	shape   shape
	base    Amount
	count   int64
	seed    uint64
	percent int64
	first   int // hour of the month's first weekday, to find weekends
}

// meterOf sizes a resource: a tenth to twice the meter's base, growing by 2 % with each month.
func (b *Bill) meterOf(k *block, m *meter, id uint64) metered {
	months := int64(0)
	for p := b.Spec.Since; p.Before(b.Period) && months < 120; p = p.Add(1) {
		months++
	}
	size := m.base * int64(10+id>>50%190) * (100 + 2*months) // in ten thousandths
	percent := int64(k.percent)
	if percent == 0 {
		percent = 100
	}
	return metered{
		shape: m.shape, base: Amount(size) * (one / 10_000), count: max(size/10_000, 1), percent: percent,
		seed: mix(b.seed, uint64(k.index)<<8|'m'), first: int((b.start/3600 + 3*24) % (7 * 24)),
	}
}

// daily is how busy each hour of the day is, in percent.
var daily = [24]int64{40, 32, 28, 25, 25, 30, 45, 70, 95, 120, 135, 140, 138, 140, 142, 138, 130, 122, 115, 105, 92, 80, 65, 50}

// at returns the usage of one hour.
func (m *metered) at(hour int) Amount {
	switch m.shape {
	case running:
		return one / 100 * Amount(m.percent)
	case stored:
		return (m.base/730 + m.base/730_000*Amount(hour)) / 100 * Amount(m.percent)
	}
	busy := daily[hour%24] * m.percent / 100
	if (m.first+hour)/24%7 >= 5 {
		busy = busy * 6 / 10
	}
	h := mix(m.seed, uint64(hour))
	busy = busy * int64(80+h%41) // in ten thousandths
	if m.shape == requests {
		return Amount(max(m.count*busy/10_000, int64(h%2))) * one
	}
	return m.base/10_000*Amount(busy) + Amount(h>>40)
}
