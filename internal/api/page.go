package api

import (
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

func listed[T any](items []T, next string) *listOutput[T] {
	if items == nil {
		items = []T{}
	}
	return &listOutput[T]{list[T]{items, base64.RawURLEncoding.EncodeToString([]byte(next))}}
}
