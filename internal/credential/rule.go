package credential

import (
	"errors"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func optionalAccount(id string) error {
	if id == "" {
		return nil
	}
	return bursar.CheckAccountID(id)
}

// place finds the partition by the region; without one it is aws, with the region of billing.
func place(c *bursar.Credential, region string) error {
	if region == "" {
		region = bursar.ExportRegion(bursar.PartitionAWS)
	}
	p, err := awsapi.PartitionOfRegion(region)
	c.Partition, c.Region = p.Name, region
	return err
}

// within completes the region, and proves that the partition has it.
func within(c *bursar.Credential) error {
	p, err := awsapi.PartitionOf(c.Partition)
	if err != nil {
		return err
	}
	if c.Region == "" {
		c.Region = p.BillingRegion
	}
	return p.CheckRegion(c.Region)
}

func wrongAccount(want, got string) error {
	return bursar.InvalidField("account_id", "it is in account %s and not in %s", got, want).WithReason("wrong_account").WithHint("paste the key of account %s, or make another credential for %s", want, got)
}

func reasonOf(err error) string {
	if e := problem(err); e != nil {
		return e.Reason
	}
	return string(bursar.CodeOf(err))
}

// problem is the first of our errors in a chain; nil when there is none.
func problem(err error) *bursar.Error {
	var e *bursar.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// capital makes a sentence of a message.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
