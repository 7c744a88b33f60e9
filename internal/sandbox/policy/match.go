package policy

import "strings"

// ${*}, ${?} and ${$} in a policy stand for the characters themselves. Until a pattern is matched they are these
// runes of the private use area, which glob takes for themselves.
const (
	literalStar     = '\uE000'
	literalQuestion = '\uE001'
	literalDollar   = '\uE002'
)

var fromLiteral = strings.NewReplacer(string(literalStar), "*", string(literalQuestion), "?", string(literalDollar), "$")

// unliteral turns the stand-ins back for operators that know no wildcards.
func unliteral(s string, pattern bool) string {
	if pattern || !strings.ContainsRune(s, '\uE000') && !strings.ContainsRune(s, '\uE001') && !strings.ContainsRune(s, '\uE002') {
		return s
	}
	return fromLiteral.Replace(s)
}

// expand replaces policy variables: ${aws:username}, ${aws:username, 'default'}. It returns false when a
// variable has no value: the policy element then matches nothing. Documents of version 2008-10-17 have no
// variables. In a pattern, a variable's value is taken literally.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func expand(s string, context map[string][]string, variables, pattern bool) (string, bool) {
	if !variables || !strings.Contains(s, "${") {
		return s, true
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("${" + rest)
			return b.String(), true
		}
		value, ok := variable(name, context, pattern)
		if !ok {
			return "", false
		}
		b.WriteString(value)
		s = after
	}
}

func variable(name string, context map[string][]string, pattern bool) (string, bool) {
	switch name {
	case "*":
		return string(literalStar), true
	case "?":
		return string(literalQuestion), true
	case "$":
		return string(literalDollar), true
	}
	key, fallback, hasFallback := strings.Cut(name, ",")
	value, ok := "", false
	if have := context[strings.ToLower(strings.TrimSpace(key))]; len(have) == 1 {
		value, ok = have[0], true
	} else if hasFallback {
		value, ok = strings.Trim(strings.TrimSpace(fallback), "'"), true
	}
	if pattern {
		value = strings.NewReplacer("*", string(literalStar), "?", string(literalQuestion)).Replace(value)
	}
	return value, ok
}

// glob matches s against a pattern in which * stands for any characters and ? for one. It needs no more time
// than len(s)·len(pattern), whatever the pattern.
func glob(s, pattern string) bool {
	return match([]rune(s), []rune(pattern), func(int) bool { return true })
}

// match is glob with a say in which stars may swallow a colon: spans is asked with the star's index.
func match(s, p []rune, spans func(star int) bool) bool {
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case j < len(p) && p[j] == '*':
			star, mark = j, i
			j++
		case j < len(p) && (p[j] == '?' && (s[i] != ':' || spans(j)) || p[j] != '?' && same(p[j], s[i])):
			i++
			j++
		case star >= 0 && (s[mark] != ':' || spans(star)):
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == '*' {
		j++
	}
	return j == len(p)
}

func same(p, s rune) bool {
	switch p {
	case literalStar:
		return s == '*'
	case literalQuestion:
		return s == '?'
	case literalDollar:
		return s == '$'
	}
	return p == s
}

// globFold is glob without regard to case, for actions.
func globFold(s, pattern string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return strings.EqualFold(s, pattern)
	}
	return glob(strings.ToLower(s), strings.ToLower(pattern))
}

// arnLike compares two ARNs by their six segments; each may hold wildcards, none of which reaches beyond its
// segment.
func arnLike(have, want string) bool {
	h, w := strings.SplitN(have, ":", 6), strings.SplitN(want, ":", 6)
	if want == "*" {
		return true
	}
	if len(h) != 6 || len(w) != 6 {
		return false
	}
	for i := range h {
		if !glob(h[i], w[i]) {
			return false
		}
	}
	return true
}

// resourceLike matches an ARN against a Resource element. A wildcard within one of the first five segments keeps
// to its segment; one at a segment's end, or in the last segment, may reach beyond its colons.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func resourceLike(have, want string) bool {
	if want == "*" || want == have {
		return true
	}
	p := []rune(want)
	return match([]rune(have), p, func(at int) bool {
		colons := 0
		for _, c := range p[:at] {
			if c == ':' {
				colons++
			}
		}
		return colons >= 5 || p[at] == '*' && (at+1 == len(p) || p[at+1] == ':')
	})
}
