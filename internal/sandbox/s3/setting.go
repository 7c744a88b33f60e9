package s3

import (
	"encoding/xml"
	"maps"
	"net/http"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// A bucket's encryption and ownership change nothing that the sandbox does: it keeps what it is told, and tells it.

// defaultEncryption is what every bucket has since 2023:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html.
const defaultEncryption = `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ApplyServerSideEncryptionByDefault>` +
	`<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`

// subresource is the setting that a request is about.
func (c *call) subresource() string {
	if c.query.Has("encryption") {
		return "encryption"
	}
	return "ownershipControls"
}

func (s *Service) setting(c *call) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[c.bucket].settings[c.subresource()]
}

func (s *Service) keepSetting(c *call, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[c.bucket]
	if b == nil {
		return
	}
	kept := maps.Clone(b.settings)
	if kept == nil {
		kept = map[string][]byte{}
	}
	kept[c.subresource()] = body
	b.settings = kept
}

func (s *Service) putSetting(c *call) *cloud.Error {
	var in struct{ XMLName xml.Name }
	if e := readXML(c.Body, &in); e != nil {
		return e
	}
	s.keepSetting(c, c.Body)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) deleteSetting(c *call) *cloud.Error {
	s.keepSetting(c, nil)
	return c.noContent()
}

func (s *Service) getEncryption(c *call) *cloud.Error {
	body := s.setting(c)
	if body == nil {
		body = []byte(defaultEncryption)
	}
	return c.document(body)
}

func (s *Service) getOwnership(c *call) *cloud.Error {
	body := s.setting(c)
	if body == nil {
		return bucketError(http.StatusNotFound, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", c.bucket)
	}
	return c.document(body)
}

// document answers with XML that is there already.
func (c *call) document(body []byte) *cloud.Error {
	c.w.Header().Set("Content-Type", "application/xml")
	_, _ = c.w.Write(body) // the client is gone: nobody is left to tell
	return nil
}
