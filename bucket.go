package bursar

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Errors that a [Bucket] answers with, to be found with errors.Is.
var (
	ErrNoObject    = errors.New("no such object")
	ErrNotModified = errors.New("object not modified")
)

// Bucket reads objects: an S3 bucket, or a folder laid out like one. Keys are bytes: they are never cleaned,
// joined or normalised as paths.
type Bucket interface {
	// List gives every object whose key begins with prefix, in key order, over as many pages as there are.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// Get opens an object; the caller closes its body. With a non-empty ifNoneMatch it answers
	// ErrNotModified when the object's ETag is still that. It answers ErrNoObject when there is none.
	// A body that ends before Size bytes gives io.ErrUnexpectedEOF, never a silent end.
	Get(ctx context.Context, key, ifNoneMatch string) (Object, io.ReadCloser, error)
}

// Object says what is known of an object without reading it.
type Object struct {
	Key      string
	Size     int64
	ETag     string // opaque; "" when the bucket has none
	Modified time.Time
}
