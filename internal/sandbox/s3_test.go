package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/bursarhq/bursar/internal/sandbox"
)

// shelf is an account's client with a bucket of objects.
func shelf(t testing.TB, keys ...string) (*sandbox.Sandbox, *s3.Client) {
	t.Helper()
	s := start(t, small(t))
	c := buckets(asAdmin(t, s, payer))
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("shelf")}); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		putObject(t, c, key, "content of "+key)
	}
	return s, c
}

func putObject(t testing.TB, c *s3.Client, key, body string) string {
	t.Helper()
	out, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("shelf"), Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatalf("%q: %v", key, err)
	}
	return *out.ETag
}

// oddKeys are keys that a client or a server that treats them as paths would spoil.
var oddKeys = []string{"/leading", "a//b", "a/../b", "a/./b", "data/2026-04-16T15:24:15.653Z-x/y=1", "sp ace+plus%20", "ünïcode/é", "trailing/", "a&b?c#d", "*~'()!"}

func TestObjectsKeepTheirKeys(t *testing.T) {
	_, c := shelf(t, oddKeys...)
	for _, key := range oddKeys {
		if body, err := object(t, c, "shelf", key); err != nil || string(body) != "content of "+key {
			t.Errorf("%q: %q %v", key, body, err)
		}
	}
	out, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("shelf")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range out.Contents {
		got = append(got, *o.Key)
	}
	want := slices.Sorted(slices.Values(oddKeys))
	if !slices.Equal(got, want) {
		t.Errorf("listed %q\nwant   %q", got, want)
	}
}

func TestConditionalReadsAndRanges(t *testing.T) {
	_, c := shelf(t)
	etag := putObject(t, c, "k", "0123456789")
	get := func(change func(*s3.GetObjectInput)) (string, string, error) {
		t.Helper()
		in := &s3.GetObjectInput{Bucket: aws.String("shelf"), Key: aws.String("k")}
		change(in)
		out, err := c.GetObject(t.Context(), in)
		if err != nil {
			return "", "", err
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		return string(body), aws.ToString(out.ContentRange), err
	}
	if body, at, err := get(func(in *s3.GetObjectInput) { in.Range = aws.String("bytes=2-4") }); err != nil || body != "234" || at != "bytes 2-4/10" {
		t.Errorf("range: %q %q %v", body, at, err)
	}
	if body, _, err := get(func(in *s3.GetObjectInput) { in.Range = aws.String("bytes=-3") }); err != nil || body != "789" {
		t.Errorf("suffix: %q %v", body, err)
	}
	if _, _, err := get(func(in *s3.GetObjectInput) { in.Range = aws.String("bytes=10-") }); err == nil {
		t.Error("a range behind the end")
	}
	if _, _, err := get(func(in *s3.GetObjectInput) { in.IfNoneMatch = &etag }); !strings.Contains(fmt.Sprint(err), "304") {
		t.Errorf("not modified: %v", err)
	}
	if _, _, err := get(func(in *s3.GetObjectInput) { in.IfMatch = aws.String(`"other"`) }); code(err) != "PreconditionFailed" {
		t.Errorf("another version: %v", err)
	}
	head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("shelf"), Key: aws.String("k")})
	if err != nil || *head.ContentLength != 10 || *head.ETag != etag || !head.LastModified.Equal(epoch) {
		t.Errorf("%v %+v", err, head)
	}
	_, err = c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("shelf"), Key: aws.String("k"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
	if code(err) != "PreconditionFailed" {
		t.Errorf("put where there is one: %v", err)
	}
	if _, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("shelf"), Key: aws.String("l"), CopySource: aws.String("shelf/k")}); code(err) != "NotImplemented" {
		t.Errorf("copy: %v", err)
	}
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("shelf"), Key: aws.String("l")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: aws.String("shelf"), Key: aws.String("l"), UploadId: up.UploadId, PartNumber: aws.Int32(1), CopySource: aws.String("shelf/k")})
	if code(err) != "NotImplemented" {
		t.Errorf("copy of a part: %v", err)
	}
}

func TestListingsInPages(t *testing.T) {
	var keys []string
	for i := range 25 {
		keys = append(keys, fmt.Sprintf("a/%02d/file", i))
	}
	_, c := shelf(t, append(keys, "b", "c/d")...)
	var got []string
	pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("shelf"), Prefix: aws.String("a/"), MaxKeys: aws.Int32(7)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil || len(page.Contents) > 7 {
			t.Fatal(err, len(page.Contents))
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
	}
	if !slices.Equal(got, keys) {
		t.Errorf("listed %q", got)
	}
	got = nil
	folders := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String("shelf"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)})
	for folders.HasMorePages() {
		page, err := folders.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
		for _, o := range page.Contents {
			got = append(got, *o.Key)
		}
	}
	if want := []string{"a/", "b", "c/"}; !slices.Equal(got, want) {
		t.Errorf("folders %q, want %q", got, want)
	}
	old, err := c.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: aws.String("shelf"), Marker: aws.String("a/23/file")})
	if err != nil || len(old.Contents) != 3 || *old.Contents[0].Key != "a/24/file" {
		t.Errorf("%v %+v", err, old)
	}
	if _, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("shelf"), ContinuationToken: aws.String("!")}); code(err) != "InvalidArgument" {
		t.Errorf("a token of our own: %v", err)
	}
}

func TestMultipartUploads(t *testing.T) {
	s, c := shelf(t)
	ctx, bucket, key := t.Context(), aws.String("shelf"), aws.String("big")
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	parts := [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("the end")}
	var done []types.CompletedPart
	for i, p := range parts {
		n := aws.Int32(int32(i + 1)) //nolint:gosec // two of them
		out, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: up.UploadId, PartNumber: n, Body: bytes.NewReader(p)})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, types.CompletedPart{PartNumber: n, ETag: out.ETag})
	}
	finish := func(list ...types.CompletedPart) error {
		_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: list}})
		return err
	}
	if err := finish(done[1], done[0]); code(err) != "InvalidPartOrder" && code(err) != "EntityTooSmall" {
		t.Errorf("in the wrong order: %v", err)
	}
	if err := finish(types.CompletedPart{PartNumber: aws.Int32(3), ETag: aws.String("x")}); code(err) != "InvalidPart" {
		t.Errorf("a part that was not sent: %v", err)
	}
	if keys := s.S3().Keys("shelf", ""); len(keys) != 0 {
		t.Errorf("there already: %q", keys)
	}
	if err := finish(done...); err != nil {
		t.Fatal(err)
	}
	body, err := object(t, c, "shelf", "big")
	if err != nil || !bytes.Equal(body, bytes.Join(parts, nil)) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if err := finish(done...); code(err) != "NoSuchUpload" {
		t.Errorf("twice: %v", err)
	}
}

func TestDeletions(t *testing.T) {
	_, c := shelf(t, "a", "b", "c")
	ctx, bucket := t.Context(), aws.String("shelf")
	if _, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); code(err) != "BucketNotEmpty" {
		t.Errorf("a bucket with objects: %v", err)
	}
	out, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("a")}, {Key: aws.String("b")}, {Key: aws.String("gone")}}}})
	if err != nil || len(out.Deleted) != 3 {
		t.Errorf("%v %+v", err, out)
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("c")}); err != nil {
		t.Error(err)
	}
	if _, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
		t.Error(err)
	}
	if _, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket}); !strings.Contains(fmt.Sprint(err), "404") {
		t.Errorf("after it is gone: %v", err)
	}
}

// TestWhoSeesWhatIsNotThere: who may not list gets 403 for a missing key, who may gets 404; other owners and
// regions are told apart as AWS does.
func TestWhoSeesWhatIsNotThere(t *testing.T) {
	s, admin := shelf(t, "there")
	role := makeRole(t, s, payer, "reader", goodTrust(id), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`)
	cfg := session(t, s, role, id)
	reader := buckets(cfg)
	if _, err := object(t, reader, "shelf", "there"); err != nil {
		t.Error(err)
	}
	if _, err := object(t, reader, "shelf", "gone"); code(err) != "AccessDenied" {
		t.Errorf("without ListBucket: %v", err)
	}
	if _, err := object(t, admin, "shelf", "gone"); code(err) != "NoSuchKey" {
		t.Errorf("with ListBucket: %v", err)
	}
	if _, err := object(t, reader, "no-such-shelf", "gone"); code(err) != "NoSuchBucket" {
		t.Errorf("no bucket: %v", err)
	}
	for owner, want := range map[string]string{payer: "", loner: "AccessDenied"} {
		_, err := reader.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("shelf"), Key: aws.String("there"), ExpectedBucketOwner: &owner})
		if code(err) != want {
			t.Errorf("expected owner %s: %v", owner, err)
		}
	}
	cfg.Region = "eu-west-1"
	if _, err := object(t, buckets(cfg), "shelf", "there"); code(err) != "PermanentRedirect" {
		t.Errorf("from another region: %v", err)
	}
	stranger := buckets(asAdmin(t, s, loner))
	if _, err := object(t, stranger, "shelf", "there"); code(err) != "AccessDenied" {
		t.Errorf("from another account: %v", err)
	}
	if _, err := stranger.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("shelf")}); code(err) != "BucketAlreadyExists" {
		t.Errorf("the name is taken: %v", err)
	}
	if res, err := http.Get(s.URL() + "/shelf/there"); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("without a signature: %v %v", err, res)
	} else {
		_ = res.Body.Close()
	}
}

func TestPresignedReads(t *testing.T) {
	s, c := shelf(t, "a b/ü")
	signed, err := s3.NewPresignClient(c).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("shelf"), Key: aws.String("a b/ü")})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{signed.URL: http.StatusOK, strings.Replace(signed.URL, "%20", "%2B", 1): http.StatusForbidden} {
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %s", strings.TrimPrefix(address, s.URL()), res.Status)
		}
	}
}

func TestBucketSettings(t *testing.T) {
	s, c := shelf(t)
	ctx, bucket := t.Context(), aws.String("shelf")
	if _, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket}); code(err) != "NoSuchBucketPolicy" {
		t.Errorf("no policy: %v", err)
	}
	if _, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(`{"Version":"2012-10-17"}`)}); code(err) != "MalformedPolicy" {
		t.Errorf("malformed: %v", err)
	}
	text := deliveryPolicy("shelf", payer)
	if _, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &text}); err != nil {
		t.Error(err)
	}
	if out, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket}); err != nil || *out.Policy != text {
		t.Errorf("%v %+v", err, out)
	}
	if out, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: bucket}); err != nil || out.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != types.ServerSideEncryptionAes256 {
		t.Errorf("encryption: %v", err)
	}
	far := asAdmin(t, s, payer)
	far.Region = "eu-north-1"
	in := &s3.CreateBucketInput{Bucket: aws.String("far-shelf"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-north-1"}}
	if _, err := buckets(far).CreateBucket(ctx, in); err != nil {
		t.Fatal(err)
	}
	if out, err := buckets(far).GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: in.Bucket}); err != nil || out.LocationConstraint != "eu-north-1" {
		t.Errorf("location: %v %+v", err, out)
	}
	if out, err := c.ListBuckets(ctx, nil); err != nil || len(out.Buckets) != 2 {
		t.Errorf("buckets: %v %+v", err, out)
	}
}
