package query

import (
	_ "embed"
	"strings"
	"text/template"
)

//go:embed costs.md.tmpl
var costsPage string

// Document is the page of the documentation about questions and SQL. What code knows comes from the code: metrics, dimensions,
// operators and views.
func Document() (string, error) {
	page, err := template.New("costs").Funcs(template.FuncMap{
		"granularities":  func() string { return code(Granularities) },
		"operators":      func() string { return code(Operators) },
		"metrics":        func() []Metric { return Metrics },
		"dimensions":     documentedDimensions,
		"views":          Views,
		"cell":           func(s string) string { return strings.ReplaceAll(s, "|", `\|`) },
		"maxGroups":      func() int { return MaxGroups },
		"maxFilters":     func() int { return MaxFilters },
		"maxRows":        func() int { return MaxRows },
		"maxItemColumns": func() int { return MaxItemColumns },
	}).Parse(costsPage)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = page.Execute(&b, nil)
	return b.String(), err
}

func code(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	return strings.Join(quoted, ", ")
}

type documented struct{ Name, Doc, From string }

func documentedDimensions() (out []documented) {
	for _, d := range Dimensions {
		out = append(out, documented{d.Name, d.Doc, d.From()})
	}
	for _, d := range []documented{{tagPrefix + "KEY", "The value of a tag, by its key as people write it: `tag:team`.", ""}, {categoryPrefix + "KEY", "The value of a cost category.", ""}} {
		d.From = Dimension{level: ofItems}.From()
		out = append(out, d)
	}
	return out
}
