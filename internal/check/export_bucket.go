package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

type exportBucket struct{ basis }

// newExportBucket tries out the role that reads the bills, and the bucket that they are in.
func newExportBucket() Check {
	return exportBucket{basis{"export_bucket", bursar.CapBillingExport, []string{
		"s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration", "s3:GetObject", "s3:ListBucket", "sts:AssumeRole", "sts:GetCallerIdentity",
	}}}
}

// Run proves the export role's trust before it uses the role.
func (c exportBucket) Run(ctx context.Context, t *Target) []bursar.Finding {
	if t.session == nil || !t.kind().HasBill() {
		return nil
	}
	if t.Result.Chosen == nil {
		return []bursar.Finding{c.notSetUp(t)}
	}
	e := t.Result.Chosen.Export
	if f, ok := c.open(ctx, t, e.RoleARN); !ok {
		return []bursar.Finding{f}
	}
	bucket, err := t.exportSession.Bucket(e.Bucket, e.Region, e.BucketOwner)
	if err != nil {
		return []bursar.Finding{c.failure(t, err, "look at the bucket "+e.Bucket, e.RoleARN)}
	}
	return []bursar.Finding{c.look(ctx, t, bucket, e)}
}

// open assumes the export role, in the right account and with the same proof of trust as the access role.
func (c exportBucket) open(ctx context.Context, t *Target, role string) (bursar.Finding, bool) {
	a := t.assume(ctx, c.name, role, c.capability)
	if a.err != nil {
		f := c.failure(t, a.err, "assume the role "+role+" that reads the bills", role)
		if awsapi.Classify(a.err).Class == awsapi.NotDeployed {
			f.Remedy = fmt.Sprintf("Create the export stack in account %s from the link of the export step, or put back the trust policy of the role %s:\n%s", t.Account.AccountID, role, t.trustPolicy())
		}
		return f, false
	}
	id, err := a.session.Identity(ctx)
	switch {
	case err != nil:
		return c.failure(t, err, "ask AWS which account the session is in", role), false
	case id.AccountID != t.Account.AccountID:
		t.stop()
		return c.find(t, bursar.StatusFailed, "wrong_account", fmt.Sprintf("The account registered is %s, but the role that reads the bills is in account %s (sts:GetCallerIdentity).", t.Account.AccountID, id.AccountID),
			"Create the export stack in account "+t.Account.AccountID+".", map[string]string{"account_registered": t.Account.AccountID, "account_seen": id.AccountID}), false
	}
	switch p := t.proveTrust(ctx, role, c.capability); {
	case p.insecure != "":
		return c.insecureFinding(t, role, p.insecure), false
	case p.err != nil:
		f := c.failure(t, p.err, "prove that the role "+role+" requires its external id", role)
		f.Status, f.Code = bursar.StatusUnknown, "inconclusive"
		return f, false
	}
	t.exportSession = a.session
	return bursar.Finding{}, true
}

func (c exportBucket) look(ctx context.Context, t *Target, b Bucket, e bursar.Export) bursar.Finding {
	facts := map[string]string{"bucket": e.Bucket, "owner": e.BucketOwner, "region": e.Region, "role_arn": e.RoleARN}
	region, err := b.Location(ctx)
	switch {
	case err != nil:
		return c.failure(t, err, "look at the bucket "+e.Bucket, e.RoleARN)
	case region != e.Region:
		facts["region_seen"] = region
		return c.find(t, bursar.StatusFailed, "wrong_region", fmt.Sprintf("The export %s of account %s says that the bucket %s is in %s, but it is in %s (s3:GetBucketLocation).", e.Name, t.Account.AccountID, e.Bucket, e.Region, region),
			fmt.Sprintf("Update the export stack with CurS3BucketRegion=%s.", region), facts)
	}
	if err := c.read(ctx, b, e, facts); err != nil {
		return c.failure(t, err, "read the bills in the bucket "+e.Bucket, e.RoleARN)
	}
	if algorithm, key, err := b.Encryption(ctx); err == nil {
		facts["encryption"], facts["kms_key"] = orDefault(algorithm, "none"), key
	}
	policy, err := b.Policy(ctx)
	if err == nil && !letsDeliver(policy, e) {
		return c.find(t, bursar.StatusWarning, "delivery_not_allowed", fmt.Sprintf("The policy of the bucket %s in account %s (s3:GetBucketPolicy) does not let AWS deliver bills.", e.Bucket, t.Account.AccountID),
			"Give the bucket this policy, or update the export stack:\n"+deliveryPolicy(t, e), facts)
	}
	if err != nil {
		facts["policy"] = "not readable"
	}
	return c.find(t, bursar.StatusOK, "ok", fmt.Sprintf("The bucket %s in %s belongs to account %s and its bills can be read.", e.Bucket, region, e.BucketOwner), "", facts)
}

// read lists the export's folder and opens its first object: only that proves that keys may be used.
func (c exportBucket) read(ctx context.Context, b Bucket, e bursar.Export, facts map[string]string) error {
	for o, err := range b.List(ctx, folder(e)) {
		if err != nil {
			return err
		}
		_, body, err := b.Get(ctx, o.Key, "")
		if errors.Is(err, bursar.ErrNoObject) {
			continue // replaced since it was listed
		}
		if err != nil {
			return err
		}
		facts["read"] = o.Key
		_, err = io.ReadFull(body, make([]byte, min(1, o.Size)))
		return errors.Join(err, body.Close())
	}
	facts["read"] = "nothing delivered yet"
	return nil
}

// folder is where an export's files lie: prefix/name/. AWS keeps slashes of the prefix as they are.
func folder(e bursar.Export) string {
	if e.Prefix == "" {
		return e.Name + "/"
	}
	return e.Prefix + "/" + e.Name + "/"
}

// deliverers are the services that write bills.
func deliverers(e bursar.Export) []string {
	if e.Format == bursar.FormatLegacy {
		return []string{"billingreports.amazonaws.com"}
	}
	return []string{"bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"}
}

// letsDeliver says whether some statement lets AWS's service put objects. Its conditions are not judged: AWS's own status
// tells whether deliveries arrive.
func letsDeliver(policy string, e bursar.Export) bool {
	list, err := parsePolicy(policy)
	if err != nil {
		return false
	}
	for _, s := range list {
		puts := slices.ContainsFunc(s.Action, func(a string) bool {
			return strings.EqualFold(a, "s3:PutObject") || strings.EqualFold(a, "s3:Put*") || a == "s3:*" || a == "*"
		})
		to := slices.ContainsFunc(s.Principal["Service"], func(n string) bool { return slices.Contains(deliverers(e), n) })
		if s.Effect == "Allow" && puts && (to || slices.Contains(s.Principal["AWS"], "*")) {
			return true
		}
	}
	return false
}

// deliveryPolicy writes the statements that the bucket needs. The source is the billing region's whatever the bucket's is.
// https://docs.aws.amazon.com/cur/latest/userguide/dataexports-s3-bucket.html
func deliveryPolicy(t *Target, e bursar.Export) string {
	billing := "us-east-1"
	if p, err := awsapi.PartitionOf(t.Account.Partition); err == nil {
		billing = p.BillingRegion
	}
	source := fmt.Sprintf("arn:%s:cur:%s:%s:definition/*", t.Account.Partition, billing, t.Account.AccountID)
	actions := `["s3:GetBucketAcl", "s3:GetBucketPolicy", "s3:PutObject"]`
	if e.Format != bursar.FormatLegacy {
		source += fmt.Sprintf(`", "arn:%s:bcm-data-exports:%s:%s:export/*`, t.Account.Partition, billing, t.Account.AccountID)
		actions = `["s3:GetBucketPolicy", "s3:PutObject"]`
	}
	return fmt.Sprintf(`{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"Service": ["%[1]s"]},
    "Action": %[2]s,
    "Resource": ["arn:%[3]s:s3:::%[4]s", "arn:%[3]s:s3:::%[4]s/*"],
    "Condition": {"StringEquals": {"aws:SourceAccount": "%[5]s"}, "ArnLike": {"aws:SourceArn": ["%[6]s"]}}
  }]
}`, strings.Join(deliverers(e), `", "`), actions, t.Account.Partition, e.Bucket, t.Account.AccountID, source)
}
