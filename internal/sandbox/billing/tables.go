package billing

import (
	"github.com/bursarhq/bursar/internal/sandbox/billing/definition"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func (c *call) listTables() (any, *cloud.Error) {
	var in pageInput
	if e := definition.First(c.may("bcm-data-exports:ListTables", "*"), c.JSON(&in)); e != nil {
		return nil, e
	}
	size, e := in.size()
	if e != nil {
		return nil, e
	}
	list, next, e := page(definition.Tables(), size, in.NextToken)
	if e != nil {
		return nil, e
	}
	type entry struct {
		TableName, Description string
		TableProperties        []shownProperty
	}
	out := struct {
		Tables    []entry
		NextToken string `json:",omitempty"`
	}{[]entry{}, next}
	for i := range list {
		out.Tables = append(out.Tables, entry{list[i].Name, list[i].Description, shown(list[i].Properties)})
	}
	return out, nil
}

type shownProperty struct {
	Name, Description string
	DefaultValue      string   `json:",omitempty"`
	ValidValues       []string `json:",omitempty"`
}

func shown(list []definition.Property) []shownProperty {
	out := []shownProperty{}
	for _, p := range list {
		s := shownProperty{Name: p.Name, Description: p.Description, ValidValues: p.Values}
		if len(p.Values) > 0 {
			s.DefaultValue = p.Values[0]
		}
		out = append(out, s)
	}
	return out
}

func (c *call) getTable() (any, *cloud.Error) {
	var in struct {
		TableName       string
		TableProperties map[string]string
	}
	if e := c.JSON(&in); e != nil {
		return nil, e
	}
	if e := c.may("bcm-data-exports:GetTable", c.s.arn(exportsService, c.account(), "table/"+in.TableName)); e != nil {
		return nil, e
	}
	t := definition.TableNamed(in.TableName)
	if t == nil {
		return nil, definition.Invalid("The table %s does not exist.", in.TableName)
	}
	settings, e := t.Complete(in.TableProperties)
	if e != nil {
		return nil, e
	}
	type column struct{ Name, Type, Description string }
	schema := []column{}
	for _, name := range t.Columns(settings) {
		schema = append(schema, column{name, t.ColumnType(name), name})
	}
	return map[string]any{"TableName": t.Name, "Description": t.Description, "TableProperties": settings, "Schema": schema}, nil
}
