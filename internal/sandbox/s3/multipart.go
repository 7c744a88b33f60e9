package s3

import (
	"crypto/md5" //nolint:gosec // S3's ETag is an MD5
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// upload is a multipart upload that has not been completed. The service's lock guards it.
type upload struct {
	id, bucket, key string
	parts           map[int]part
}

type part struct {
	file, etag string
	size       int64
}

const smallestPart = 5 << 20 // but the last

func (s *Service) createUpload(c *call) *cloud.Error {
	u := &upload{rand.Text(), c.bucket, c.key, map[int]part{}}
	s.mu.Lock()
	s.uploads[u.id] = u
	s.mu.Unlock()
	return c.reply(struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}{Bucket: c.bucket, Key: c.key, UploadId: u.id})
}

func (s *Service) uploadOf(c *call) (*upload, *cloud.Error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if u := s.uploads[c.query.Get("uploadId")]; u != nil && u.bucket == c.bucket && u.key == c.key {
		return u, nil
	}
	return nil, cloud.Errorf(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
}

func (s *Service) uploadPart(c *call) *cloud.Error {
	u, e := s.uploadOf(c)
	if e != nil {
		return e
	}
	n, err := strconv.Atoi(c.query.Get("partNumber"))
	if err != nil || n < 1 || n > 10_000 {
		return cloud.Errorf(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	sum := md5.Sum(c.Body) //nolint:gosec // see above
	p := part{filepath.Join(s.dir, fmt.Sprintf("part-%s-%d", u.id, n)), hex.EncodeToString(sum[:]), int64(len(c.Body))}
	if err := os.WriteFile(p.file, c.Body, 0o600); err != nil {
		return internal(err)
	}
	s.mu.Lock()
	u.parts[n] = p
	s.mu.Unlock()
	c.w.Header().Set("Etag", `"`+p.etag+`"`)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) completeUpload(c *call) *cloud.Error {
	u, e := s.uploadOf(c)
	if e != nil {
		return e
	}
	var in struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if e := readXML(c.Body, &in); e != nil {
		return e
	}
	var parts []part
	s.mu.RLock()
	for i, named := range in.Part {
		p, ok := u.parts[named.PartNumber]
		switch {
		case !ok || strings.Trim(named.ETag, `"`) != p.etag:
			e = cloud.Errorf(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
		case i > 0 && named.PartNumber <= in.Part[i-1].PartNumber:
			e = cloud.Errorf(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
		case i < len(in.Part)-1 && p.size < smallestPart:
			e = cloud.Errorf(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		parts = append(parts, p)
	}
	s.mu.RUnlock()
	if e != nil {
		return e
	}
	if len(parts) == 0 {
		return cloud.Errorf(http.StatusBadRequest, "MalformedXML", "You must specify at least one part")
	}
	etag, err := s.assemble(u, parts)
	if err != nil {
		return internal(err)
	}
	s.forget(u)
	return c.reply(struct {
		XMLName                     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}{Location: "/" + c.bucket + "/" + c.key, Bucket: c.bucket, Key: c.key, ETag: etag})
}

// assemble makes one object of the parts; its ETag is the MD5 of theirs, and their number.
func (s *Service) assemble(u *upload, parts []part) (string, error) {
	w, err := s.Create(u.bucket, u.key)
	if err != nil {
		return "", err
	}
	all := md5.New() //nolint:gosec // see above
	for _, p := range parts {
		body, err2 := os.ReadFile(p.file)
		if err2 == nil {
			_, err2 = w.Write(body)
		}
		if err2 != nil {
			err = err2
			break
		}
		sum := md5.Sum(body) //nolint:gosec // see above
		all.Write(sum[:])
	}
	return w.(*objectWriter).finish(err, fmt.Sprintf("%x-%d", all.Sum(nil), len(parts)))
}

func (s *Service) abortUpload(c *call) *cloud.Error {
	u, e := s.uploadOf(c)
	if e != nil {
		return e
	}
	s.forget(u)
	return c.noContent()
}

func (s *Service) forget(u *upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range u.parts {
		_ = os.Remove(p.file) // Close removes what is left
	}
	delete(s.uploads, u.id)
}
