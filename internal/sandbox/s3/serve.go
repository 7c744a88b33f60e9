package s3

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// operation is one S3 operation: its name, the permission that it needs, and what it does.
type operation struct {
	name   string
	action string // "" = the operation asks by itself
	run    func(s *Service, c *call) *cloud.Error
}

// call is one request that is being answered.
type call struct {
	*cloud.Request
	w           http.ResponseWriter
	bucket, key string
	query       url.Values
}

// subresources are the query parameters that make another operation of a request.
var subresources = []string{"uploads", "uploadId", "policy", "policyStatus", "publicAccessBlock", "location", "versioning", "encryption", "ownershipControls", "tagging", "lifecycle", "delete", "versions", "acl"}

// bucketOperations and objectOperations are looked up by method and subresource.
var bucketOperations = map[[2]string]operation{
	{"PUT", ""}:                     {"CreateBucket", "", (*Service).createBucket},
	{"DELETE", ""}:                  {"DeleteBucket", "s3:DeleteBucket", (*Service).deleteBucket},
	{"HEAD", ""}:                    {"HeadBucket", "s3:ListBucket", (*Service).headBucket},
	{"GET", ""}:                     {"ListObjects", "", (*Service).listObjects},
	{"GET", "list-type"}:            {"ListObjectsV2", "", (*Service).listObjectsV2},
	{"GET", "location"}:             {"GetBucketLocation", "s3:GetBucketLocation", (*Service).getLocation},
	{"GET", "policy"}:               {"GetBucketPolicy", "s3:GetBucketPolicy", (*Service).getPolicy},
	{"PUT", "policy"}:               {"PutBucketPolicy", "s3:PutBucketPolicy", (*Service).putPolicy},
	{"DELETE", "policy"}:            {"DeleteBucketPolicy", "s3:DeleteBucketPolicy", (*Service).deletePolicy},
	{"GET", "publicAccessBlock"}:    {"GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", (*Service).getPublicBlock},
	{"PUT", "publicAccessBlock"}:    {"PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", (*Service).putPublicBlock},
	{"DELETE", "publicAccessBlock"}: {"DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", (*Service).deletePublicBlock},
	{"GET", "versioning"}:           {"GetBucketVersioning", "s3:GetBucketVersioning", (*Service).getVersioning},
	{"GET", "encryption"}:           {"GetBucketEncryption", "s3:GetEncryptionConfiguration", (*Service).getEncryption},
	{"PUT", "encryption"}:           {"PutBucketEncryption", "s3:PutEncryptionConfiguration", (*Service).putSetting},
	{"DELETE", "encryption"}:        {"DeleteBucketEncryption", "s3:PutEncryptionConfiguration", (*Service).deleteSetting},
	{"GET", "ownershipControls"}:    {"GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", (*Service).getOwnership},
	{"PUT", "ownershipControls"}:    {"PutBucketOwnershipControls", "s3:PutBucketOwnershipControls", (*Service).putSetting},
	{"DELETE", "ownershipControls"}: {"DeleteBucketOwnershipControls", "s3:PutBucketOwnershipControls", (*Service).deleteSetting},
	{"POST", "delete"}:              {"DeleteObjects", "", (*Service).deleteObjects},
}

var objectOperations = map[[2]string]operation{
	{"GET", ""}:            {"GetObject", "", (*Service).getObject},
	{"HEAD", ""}:           {"HeadObject", "", (*Service).getObject},
	{"PUT", ""}:            {"PutObject", "s3:PutObject", (*Service).putObject},
	{"DELETE", ""}:         {"DeleteObject", "s3:DeleteObject", (*Service).deleteObject},
	{"POST", "uploads"}:    {"CreateMultipartUpload", "s3:PutObject", (*Service).createUpload},
	{"PUT", "uploadId"}:    {"UploadPart", "s3:PutObject", (*Service).uploadPart},
	{"POST", "uploadId"}:   {"CompleteMultipartUpload", "s3:PutObject", (*Service).completeUpload},
	{"DELETE", "uploadId"}: {"AbortMultipartUpload", "s3:AbortMultipartUpload", (*Service).abortUpload},
}

var listBuckets = operation{"ListBuckets", "s3:ListAllMyBuckets", (*Service).listBuckets}

func find(r *http.Request) (operation, bool) {
	bucket, key := target(r)
	if bucket == "" {
		return listBuckets, r.Method == http.MethodGet
	}
	query := r.URL.Query()
	table, sub := objectOperations, ""
	if key == "" {
		table = bucketOperations
		if query.Has("list-type") {
			sub = "list-type"
		}
	}
	if i := slices.IndexFunc(subresources, query.Has); i >= 0 {
		sub = subresources[i]
	}
	op, ok := table[[2]string{r.Method, sub}]
	return op, ok
}

// ActionName names the operation that a request asks for.
func (s *Service) ActionName(r *http.Request) string {
	if op, ok := find(r); ok {
		return op.name
	}
	return "Unknown"
}

// Operations lists what is simulated.
func (s *Service) Operations() []string {
	out := []string{listBuckets.name}
	for _, table := range []map[[2]string]operation{bucketOperations, objectOperations} {
		for _, op := range table {
			out = append(out, op.name)
		}
	}
	slices.Sort(out)
	return out
}

// Serve answers one request.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	op, ok := find(r.Request)
	if !ok || r.Header.Get("X-Amz-Copy-Source") != "" { // a copy looks like a put of nothing
		r.Fail(w, cloud.Errorf(http.StatusNotImplemented, "NotImplemented", "A header or query you provided requested a function that the sandbox does not have"))
		return
	}
	c := &call{Request: r, w: w, query: r.URL.Query()}
	c.bucket, c.key = target(r.Request)
	w.Header().Set("Server", "AmazonS3")
	w.Header().Set("X-Amz-Request-Id", r.ID)
	e := s.admit(c, op)
	if e == nil {
		e = op.run(s, c)
	}
	if e != nil {
		r.Fail(w, e)
	}
}

// admit checks what holds for all operations on a bucket: it exists, in the region that was asked, with the
// owner that is expected, and the caller may do what it asks.
func (s *Service) admit(c *call, op operation) *cloud.Error {
	if op.name == "ListBuckets" {
		return c.Allow(op.action, "*", nil)
	}
	if op.name == "CreateBucket" {
		return nil
	}
	region, owner, ok := s.Bucket(c.bucket)
	if !ok {
		return noBucket(c.bucket)
	}
	c.w.Header().Set("X-Amz-Bucket-Region", region)
	if region != c.Region && c.Caller.Kind != cloud.Anonymous {
		return &cloud.Error{
			Status: http.StatusMovedPermanently, Code: "PermanentRedirect",
			Message: "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
			Fields:  map[string]string{"Bucket": c.bucket, "Endpoint": "s3." + region + ".amazonaws.com", "Region": region},
		}
	}
	if expected := c.Header.Get("X-Amz-Expected-Bucket-Owner"); expected != "" && expected != owner {
		return cloud.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	s.use(c.bucket)
	if op.action == "" {
		return nil
	}
	return s.Authorize(c.Caller, op.action, c.bucket, c.key, nil)
}

// reply answers with XML.
func (c *call) reply(v any) *cloud.Error {
	c.ReplyXML(c.w, http.StatusOK, v)
	return nil
}

func (c *call) noContent() *cloud.Error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func readXML(body []byte, v any) *cloud.Error {
	if len(body) == 0 {
		return nil
	}
	if err := xml.Unmarshal(body, v); err != nil {
		return cloud.Errorf(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	return nil
}

func internal(err error) *cloud.Error {
	if e, ok := err.(*cloud.Error); ok { //nolint:errorlint // our own functions return it bare
		return e
	}
	return cloud.Errorf(http.StatusInternalServerError, "InternalError", "%v", err)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
