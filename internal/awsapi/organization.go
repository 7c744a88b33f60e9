package awsapi

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// Organization is the organization that an account is in.
type Organization struct {
	ID           string // "o-…"
	ARN          string
	FeatureSet   string // ALL or CONSOLIDATED_BILLING
	ManagementID string // account id of the management account
}

// OrgAccount is one account of an organization.
type OrgAccount struct {
	ID       string
	ARN      string
	Name     string
	Email    string
	State    string // PENDING_ACTIVATION, ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED
	JoinedAt time.Time
}

// Active says whether the account can be connected.
func (a OrgAccount) Active() bool { return a.State == string(types.AccountStateActive) }

// Organization tells the organization that the account is in. Every account of one may ask
// (organizations:DescribeOrganization); one that is in none gets an error of class [OrgNotInUse].
func (s *Session) Organization(ctx context.Context) (Organization, error) {
	out, err := s.orgs().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return Organization{}, fmt.Errorf("describe the organization: %w", err)
	}
	if out.Organization == nil {
		return Organization{}, fmt.Errorf("describe the organization: AWS answered without one")
	}
	o := out.Organization
	return Organization{
		ID: aws.ToString(o.Id), ARN: aws.ToString(o.Arn), FeatureSet: string(o.FeatureSet), ManagementID: aws.ToString(o.MasterAccountId),
	}, nil
}

// Accounts gives every account of the organization (organizations:ListAccounts; the management account and delegated
// administrators may ask). Pages hold at most 20 accounts; an empty one may be followed by more.
func (s *Session) Accounts(ctx context.Context) iter.Seq2[OrgAccount, error] {
	return func(yield func(OrgAccount, error) bool) {
		var token *string
		for {
			out, err := s.orgs().ListAccounts(ctx, &organizations.ListAccountsInput{NextToken: token, MaxResults: aws.Int32(20)})
			if err != nil {
				yield(OrgAccount{}, fmt.Errorf("list the organization's accounts: %w", err))
				return
			}
			for _, a := range out.Accounts {
				if !yield(orgAccount(a), nil) {
					return
				}
			}
			if token = out.NextToken; aws.ToString(token) == "" {
				return
			}
		}
	}
}

// orgAccount reads State, and Status where there is none: AWS retires Status in favour of State.
func orgAccount(a types.Account) OrgAccount {
	state := string(a.State)
	if state == "" {
		state = string(a.Status)
	}
	return OrgAccount{
		ID: aws.ToString(a.Id), ARN: aws.ToString(a.Arn), Name: aws.ToString(a.Name), Email: aws.ToString(a.Email),
		State: state, JoinedAt: aws.ToTime(a.JoinedTimestamp).UTC(),
	}
}

// Region is one region as an account has it.
type Region struct {
	Name    string
	Enabled bool // ENABLED, ENABLED_BY_DEFAULT or on its way
}

// Regions tells which regions the account has switched on (account:ListRegions).
func (s *Session) Regions(ctx context.Context) ([]Region, error) {
	var out []Region
	pages := account.NewListRegionsPaginator(s.account(), &account.ListRegionsInput{MaxResults: aws.Int32(50)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the account's regions: %w", err)
		}
		for _, r := range page.Regions {
			status := string(r.RegionOptStatus)
			out = append(out, Region{aws.ToString(r.RegionName), status == "ENABLED" || status == "ENABLED_BY_DEFAULT" || status == "ENABLING"})
		}
	}
	return out, nil
}
