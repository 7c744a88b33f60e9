package destinationtest

import (
	"context"

	"github.com/bursarhq/bursar/internal/destination"
)

// source is a dataset of made-up parts.
type source struct{ parts []*destination.Part }

// Name is line_items.
func (s *source) Name() string { return dataset }

// Parts are the parts that the test has set.
func (s *source) Parts(context.Context, string) ([]*destination.Part, func(), error) {
	return s.parts, func() {}, nil
}
