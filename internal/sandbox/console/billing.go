package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/sandbox/billing"
	"github.com/bursarhq/bursar/internal/sandbox/cloud"
)

// bills is what the page "Billing and time" shows: AWS has none like it, for its time cannot be moved.
type bills struct {
	Now      time.Time
	Exports  []exportBills
	Troubles []string
}

type exportBills struct {
	billing.Listed
	Service    string             // whose fault a trouble is
	Deliveries []billing.Delivery // the newest first
}

const billsPath = "/console/billing/home"

// longestMove keeps a slip of the hand from making years of bills.
const longestMove = 62 * 24

func (k *Console) showBills(_ *http.Request, v *view) {
	data := bills{Now: k.cloud.Clock.Now(), Troubles: billing.Troubles()}
	for _, x := range k.billing.Exports(v.Account.ID) {
		list := k.billing.Deliveries(x.ARN)
		slices.Reverse(list)
		data.Exports = append(data.Exports, exportBills{x, x.Service(), list})
	}
	v.Name, v.Title, v.Data = "billing", "Billing and time", data
}

// moveClock lets hours pass, with everything that AWS does in them.
func (k *Console) moveClock(r *http.Request, v *view) {
	hours, err := strconv.Atoi(r.PostFormValue("hours"))
	if err != nil || hours < 1 || hours > longestMove {
		k.failBills(r, v, "the clock moves by 1 to "+strconv.Itoa(longestMove)+" hours at a time")
		return
	}
	k.cloud.Clock.Advance(time.Duration(hours) * time.Hour)
	v.To = billsPath
}

func (k *Console) failBills(r *http.Request, v *view, problem string) {
	k.showBills(r, v)
	v.Problem, v.Status = problem, http.StatusBadRequest
}

// changeBills delivers what has changed, or restates a month, of an export of the account that is signed in.
func (k *Console) changeBills(r *http.Request, v *view) {
	x, ok := k.exportOf(v.Account.ID, r.PostFormValue("export"))
	if !ok {
		k.failBills(r, v, "the account has no such export")
		return
	}
	if kind := r.PostFormValue("trouble"); slices.Contains(billing.Troubles(), kind) {
		k.cloud.Faults.Add(cloud.Fault{Kind: kind, Service: x.Service(), Account: x.Account, Resource: x.Name, Times: 1})
	}
	var p bursar.Period
	if err := p.UnmarshalText([]byte(r.PostFormValue("period"))); err != nil {
		k.failBills(r, v, err.Error())
		return
	}
	run := k.billing.Deliver
	if r.PostFormValue("restate") != "" {
		run = k.billing.Restate
	}
	if err := run(x.ARN, p); err != nil {
		k.failBills(r, v, err.Error())
		return
	}
	v.To = billsPath
}

func (k *Console) exportOf(account, arn string) (billing.Listed, bool) {
	list := k.billing.Exports(account)
	if i := slices.IndexFunc(list, func(x billing.Listed) bool { return x.ARN == arn }); i >= 0 {
		return list[i], true
	}
	return billing.Listed{}, false
}
