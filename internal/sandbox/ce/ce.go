// Package ce is the Cost Explorer of the simulated AWS. Its amounts come from the same spending as the bills that the sandbox
// delivers, refreshed every eight hours as AWS does it: a closed month agrees with its bill to the last decimal, the open
// month lies some hours behind, and a month that was restated here or there differs until both have heard of it.
//
// It validates as AWS does, in AWS's words: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_Explorer_Service.html,
// and the texts of errors that people have reported. Every answered request costs 0.01 USD on the meter; failed ones are free.
//
// Faults of its own, for [cloud.Faults] (Service "ce"): "repeated_token" answers with the token that was asked with, and
// "request_changed" and "data_unavailable" with those errors.
package ce

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billgen"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// SectionName is the name of the world's section that this package reads.
const SectionName = "cost_explorer"

// Section is the world's section "cost_explorer". All of it may be absent.
type Section struct {
	Page     int       `yaml:"page"` // groups on a page of GetCostAndUsage; 500 when absent
	Accounts []Account `yaml:"accounts"`
}

// Account is what one account's owner has switched on in the console. No API reads these preferences, or changes them.
type Account struct {
	Account     string `yaml:"account" json:"account"`
	Disabled    bool   `yaml:"disabled" json:"disabled"`       // Cost Explorer was never opened
	Hourly      bool   `yaml:"hourly" json:"hourly"`           // hourly granularity
	Resources   bool   `yaml:"resources" json:"resources"`     // costs of single resources
	History     bool   `yaml:"history" json:"history"`         // data beyond 14 months
	Rightsizing bool   `yaml:"rightsizing" json:"rightsizing"` // rightsizing recommendations
}

// Bills is what the service needs of the billing side; *billing.Service has it.
type Bills interface {
	// Spec says what an account's bills are made of.
	Spec(account string) billgen.Spec
	// Restated says how often a month of the account's bill has been restated.
	Restated(account string, p bursar.Period) int
}

// Service answers for ce. It is safe for concurrent use.
type Service struct {
	cloud *cloud.Cloud
	bills Bills
	page  int

	mu       sync.Mutex
	accounts map[string]Account
	restated map[string]map[bursar.Period]int // restatements that the bills have not heard of
}

// New returns the service. It reads the world's section "cost_explorer".
func New(c *cloud.Cloud, bills Bills) (*Service, error) {
	var section Section
	if _, err := c.World.Section(SectionName, &section); err != nil {
		return nil, err
	}
	s := &Service{cloud: c, bills: bills, page: section.Page, accounts: map[string]Account{}, restated: map[string]map[bursar.Period]int{}}
	if s.page <= 0 {
		s.page = 500
	}
	for _, a := range section.Accounts {
		if err := s.Set(a); err != nil {
			return nil, fmt.Errorf("world: %s: %w", SectionName, err)
		}
	}
	return s, nil
}

// Set changes what an account's owner has switched on.
func (s *Service) Set(a Account) error {
	if _, ok := s.cloud.Account(a.Account); !ok {
		return fmt.Errorf("there is no account %q", a.Account)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[a.Account] = a
	return nil
}

// Restate changes a month here and not in the bill, as it happens when AWS corrects one before the other.
func (s *Service) Restate(account string, p bursar.Period) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.restated[account] == nil {
		s.restated[account] = map[bursar.Period]int{}
	}
	s.restated[account][p]++
}

func (s *Service) settings(account string) Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[account]
}

// Name returns "ce".
func (s *Service) Name() string { return "ce" }

// Protocol returns JSON 1.1.
func (s *Service) Protocol() cloud.Protocol { return cloud.JSON11 }

// Namespace returns "": JSON has none.
func (s *Service) Namespace() string { return "" }

// Operations lists what is simulated.
func (s *Service) Operations() []string { return slices.Sorted(maps.Keys(operations)) }

var operations = map[string]func(*call) (any, *cloud.Error){
	"GetCostAndUsage":                       (*call).costAndUsage,
	"GetCostAndUsageWithResources":          (*call).costWithResources,
	"GetDimensionValues":                    (*call).dimensionValues,
	"GetTags":                               (*call).tags,
	"GetCostCategories":                     (*call).costCategories,
	"GetCostForecast":                       (*call).costForecast,
	"GetReservationCoverage":                (*call).reservationCoverage,
	"GetReservationUtilization":             (*call).reservationUtilization,
	"GetReservationPurchaseRecommendation":  (*call).reservationAdvice,
	"GetRightsizingRecommendation":          (*call).rightsizing,
	"GetSavingsPlansCoverage":               (*call).plansCoverage,
	"GetSavingsPlansUtilization":            (*call).plansUtilization,
	"GetSavingsPlansUtilizationDetails":     (*call).plansDetails,
	"GetSavingsPlansPurchaseRecommendation": (*call).plansAdvice,
	"ListCostCategoryDefinitions":           (*call).categoryDefinitions,
	"ListCostAllocationTags":                (*call).allocationTags,
	"GetAnomalies":                          (*call).anomalies,
	"GetAnomalyMonitors":                    (*call).anomalyMonitors,
	"GetAnomalySubscriptions":               (*call).anomalySubscriptions,
}

// call is one request.
type call struct {
	*cloud.Request
	s     *Service
	now   time.Time
	prefs Account
}

func (c *call) account() string { return c.Caller.AccountID }

// Serve answers one request: who may not ask learns nothing else.
func (s *Service) Serve(w http.ResponseWriter, r *cloud.Request) {
	c := &call{r, s, s.cloud.Clock.Now(), s.settings(r.Caller.AccountID)}
	out, e := c.answer()
	if e != nil {
		r.Fail(w, e)
		return
	}
	r.ReplyJSON(w, out)
}

func (c *call) answer() (any, *cloud.Error) {
	run, ok := operations[c.Action]
	home := "us-east-1"
	if c.Cloud.Partition() == "aws-cn" {
		home = "cn-northwest-1"
	}
	switch {
	case c.Region != home:
		return nil, cloud.Errorf(http.StatusBadRequest, "InvalidSignatureException", "Credential should be scoped to a valid region.")
	case !ok:
		return nil, cloud.Errorf(http.StatusBadRequest, "UnknownOperationException", "the sandbox's ce has no %s", c.Action)
	}
	if e := c.Allow("ce:"+c.Action, c.resource(), nil); e != nil {
		return nil, e
	}
	if c.prefs.Disabled {
		return nil, cloud.Errorf(http.StatusBadRequest, "AccessDeniedException", "User not enabled for cost explorer access")
	}
	for kind, code := range map[string]string{"request_changed": "RequestChangedException", "data_unavailable": "DataUnavailableException"} {
		if f, ok := c.Cloud.Faults.Take(kind, "ce", c.Action, c.account(), ""); ok {
			return nil, cloud.Errorf(http.StatusBadRequest, code, "%s", f.Message)
		}
	}
	return run(c)
}

// resource is what a policy may name: the account's primary billing view for the operations that know one.
func (c *call) resource() string {
	switch c.Action {
	case "GetCostAndUsage", "GetCostAndUsageWithResources", "GetDimensionValues", "GetTags", "GetCostCategories", "GetCostForecast":
		return "arn:" + c.Cloud.Partition() + ":billing::" + c.account() + ":billingview/primary"
	}
	return "*"
}

// invalid is AWS's ValidationException.
func invalid(format string, args ...any) *cloud.Error {
	return cloud.Errorf(http.StatusBadRequest, "ValidationException", format, args...)
}

// notOptedIn is AWS's answer where a preference of the console is missing.
func notOptedIn(what string) *cloud.Error {
	return cloud.Errorf(http.StatusBadRequest, "AccessDeniedException", "%s is an opt-in only feature. You can enable this feature from the PAYER account's Cost Explorer Settings page. Customers with PAYER accounts can enable it for their linked accounts", what)
}
