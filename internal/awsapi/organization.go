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

// Root tells the id of the organization's root, "r-…" (organizations:ListRoots): what a StackSet for every linked account targets.
func (s *Session) Root(ctx context.Context) (string, error) {
	out, err := s.orgs().ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil {
		return "", fmt.Errorf("list the organization's roots: %w", err)
	}
	if len(out.Roots) == 0 {
		return "", fmt.Errorf("list the organization's roots: AWS answered without one")
	}
	return aws.ToString(out.Roots[0].Id), nil
}

// BillTransfers says which bills change hands between organizations, by the account ids of their management accounts.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/orgs_transfer_billing.html
type BillTransfers struct {
	PaidBy  []string // who pays this account's bill in its place
	PaysFor []string // whose bills this account pays
}

// Transfers tells the accepted transfers of bills (organizations:ListInboundResponsibilityTransfers and
// organizations:ListOutboundResponsibilityTransfers; the management account may ask).
func (s *Session) Transfers(ctx context.Context) (BillTransfers, error) {
	var t BillTransfers
	out := &organizations.ListOutboundResponsibilityTransfersInput{Type: types.ResponsibilityTransferTypeBilling}
	for {
		page, err := s.orgs().ListOutboundResponsibilityTransfers(ctx, out)
		if err != nil {
			return t, fmt.Errorf("list who pays the bill: %w", err)
		}
		t.PaidBy = append(t.PaidBy, accepted(page.ResponsibilityTransfers, func(r types.ResponsibilityTransfer) *types.TransferParticipant { return r.Target })...)
		if out.NextToken = page.NextToken; aws.ToString(out.NextToken) == "" {
			break
		}
	}
	in := &organizations.ListInboundResponsibilityTransfersInput{Type: types.ResponsibilityTransferTypeBilling}
	for {
		page, err := s.orgs().ListInboundResponsibilityTransfers(ctx, in)
		if err != nil {
			return t, fmt.Errorf("list whose bills are paid: %w", err)
		}
		t.PaysFor = append(t.PaysFor, accepted(page.ResponsibilityTransfers, func(r types.ResponsibilityTransfer) *types.TransferParticipant { return r.Source })...)
		if in.NextToken = page.NextToken; aws.ToString(in.NextToken) == "" {
			return t, nil
		}
	}
}

func accepted(list []types.ResponsibilityTransfer, other func(types.ResponsibilityTransfer) *types.TransferParticipant) (ids []string) {
	for _, r := range list {
		if p := other(r); r.Status == types.ResponsibilityTransferStatusAccepted && p != nil {
			ids = append(ids, aws.ToString(p.ManagementAccountId))
		}
	}
	return ids
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
