package cloud

import (
	"cmp"
	"slices"
	"sync"
)

// Count is how often one action was asked for, and what AWS would have charged.
type Count struct {
	Service  string `json:"service"`
	Action   string `json:"action"`
	Requests int64  `json:"requests"`
	Failed   int64  `json:"failed"`   // of them, answered with an error
	NanoUSD  int64  `json:"nano_usd"` // billionths of a US dollar, exact
}

// Meter counts every request. The zero value is ready.
type Meter struct {
	mu     sync.Mutex
	counts map[[2]string]*Count
}

// Add counts one request and its charge.
func (m *Meter) Add(service, action string, failed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[[2]string]*Count{}
	}
	k := [2]string{service, action}
	c := m.counts[k]
	if c == nil {
		c = &Count{Service: service, Action: action}
		m.counts[k] = c
	}
	c.Requests++
	if failed {
		c.Failed++
	}
	c.NanoUSD += price(service, action, failed)
}

// Counts returns all counts, ordered by service and action.
func (m *Meter) Counts() []Count {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Count, 0, len(m.counts))
	for _, c := range m.counts {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Action, b.Action))
	})
	return out
}

// Requests returns how often an action was asked for; with an empty action, the whole service.
func (m *Meter) Requests(service, action string) int64 {
	var n int64
	for _, c := range m.Counts() {
		if c.Service == service && fits(action, c.Action) {
			n += c.Requests
		}
	}
	return n
}

// NanoUSD returns what AWS would have charged for all requests, in billionths of a US dollar.
func (m *Meter) NanoUSD() int64 {
	var n int64
	for _, c := range m.Counts() {
		n += c.NanoUSD
	}
	return n
}

// Reset forgets all counts.
func (m *Meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts = nil
}

// price is AWS's list price of one request in us-east-1, in billionths of a dollar: Cost Explorer 0.01 USD,
// S3 0.005 USD for 1,000 writes and lists and 0.0004 USD for 1,000 reads. The other services that we simulate
// do not charge for requests. S3 does not charge the owner for requests that others were denied: we count them
// all the same, because the product should not send them.
func price(service, action string, failed bool) int64 {
	switch {
	case service == "ce" && !failed:
		return 10_000_000
	case service != "s3":
		return 0
	}
	switch action {
	case "PutObject", "CopyObject", "ListObjects", "ListObjectsV2", "ListBuckets", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "PostObject":
		return 5_000
	case "DeleteObject", "DeleteObjects", "AbortMultipartUpload":
		return 0
	}
	return 400
}
