package api

import (
	"context"

	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/billing/query"
)

// SQLViews is what a statement can read.
type SQLViews struct {
	Views   []SQLView `json:"views" doc:"The views."`
	Seconds float64   `json:"seconds" doc:"How long a statement may take."`
}

// SQLView is a view that statements read.
type SQLView struct {
	Name    string     `json:"name" doc:"As statements name it."`
	Doc     string     `json:"doc" doc:"What it holds."`
	Columns []SQLField `json:"columns" doc:"Its columns."`
	More    string     `json:"more,omitempty" doc:"What other columns it has."`
}

// SQLField is a column of a view.
type SQLField struct {
	Name string `json:"name" doc:"As statements name it."`
	Type string `json:"type" doc:"Its SQL type; s stands for as many digits as the bills have."`
	Doc  string `json:"doc" doc:"What it holds."`
}

type viewsOutput struct{ Body SQLViews }

func (a *API) listSQLViews(context.Context, auth.Principal, *struct{}) (*viewsOutput, error) {
	out := SQLViews{Views: []SQLView{}, Seconds: a.SQLTimeout.Seconds()}
	for _, v := range query.Views() {
		view := SQLView{Name: v.Name, Doc: v.Doc, More: v.More}
		for _, f := range v.Fields {
			view.Columns = append(view.Columns, SQLField{f.Name, f.Type, f.Doc})
		}
		out.Views = append(out.Views, view)
	}
	return &viewsOutput{out}, nil
}
