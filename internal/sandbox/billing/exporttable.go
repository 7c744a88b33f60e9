package billing

import (
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

func (c *call) listTables() (any, *cloud.Error) {
	var in pageInput
	if e := first(c.may("bcm-data-exports:ListTables", "*"), c.JSON(&in)); e != nil {
		return nil, e
	}
	size, e := in.size()
	if e != nil {
		return nil, e
	}
	list, next, e := page(tables, size, in.NextToken)
	if e != nil {
		return nil, e
	}
	type shown struct {
		TableName, Description string
		TableProperties        []shownProperty
	}
	out := struct {
		Tables    []shown
		NextToken string `json:",omitempty"`
	}{[]shown{}, next}
	for i := range list {
		out.Tables = append(out.Tables, shown{list[i].name, list[i].description, list[i].shownProperties()})
	}
	return out, nil
}

type shownProperty struct {
	Name, Description string
	DefaultValue      string   `json:",omitempty"`
	ValidValues       []string `json:",omitempty"`
}

func (t *table) shownProperties() []shownProperty {
	out := []shownProperty{}
	for _, p := range t.properties {
		s := shownProperty{Name: p.name, Description: p.description, ValidValues: p.values}
		if len(p.values) > 0 {
			s.DefaultValue = p.values[0]
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
	t := tableNamed(in.TableName)
	if t == nil {
		return nil, validation("The table %s does not exist.", in.TableName)
	}
	settings, e := t.complete(in.TableProperties)
	if e != nil {
		return nil, e
	}
	type column struct{ Name, Type, Description string }
	schema := []column{}
	for _, name := range t.columns(settings) {
		schema = append(schema, column{name, t.columnType(name), name})
	}
	return map[string]any{"TableName": t.name, "Description": t.description, "TableProperties": settings, "Schema": schema}, nil
}
