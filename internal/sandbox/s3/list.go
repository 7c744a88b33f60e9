package s3

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

const maxKeys = 1000

type content struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
}

type commonPrefix struct{ Prefix string }

// page is one page of a listing.
type page struct {
	contents []content
	prefixes []commonPrefix
	last     string // the last key or common prefix: the next page begins behind it
	more     bool
}

func (p *page) size() int { return len(p.contents) + len(p.prefixes) }

// list collects a page of the keys behind after that begin with prefix; keys that share what stands before a
// delimiter become one common prefix.
func (s *Service) list(bucket, prefix, delimiter, after string, limit int) page {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[bucket]
	var p page
	if b == nil || limit == 0 {
		return p
	}
	i, _ := slices.BinarySearch(b.keys, max(prefix, after))
	for ; i < len(b.keys) && strings.HasPrefix(b.keys[i], prefix); i++ {
		key := b.keys[i]
		common := ""
		if at := strings.Index(key[len(prefix):], delimiter); delimiter != "" && at >= 0 {
			common = key[:len(prefix)+at+len(delimiter)]
		}
		if key <= after || common != "" && common <= after {
			continue
		}
		if p.size() == limit {
			p.more = true
			break
		}
		if p.last = key; common == "" {
			o := b.objects[key]
			p.contents = append(p.contents, content{key, stamp(o.modified), o.etag, o.size, "STANDARD"})
			continue
		}
		p.last, after = common, common
		p.prefixes = append(p.prefixes, commonPrefix{common})
	}
	return p
}

// mayList asks for s3:ListBucket with the keys that policies test.
func (s *Service) mayList(c *call) *cloud.Error {
	context := map[string][]string{"s3:prefix": {c.query.Get("prefix")}}
	if c.query.Has("delimiter") {
		context["s3:delimiter"] = []string{c.query.Get("delimiter")}
	}
	if c.query.Has("max-keys") {
		context["s3:max-keys"] = []string{c.query.Get("max-keys")}
	}
	return s.Authorize(c.Caller, "s3:ListBucket", c.bucket, "", context)
}

func (c *call) limit() (int, *cloud.Error) {
	text := c.query.Get("max-keys")
	if text == "" {
		return maxKeys, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, cloud.Errorf(http.StatusBadRequest, "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
	}
	return min(n, maxKeys), nil
}

// encode spells keys as the caller asked: url encoding keeps what XML 1.0 cannot hold.
func (c *call) encode(key string) string {
	if c.query.Get("encoding-type") != "url" {
		return key
	}
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

func (c *call) encodePage(p *page) {
	for i := range p.contents {
		p.contents[i].Key = c.encode(p.contents[i].Key)
	}
	for i := range p.prefixes {
		p.prefixes[i].Prefix = c.encode(p.prefixes[i].Prefix)
	}
}

func (s *Service) listObjectsV2(c *call) *cloud.Error {
	if e := s.mayList(c); e != nil {
		return e
	}
	limit, e := c.limit()
	if e != nil {
		return e
	}
	after := c.query.Get("start-after")
	if token := c.query.Get("continuation-token"); token != "" {
		text, err := base64.URLEncoding.DecodeString(token)
		if err != nil {
			return cloud.Errorf(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
		}
		after = string(text)
	}
	p := s.list(c.bucket, c.query.Get("prefix"), c.query.Get("delimiter"), after, limit)
	next := ""
	if p.more {
		next = base64.URLEncoding.EncodeToString([]byte(p.last))
	}
	c.encodePage(&p)
	return c.reply(struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix          string
		Delimiter             string `xml:",omitempty"`
		StartAfter            string `xml:",omitempty"`
		ContinuationToken     string `xml:",omitempty"`
		NextContinuationToken string `xml:",omitempty"`
		EncodingType          string `xml:",omitempty"`
		KeyCount, MaxKeys     int
		IsTruncated           bool
		Contents              []content
		CommonPrefixes        []commonPrefix
	}{
		Name: c.bucket, Prefix: c.encode(c.query.Get("prefix")), Delimiter: c.encode(c.query.Get("delimiter")),
		StartAfter: c.encode(c.query.Get("start-after")), ContinuationToken: c.query.Get("continuation-token"), NextContinuationToken: next,
		EncodingType: c.query.Get("encoding-type"), KeyCount: p.size(), MaxKeys: limit, IsTruncated: p.more,
		Contents: p.contents, CommonPrefixes: p.prefixes,
	})
}

// listObjects is the first version of the listing, which old clients ask for.
func (s *Service) listObjects(c *call) *cloud.Error {
	if e := s.mayList(c); e != nil {
		return e
	}
	limit, e := c.limit()
	if e != nil {
		return e
	}
	p := s.list(c.bucket, c.query.Get("prefix"), c.query.Get("delimiter"), c.query.Get("marker"), limit)
	next := ""
	if p.more && c.query.Has("delimiter") {
		next = c.encode(p.last)
	}
	c.encodePage(&p)
	return c.reply(struct {
		XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix, Marker string
		NextMarker           string `xml:",omitempty"`
		EncodingType         string `xml:",omitempty"`
		MaxKeys              int
		IsTruncated          bool
		Contents             []content
		CommonPrefixes       []commonPrefix
	}{
		Name: c.bucket, Prefix: c.encode(c.query.Get("prefix")), Marker: c.encode(c.query.Get("marker")), NextMarker: next,
		EncodingType: c.query.Get("encoding-type"), MaxKeys: limit, IsTruncated: p.more, Contents: p.contents, CommonPrefixes: p.prefixes,
	})
}
