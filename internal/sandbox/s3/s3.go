// Package s3 is the Simple Storage Service of the simulated AWS: buckets with a region, an owner and a policy, and
// objects kept in files. It speaks path style only.
// https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
//
// Who may do what is decided by the caller's policies and the bucket's together. As AWS does, it answers 403 for an
// object that is not there to whoever may not list the bucket, 403 when the expected owner is another one, and 301
// with the right region to who asks in a wrong one.
package s3

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// Service answers for s3. Close removes what it has stored.
type Service struct {
	cloud *cloud.Cloud
	dir   string

	mu      sync.RWMutex
	buckets map[string]*bucket
	uploads map[string]*upload
}

// bucket is guarded by the service's lock; its objects are never changed, only replaced.
type bucket struct {
	name, region, owner string
	created             time.Time
	policyText          string
	policy              *policy.Document
	publicBlock         []byte            // as it was put
	settings            map[string][]byte // XML by subresource
	before              []func()          // what must be done before anybody looks into it
	keys                []string
	objects             map[string]*object
}

// object is one version of an object, in a file.
type object struct {
	key, etag string
	size      int64
	modified  time.Time
	file      string
	mounted   bool // not ours to remove
}

// New returns a service that keeps objects in a fresh folder under dir ("" = the system's temporary folder), and
// registers the CloudFormation types AWS::S3::Bucket and AWS::S3::BucketPolicy.
func New(c *cloud.Cloud, dir string) (*Service, error) {
	own, err := os.MkdirTemp(dir, "sandbox-s3-")
	if err != nil {
		return nil, fmt.Errorf("sandbox s3: %w", err)
	}
	s := &Service{cloud: c, dir: own, buckets: map[string]*bucket{}, uploads: map[string]*upload{}}
	c.HandleResource("AWS::S3::Bucket", bucketHandler{s})
	c.HandleResource("AWS::S3::BucketPolicy", policyHandler{s})
	return s, nil
}

// Close removes every stored object.
func (s *Service) Close() error { return os.RemoveAll(s.dir) }

// Name returns "s3".
func (s *Service) Name() string { return "s3" }

// Protocol returns REST XML.
func (s *Service) Protocol() cloud.Protocol { return cloud.RestXML }

// Namespace returns the XML namespace of S3.
func (s *Service) Namespace() string { return namespace }

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// target splits a path-style path. Keys are bytes: nothing is cleaned.
func target(r *http.Request) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	if k, err := url.PathUnescape(key); err == nil {
		key = k
	}
	return bucket, key
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// CreateBucket makes a bucket for an account in a region. It fails with BucketAlreadyOwnedByYou,
// BucketAlreadyExists or InvalidBucketName.
func (s *Service) CreateBucket(accountID, region, name string) *cloud.Error {
	if !bucketName.MatchString(name) {
		return bucketError(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		if b.owner == accountID {
			return bucketError(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", name)
		}
		return bucketError(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.", name)
	}
	s.buckets[name] = &bucket{name: name, region: region, owner: accountID, created: s.cloud.Clock.Now(), objects: map[string]*object{}}
	return nil
}

// DeleteBucket removes an empty bucket; it fails with NoSuchBucket or BucketNotEmpty.
func (s *Service) DeleteBucket(name string) *cloud.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	switch {
	case b == nil:
		return noBucket(name)
	case len(b.keys) > 0:
		return bucketError(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty", name)
	}
	delete(s.buckets, name)
	return nil
}

// PutBucketPolicy sets a bucket's policy; "" takes it away. It fails with NoSuchBucket or MalformedPolicy.
func (s *Service) PutBucketPolicy(name, text string) *cloud.Error {
	var doc *policy.Document
	if text != "" {
		d, err := policy.Parse(text, policy.Resource)
		if err != nil {
			return cloud.Errorf(http.StatusBadRequest, "MalformedPolicy", "%v", err)
		}
		doc = d
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	if b == nil {
		return noBucket(name)
	}
	b.policyText, b.policy = text, doc
	return nil
}

// Bucket tells a bucket's region and owner.
func (s *Service) Bucket(name string) (region, owner string, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return "", "", false
	}
	return b.region, b.owner, true
}

// BeforeUse runs f once, before the next request for something in the bucket is answered.
func (s *Service) BeforeUse(name string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		b.before = append(b.before, sync.OnceFunc(f))
	}
}

// use does what must be done before anybody looks into a bucket. Whoever comes meanwhile waits.
func (s *Service) use(name string) {
	s.mu.RLock()
	var before []func()
	if b := s.buckets[name]; b != nil {
		before = b.before
	}
	s.mu.RUnlock()
	for _, f := range before {
		f()
	}
}

// Keys lists the keys of a bucket that begin with prefix, in order, without asking whether anybody may.
func (s *Service) Keys(name, prefix string) []string {
	s.use(name)
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return nil
	}
	i, _ := slices.BinarySearch(b.keys, prefix)
	var out []string
	for ; i < len(b.keys) && strings.HasPrefix(b.keys[i], prefix); i++ {
		out = append(out, b.keys[i])
	}
	return out
}

// Authorize decides whether a principal may do an action on a bucket, or on a key in it when key is not empty, with
// the bucket's policy. It fails with NoSuchBucket or AccessDenied.
func (s *Service) Authorize(p cloud.Principal, action, name, key string, context map[string][]string) *cloud.Error {
	s.mu.RLock()
	b := s.buckets[name]
	if b == nil {
		s.mu.RUnlock()
		return noBucket(name)
	}
	resource := "arn:" + s.cloud.Partition() + ":s3:::" + name
	if key != "" {
		resource += "/" + key
	}
	a := cloud.Access{Action: action, Resource: resource, ResourceAccount: b.owner, ResourcePolicy: b.policy, Context: context, Region: b.region}
	s.mu.RUnlock()
	return s.cloud.Authorize(p, a)
}

func noBucket(name string) *cloud.Error {
	return bucketError(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist", name)
}

func bucketError(status int, code, message, name string) *cloud.Error {
	return &cloud.Error{Status: status, Code: code, Message: message, Fields: map[string]string{"BucketName": name}}
}

func noKey(key string) *cloud.Error {
	return &cloud.Error{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "The specified key does not exist.", Fields: map[string]string{"Key": key}}
}
