package cloud

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar/internal/sandbox/policy"
)

// awsManaged are the few of AWS's own policies that templates and tests attach, reduced to the services that the
// sandbox has. ReadOnlyAccess reads data, as the real one does.
var awsManaged = builtin(map[string]string{
	"AdministratorAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"ReadOnlyAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["account:List*","account:Get*",
"cloudformation:Describe*","cloudformation:Get*","cloudformation:List*","cur:DescribeReportDefinitions","bcm-data-exports:Get*","bcm-data-exports:List*",
"iam:Get*","iam:List*","iam:SimulatePrincipalPolicy","organizations:Describe*","organizations:List*","s3:Get*","s3:List*","ce:Get*","ce:Describe*","ce:List*"]}]}`,
	"SecurityAudit": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["cloudformation:Describe*","cloudformation:List*",
"iam:Get*","iam:List*","organizations:Describe*","organizations:List*","s3:GetBucket*","s3:ListAllMyBuckets"]}]}`,
	"AWSBillingReadOnlyAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["account:GetAccountInformation",
"billing:Get*","billing:List*","ce:Get*","ce:Describe*","ce:List*","cur:DescribeReportDefinitions","cur:GetUsageReport"]}]}`,
})

func builtin(texts map[string]string) map[string]*ManagedPolicy {
	out := map[string]*ManagedPolicy{}
	for name, text := range texts {
		d, err := policy.Parse(text, policy.Identity)
		if err != nil {
			panic("sandbox: policy " + name + ": " + err.Error())
		}
		out[name] = &ManagedPolicy{
			Name: name, Path: "/", ID: "ANPA" + strings.ToUpper(name + "XXXXXXXXXXXXXXXXX")[:17], Doc: d, Version: 1,
			CreatedAt: time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC), UpdatedAt: time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC),
		}
	}
	return out
}

// managed finds a managed policy that an account may attach; nil when there is none.
func (c *Cloud) managed(accountID, arn string) *ManagedPolicy {
	if name, ok := strings.CutPrefix(arn, "arn:"+c.Partition()+":iam::aws:policy/"); ok {
		p := awsManaged[name[strings.LastIndexByte(name, '/')+1:]]
		if p == nil {
			return nil
		}
		own := *p
		own.ARN = arn
		return &own
	}
	if a := c.accounts[accountID]; a != nil {
		return a.policies[arn]
	}
	return nil
}

// CreatePolicy makes a customer managed policy: AccountID's policy of a name and path.
func (c *Cloud) CreatePolicy(accountID, path, name, description, text string) (*ManagedPolicy, *Error) {
	d, e := managedDocument(text)
	if e != nil {
		return nil, e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a, e := c.account(accountID)
	if e != nil {
		return nil, e
	}
	if path == "" {
		path = "/"
	}
	arn := "arn:" + c.Partition() + ":iam::" + accountID + ":policy" + path + name
	if a.policies[arn] != nil {
		return nil, Errorf(http.StatusConflict, "EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", name)
	}
	now := c.Clock.Now().Truncate(time.Second)
	p := &ManagedPolicy{ARN: arn, ID: NewID("ANPA"), Name: name, Path: path, Description: description, Doc: d, Version: 1, CreatedAt: now, UpdatedAt: now}
	a.policies[arn] = p
	return p, nil
}

func managedDocument(text string) (*policy.Document, *Error) {
	if PolicySize(text) > MaxManagedPolicy {
		return nil, Errorf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for PolicySize: %d", MaxManagedPolicy)
	}
	return ParsePolicy(text, policy.Identity)
}

// SetPolicy gives a customer managed policy a new default version, in force at once.
func (c *Cloud) SetPolicy(accountID, arn, text string) (*ManagedPolicy, *Error) {
	d, e := managedDocument(text)
	if e != nil {
		return nil, e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.accounts[accountID]
	if a == nil || a.policies[arn] == nil {
		return nil, noPolicy(arn)
	}
	p := *a.policies[arn]
	p.Doc, p.Version, p.UpdatedAt = d, p.Version+1, c.Clock.Now().Truncate(time.Second)
	a.policies[arn] = &p
	return &p, nil
}

func noPolicy(arn string) *Error {
	return Errorf(http.StatusNotFound, "NoSuchEntity", "Policy %s was not found.", arn)
}

// Policy returns a managed policy: AWS's own, or one of the account.
func (c *Cloud) Policy(accountID, arn string) (*ManagedPolicy, *Error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p := c.managed(accountID, arn); p != nil {
		return p, nil
	}
	return nil, noPolicy(arn)
}

// Policies lists the customer managed policies of an account by ARN.
func (c *Cloud) Policies(accountID string) []*ManagedPolicy {
	c.mu.RLock()
	defer c.mu.RUnlock()
	a := c.accounts[accountID]
	if a == nil {
		return nil
	}
	out := make([]*ManagedPolicy, 0, len(a.policies))
	for _, arn := range slices.Sorted(maps.Keys(a.policies)) {
		out = append(out, a.policies[arn])
	}
	return out
}

// Attachments counts the users and roles that a managed policy is attached to.
func (c *Cloud) Attachments(accountID, arn string) int {
	n := 0
	for _, r := range c.Roles(accountID) {
		if slices.Contains(r.Attached, arn) {
			n++
		}
	}
	for _, u := range c.Users(accountID) {
		if slices.Contains(u.Attached, arn) {
			n++
		}
	}
	return n
}

// DeletePolicy removes a customer managed policy; one that is attached is a DeleteConflict.
func (c *Cloud) DeletePolicy(accountID, arn string) *Error {
	if c.Attachments(accountID, arn) > 0 {
		return Errorf(http.StatusConflict, "DeleteConflict", "Cannot delete a policy attached to entities.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.accounts[accountID]
	if a == nil || a.policies[arn] == nil {
		return noPolicy(arn)
	}
	delete(a.policies, arn)
	return nil
}
