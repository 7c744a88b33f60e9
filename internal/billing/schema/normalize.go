package schema

import "strings"

// Normalize returns a column's name in CUR 2.0's spelling by AWS's rule from csv names to Athena names (Cost and
// Usage Report guide, "Running Amazon Athena queries": an underscore before each upper-case letter, lower case,
// an underscore for everything that is neither letter nor digit, underscores squeezed and trimmed):
// "lineItem/UnblendedCost" is line_item_unblended_cost. It changes no name that is in that spelling already. The
// rule's last step, which shortens long names, is left out: it would make different columns equal.
func Normalize(name string) string {
	var b strings.Builder
	b.Grow(len(name) + 8)
	gap := false
	for i := range len(name) {
		c := name[i]
		upper := c >= 'A' && c <= 'Z'
		if !upper && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			gap = true
			continue
		}
		if (gap || upper) && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		if upper {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	n := b.String()
	if full, ok := aliases[n]; ok {
		return full
	}
	return n
}

// aliases are spellings of AWS's documents that differ from what its files have.
var aliases = map[string]string{
	"savings_plan_savings_plan_arn": "savings_plan_savings_plan_a_r_n",
	"reservation_reservation_arn":   "reservation_reservation_a_r_n",
}
