package s3

import (
	"encoding/xml"
	"net/http"
	"os"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// getObject answers GetObject and HeadObject, with ranges and conditions.
func (s *Service) getObject(c *call) *cloud.Error {
	if e := s.Authorize(c.Caller, "s3:GetObject", c.bucket, c.key, nil); e != nil {
		return e
	}
	o, f, e := s.open(c.bucket, c.key)
	if e != nil {
		if denied := s.Authorize(c.Caller, "s3:ListBucket", c.bucket, "", nil); denied != nil {
			return denied // who may not list must not learn what is not there
		}
		return e
	}
	defer func() { _ = f.Close() }() // it was only read
	h := c.w.Header()
	h.Set("Etag", o.etag)
	h.Set("Accept-Ranges", "bytes")
	h.Set("X-Amz-Server-Side-Encryption", "AES256")
	if match := c.Header.Get("If-Match"); match != "" && !matches(match, o.etag) {
		return cloud.Errorf(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	h.Set("Content-Type", "binary/octet-stream")
	if strings.HasPrefix(c.Header.Get("Range"), "bytes=") && o.size == 0 {
		return invalidRange()
	}
	http.ServeContent(rangeless{c.w}, c.Request.Request, "", o.modified, f) // If-None-Match, If-Modified-Since, Range
	return nil
}

// open finds an object's newest version and opens its file. The file of a version that is replaced meanwhile is gone,
// and then there is a newer one.
func (s *Service) open(bucket, key string) (*object, *os.File, *cloud.Error) {
	for {
		o, e := s.find(bucket, key)
		if e != nil {
			return nil, nil, e
		}
		f, err := os.Open(o.file)
		if err == nil {
			return o, f, nil
		}
		if now, _ := s.find(bucket, key); now == o {
			return nil, nil, internal(err)
		}
	}
}

// rangeless keeps the type that S3 gives to a refused range.
type rangeless struct{ http.ResponseWriter }

// WriteHeader answers as it is told, and gives an unsatisfiable range S3's type.
func (w rangeless) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable {
		w.Header().Set("Content-Type", "application/xml")
	}
	w.ResponseWriter.WriteHeader(status)
}

func invalidRange() *cloud.Error {
	return cloud.Errorf(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
}

func matches(list, etag string) bool {
	for m := range strings.SplitSeq(list, ",") {
		if m = strings.TrimSpace(m); m == "*" || m == etag || `"`+m+`"` == etag {
			return true
		}
	}
	return false
}

func (s *Service) putObject(c *call) *cloud.Error {
	if c.Header.Get("If-None-Match") == "*" {
		if _, e := s.find(c.bucket, c.key); e == nil {
			return cloud.Errorf(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		}
	}
	etag, err := s.Put(c.bucket, c.key, c.Body)
	if err != nil {
		return internal(err)
	}
	c.w.Header().Set("Etag", etag)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) deleteObject(c *call) *cloud.Error {
	if err := s.Delete(c.bucket, c.key); err != nil {
		return internal(err)
	}
	return c.noContent()
}

func (s *Service) deleteObjects(c *call) *cloud.Error {
	var in struct {
		Quiet  bool
		Object []struct{ Key string }
	}
	if e := readXML(c.Body, &in); e != nil {
		return e
	}
	type failed struct{ Key, Code, Message string }
	var out struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []struct{ Key string }
		Error   []failed
	}
	for _, o := range in.Object {
		if e := s.Authorize(c.Caller, "s3:DeleteObject", c.bucket, o.Key, nil); e != nil {
			out.Error = append(out.Error, failed{o.Key, e.Code, e.Message})
			continue
		}
		if err := s.Delete(c.bucket, o.Key); err != nil {
			return internal(err)
		}
		if !in.Quiet {
			out.Deleted = append(out.Deleted, o)
		}
	}
	return c.reply(out)
}
