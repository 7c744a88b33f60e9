package s3

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"slices"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

const usEast1 = "us-east-1"

func (s *Service) createBucket(c *call) *cloud.Error {
	var in struct{ LocationConstraint string }
	if e := readXML(c.Body, &in); e != nil {
		return e
	}
	if e := c.Allow("s3:CreateBucket", "arn:"+s.cloud.Partition()+":s3:::"+c.bucket, nil); e != nil {
		return e
	}
	if c.Region != usEast1 && in.LocationConstraint != c.Region {
		return cloud.Errorf(http.StatusBadRequest, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", cmp.Or(in.LocationConstraint, "unspecified"))
	}
	e := s.CreateBucket(c.Caller.AccountID, cmp.Or(in.LocationConstraint, usEast1), c.bucket)
	if e != nil && (e.Code != "BucketAlreadyOwnedByYou" || c.Region != usEast1) { // us-east-1 says yes again
		return e
	}
	c.w.Header().Set("Location", "/"+c.bucket)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) deleteBucket(c *call) *cloud.Error {
	if e := s.DeleteBucket(c.bucket); e != nil {
		return e
	}
	return c.noContent()
}

func (s *Service) headBucket(c *call) *cloud.Error {
	c.w.Header().Set("X-Amz-Access-Point-Alias", "false")
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) getLocation(c *call) *cloud.Error {
	region, _, _ := s.Bucket(c.bucket)
	if region == usEast1 {
		region = ""
	}
	return c.reply(struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
		Region  string   `xml:",chardata"`
	}{Region: region})
}

func (s *Service) listBuckets(c *call) *cloud.Error {
	type entry struct{ Name, CreationDate, BucketRegion string }
	var out struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Buckets struct{ Bucket []entry }
		Owner   struct{ ID string }
	}
	out.Owner.ID = c.Caller.AccountID
	s.mu.RLock()
	for _, b := range s.buckets {
		if b.owner == c.Caller.AccountID {
			out.Buckets.Bucket = append(out.Buckets.Bucket, entry{b.name, stamp(b.created), b.region})
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(out.Buckets.Bucket, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
	return c.reply(out)
}

func (s *Service) getPolicy(c *call) *cloud.Error {
	s.mu.RLock()
	text := s.buckets[c.bucket].policyText
	s.mu.RUnlock()
	if text == "" {
		return bucketError(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist", c.bucket)
	}
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write([]byte(text)) // the client is gone: nobody is left to tell
	return nil
}

func (s *Service) putPolicy(c *call) *cloud.Error {
	if e := s.PutBucketPolicy(c.bucket, string(c.Body)); e != nil {
		return e
	}
	return c.noContent()
}

func (s *Service) deletePolicy(c *call) *cloud.Error {
	if e := s.PutBucketPolicy(c.bucket, ""); e != nil {
		return e
	}
	return c.noContent()
}

func (s *Service) getPublicBlock(c *call) *cloud.Error {
	s.mu.RLock()
	body := s.buckets[c.bucket].publicBlock
	s.mu.RUnlock()
	if body == nil {
		return bucketError(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", c.bucket)
	}
	c.w.Header().Set("Content-Type", "application/xml")
	_, _ = c.w.Write(body) // as above
	return nil
}

func (s *Service) putPublicBlock(c *call) *cloud.Error {
	var in struct{ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool }
	if e := readXML(c.Body, &in); e != nil {
		return e
	}
	s.setPublicBlock(c.bucket, c.Body)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) deletePublicBlock(c *call) *cloud.Error {
	s.setPublicBlock(c.bucket, nil)
	return c.noContent()
}

func (s *Service) setPublicBlock(name string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		b.publicBlock = body
	}
}

func (s *Service) getVersioning(c *call) *cloud.Error {
	return c.reply(struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
	}{})
}
