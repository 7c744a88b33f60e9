package api

import (
	"context"
	"encoding/base64"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// Paging is how every list is asked for page by page.
type Paging struct {
	Cursor string `query:"cursor" doc:"The next_cursor of the page before. Opaque."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Items at most."`
}

// list is one page.
type list[T any] struct {
	Items      []T    `json:"items" doc:"The items of this page."`
	NextCursor string `json:"next_cursor,omitempty" doc:"Gives the next page as cursor. Absent on the last one."`
}

type listOutput[T any] struct{ Body list[T] }

func (p Paging) page() (store.Page, error) {
	after, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return store.Page{}, bursar.InvalidField("cursor", "the cursor is not one of this list").WithReason("cursor_malformed").
			WithHint("send the next_cursor of the page before, as it is")
	}
	return store.Page{After: string(after), Limit: p.Limit}, nil
}

// paged answers with the page of a list that is asked for: what read returns of it, in one transaction, and what comes after it.
func paged[T any](ctx context.Context, a *API, in Paging, read func(*store.Tx, store.Page) (items []T, next string, err error)) (*listOutput[T], error) {
	page, err := in.page()
	if err != nil {
		return nil, err
	}
	var items []T
	var next string
	err = a.Store.View(ctx, func(tx *store.Tx) (err error) { items, next, err = read(tx, page); return err })
	return listed(items, next), err
}

// each shows every thing of a list.
func each[S, T any](list []S, show func(S) T) []T {
	out := make([]T, len(list))
	for i, s := range list {
		out[i] = show(s)
	}
	return out
}

func listed[T any](items []T, next string) *listOutput[T] {
	if items == nil {
		items = []T{}
	}
	return &listOutput[T]{list[T]{items, base64.RawURLEncoding.EncodeToString([]byte(next))}}
}
