package policy

import (
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator is a parsed condition operator.
type operator struct {
	name     string // "StringEquals", without qualifier and suffix
	test     func(have, want string) bool
	pattern  bool // want may hold wildcards: ${*} stays literal
	negated  bool
	ifExists bool
	every    bool // ForAllValues
	some     bool // ForAnyValue
	null     bool
	vars     bool // policy variables are expanded in want
}

// parseOperator reads an operator's name. Names are case-sensitive, and an unknown one is an error: a policy
// that IAM would refuse must never be read as a looser or a stricter one.
func parseOperator(s string) (operator, error) {
	var op operator
	name := s
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		op.every, name = true, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		op.some, name = true, rest
	}
	if name == "Null" {
		op.name, op.null = name, true
		return op, nil
	}
	name, op.ifExists = strings.CutSuffix(name, "IfExists")
	op.name = name
	switch {
	case strings.HasPrefix(name, "String"):
		op.vars = true
		op.test, op.pattern, op.negated = stringTest(strings.TrimPrefix(name, "String"))
	case strings.HasPrefix(name, "Arn"):
		op.vars, op.pattern = true, true
		op.test, op.negated = arnTest(strings.TrimPrefix(name, "Arn"))
	case strings.HasPrefix(name, "Numeric"):
		op.test, op.negated = ordered(strings.TrimPrefix(name, "Numeric"), compareNumbers)
	case strings.HasPrefix(name, "Date"):
		op.test, op.negated = ordered(strings.TrimPrefix(name, "Date"), compareDates)
	case name == "Bool":
		op.test = strings.EqualFold
	case name == "BinaryEquals":
		op.test = func(have, want string) bool { return have == want }
	case name == "IpAddress":
		op.test = inNetwork
	case name == "NotIpAddress":
		op.test, op.negated = inNetwork, true
	}
	if op.test == nil {
		return op, fmt.Errorf("Syntax errors in policy. (Condition type %q is not supported)", s)
	}
	return op, nil
}

// The tests below say whether a value equals a wanted one; negated turns the operator's answer round.

func stringTest(name string) (test func(have, want string) bool, pattern, negated bool) {
	name, negated = cutNot(name)
	switch name {
	case "Equals":
		return func(have, want string) bool { return have == want }, false, negated
	case "EqualsIgnoreCase":
		return strings.EqualFold, false, negated
	case "Like":
		return glob, true, negated
	}
	return nil, false, false
}

func arnTest(name string) (test func(have, want string) bool, negated bool) {
	name, negated = cutNot(name)
	if name == "Equals" || name == "Like" { // the two behave alike
		return arnLike, negated
	}
	return nil, false
}

func cutNot(name string) (string, bool) { return strings.CutPrefix(name, "Not") }

func ordered(name string, compare func(a, b string) (int, bool)) (test func(have, want string) bool, negated bool) {
	holds := map[string]func(int) bool{
		"Equals": func(c int) bool { return c == 0 }, "NotEquals": func(c int) bool { return c == 0 },
		"LessThan": func(c int) bool { return c < 0 }, "LessThanEquals": func(c int) bool { return c <= 0 },
		"GreaterThan": func(c int) bool { return c > 0 }, "GreaterThanEquals": func(c int) bool { return c >= 0 },
	}[name]
	if holds == nil {
		return nil, false
	}
	return func(have, want string) bool {
		c, ok := compare(have, want)
		return ok && holds(c)
	}, name == "NotEquals"
}

func compareNumbers(a, b string) (int, bool) {
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok1 || !ok2 {
		return 0, false
	}
	return x.Cmp(y), true
}

func compareDates(a, b string) (int, bool) {
	x, ok1 := date(a)
	y, ok2 := date(b)
	return x.Compare(y), ok1 && ok2
}

// date reads the ISO 8601 forms that IAM takes, and seconds since 1970.
func date(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return time.Unix(n, 0), err == nil
}

func inNetwork(have, want string) bool {
	ip, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if network, err := netip.ParsePrefix(want); err == nil {
		return network.Contains(ip.Unmap())
	}
	one, err := netip.ParseAddr(want)
	return err == nil && one.Unmap() == ip.Unmap()
}

// check refuses values that the operator cannot compare with.
func (op operator) check(values []string) error {
	if len(values) == 0 {
		return fmt.Errorf("Syntax errors in policy. (condition %s has no value)", op.name)
	}
	for _, v := range values {
		ok := true
		switch {
		case op.null || op.name == "Bool":
			ok = strings.EqualFold(v, "true") || strings.EqualFold(v, "false") || op.name == "Bool" && strings.Contains(v, "${")
		case strings.HasPrefix(op.name, "Numeric"):
			_, ok = new(big.Rat).SetString(v)
		case strings.HasPrefix(op.name, "Date"):
			_, ok = date(v)
		case strings.HasSuffix(op.name, "IpAddress"):
			_, err1 := netip.ParsePrefix(v)
			_, err2 := netip.ParseAddr(v)
			ok = err1 == nil || err2 == nil
		}
		if !ok {
			return fmt.Errorf("Syntax errors in policy. (%q is no value for condition %s)", v, op.name)
		}
	}
	return nil
}

// holds says whether the condition is true of the request's context.
func (c Condition) holds(r Request, variables bool) bool {
	have, present := r.Context[c.Key]
	present = present && len(have) > 0
	op := c.op
	if op.null {
		return strings.EqualFold(c.Values[0], "true") != present
	}
	if !present {
		// Absent keys: ForAllValues is true of no values, ForAnyValue is not, IfExists and the negated ones are true.
		return op.ifExists || op.every || op.negated && !op.some
	}
	one := func(h string) bool {
		for _, w := range c.Values {
			if op.vars {
				var ok bool
				if w, ok = expand(w, r.Context, variables, op.pattern); !ok {
					continue
				}
			}
			if op.test(h, unliteral(w, op.pattern)) {
				return true
			}
		}
		return false
	}
	switch {
	case op.every:
		for _, h := range have {
			if one(h) == op.negated {
				return false
			}
		}
		return true
	case op.some || !op.negated:
		for _, h := range have {
			if one(h) != op.negated {
				return true
			}
		}
		return false
	}
	for _, h := range have { // negated, single-valued: no value may match
		if one(h) {
			return false
		}
	}
	return true
}
