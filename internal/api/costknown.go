package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// CostDimensions are everything that costs can be grouped and filtered by, and counted in.
type CostDimensions struct {
	Dimensions     []CostDimension `json:"dimensions" doc:"Those that every bill has."`
	Tags           []string        `json:"tags" doc:"Keys of tags that line items of the time have. The dimension is tag:KEY."`
	CostCategories []string        `json:"cost_categories" doc:"Cost categories that line items of the time have. The dimension is cost_category:KEY."`
	Metrics        []CostMetric    `json:"metrics" doc:"How cost can be counted."`
	Operators      []string        `json:"operators" doc:"How filters compare."`
}

// CostDimension is something that costs can be grouped by.
type CostDimension struct {
	Name string `json:"name" doc:"As questions name it."`
	Doc  string `json:"doc" doc:"What it is."`
	From string `json:"from" enum:"summaries,rollups,line items" doc:"What answers are read from: summaries and rollups answer at once."`
}

// CostMetric is a way to count cost.
type CostMetric struct {
	Name string `json:"name" doc:"As questions name it."`
	Doc  string `json:"doc" doc:"What it counts."`
}

// TimeSelection is the time that a request is about.
type TimeSelection struct {
	From string `query:"from" doc:"First month or day, YYYY-MM or YYYY-MM-DD; by default the month five months ago."`
	To   string `query:"to" doc:"First month or day that is left out; by default the next month."`
}

func (in TimeSelection) parse(now time.Time) (query.Question, error) {
	return query.Parse(query.Words{From: in.From, To: in.To}, now)
}

type dimensionsOutput struct{ Body CostDimensions }

func (a *API) listDimensions(ctx context.Context, p auth.Principal, in *TimeSelection) (*dimensionsOutput, error) {
	q, err := in.parse(a.Now())
	if err != nil {
		return nil, err
	}
	keys, err := a.Costs.Keys(ctx, p.WorkspaceID, q)
	if err != nil {
		return nil, err
	}
	out := CostDimensions{Tags: orEmpty(keys.Tags), CostCategories: orEmpty(keys.Categories), Operators: query.Operators}
	for _, d := range query.Dimensions {
		out.Dimensions = append(out.Dimensions, CostDimension{d.Name, d.Doc, d.From()})
	}
	for _, m := range query.Metrics {
		out.Metrics = append(out.Metrics, CostMetric{m.Name, m.Doc})
	}
	return &dimensionsOutput{out}, nil
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// CostValues are values of a dimension.
type CostValues struct {
	Dimension string   `json:"dimension" doc:"Whose values they are."`
	Values    []string `json:"values" doc:"Sorted. A blank is none: ask for it with not exists."`
	More      bool     `json:"more" doc:"There are others: narrow them with contains."`
}

type valuesInput struct {
	TimeSelection
	Dimension string `query:"dimension" required:"true" doc:"A dimension, tag:KEY or cost_category:KEY."`
	Contains  string `query:"contains" maxLength:"200" doc:"Only values with this in them; upper and lower case are the same."`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Values at most."`
}

type valuesOutput struct{ Body CostValues }

func (a *API) listDimensionValues(ctx context.Context, p auth.Principal, in *valuesInput) (*valuesOutput, error) {
	q, err := in.parse(a.Now())
	if err != nil {
		return nil, err
	}
	d, err := query.DimensionOf("dimension", in.Dimension)
	if err != nil {
		return nil, err
	}
	values, more, err := a.Costs.ValuesOf(ctx, p.WorkspaceID, q, d, in.Contains, in.Limit)
	return &valuesOutput{CostValues{d.Name, orEmpty(values), more}}, err
}
