package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// Verdict is what one property of an existing export means for whoever wants to own the bill.
type Verdict struct {
	Property string               // format, granularity, resource_ids, versioning, refresh, encryption, region, owner, path, health, last_delivery
	Value    string               // as AWS has it
	Status   bursar.FindingStatus // ok; warning: can be used, with less; failed: cannot be used; unknown
	Why      string               // for people
	Remedy   string               // what to do about it; "" = nothing, or it cannot be helped
}

// Verdicts judges each property of an export that an account has. encryption is how its bucket encrypts; "" while nobody could look.
func Verdicts(d bursar.Definition, a bursar.Account, encryption string, now time.Time) []Verdict {
	return []Verdict{
		format(d), granularity(d), yesNo("resource_ids", d.ResourceIDs, "names the resource of each line", "names no resources: AWS does not add them to an existing export",
			"have a new export made if costs by resource matter"),
		versioning(d),
		yesNo("refresh", d.RefreshClosed, "closed months are corrected, by a refund for example", "closed months are not corrected",
			"switch on the automatic refresh: Billing and Cost Management, Cost and Usage Reports, the report, Edit, Refresh automatically"),
		encrypted(encryption), region(d, a), owner(d, a), place(d), health(d), lastDelivery(d, now),
	}
}

func judge(property, value string, status bursar.FindingStatus, why string) Verdict {
	return Verdict{Property: property, Value: value, Status: status, Why: why}
}

// but adds what to do about it.
func (v Verdict) but(remedy string) Verdict {
	v.Remedy = remedy
	return v
}

func yesNo(property string, good bool, yes, no, remedy string) Verdict {
	if good {
		return judge(property, "yes", bursar.StatusOK, yes)
	}
	return judge(property, "no", bursar.StatusWarning, no).but(remedy)
}

func format(d bursar.Definition) Verdict {
	v := judge("format", string(d.Export.Format)+", "+string(d.Export.FileFormat), bursar.StatusOK, "everything that AWS tells of a line item")
	switch d.Export.Format {
	case bursar.FormatLegacy:
		v.Why = "everything that AWS tells of a line item, in the older layout"
	case bursar.FormatFOCUS10, bursar.FormatFOCUS12:
		v.Status, v.Why = bursar.StatusWarning, "the columns that clouds have in common: some metrics and details of AWS are missing"
		v.Remedy = "have a new CUR 2.0 export made if they matter"
	}
	return v
}

func granularity(d bursar.Definition) Verdict {
	switch d.Granularity {
	case "HOURLY", "":
		return judge("granularity", cmp.Or(d.Granularity, "of the table"), bursar.StatusOK, "the finest that there is")
	case "DAILY":
		return judge("granularity", d.Granularity, bursar.StatusOK, "days, and no hours")
	}
	return judge("granularity", d.Granularity, bursar.StatusWarning, "one line for a whole month: costs by day cannot be told").but("have a new export made: AWS does not change the granularity of one that is there")
}

func versioning(d bursar.Definition) Verdict {
	if d.Export.Versioning == bursar.CreateNew {
		return judge("versioning", string(bursar.CreateNew), bursar.StatusOK, "every delivery is kept beside the former one: the bucket grows, and bursar takes the newest")
	}
	return judge("versioning", string(bursar.Overwrite), bursar.StatusOK, "a delivery replaces the former one in the bucket")
}

func encrypted(how string) Verdict {
	switch {
	case how == "":
		return judge("encryption", "", bursar.StatusUnknown, "bursar may look at the bucket once the export is chosen and its stack stands")
	case strings.HasPrefix(how, "aws:kms"):
		return judge("encryption", how, bursar.StatusWarning, "the bucket has a key of its own, which the role that reads the bill must be let use").
			but("allow the role kms:Decrypt on the bucket's key, in a policy of the role and in the key's own")
	}
	return judge("encryption", how, bursar.StatusOK, "S3 decrypts by itself")
}

func region(d bursar.Definition, a bursar.Account) Verdict {
	v := judge("region", d.Export.Region, bursar.StatusOK, "where the bucket lies")
	switch china := strings.HasPrefix(d.Export.Region, "cn-"); {
	case d.Export.Region == "":
		v.Status, v.Why = bursar.StatusFailed, "AWS does not say where the bucket lies"
		v.Remedy = "look whether the bucket is still there, then check the account again"
	case china != (a.Partition == bursar.PartitionChina):
		v.Status, v.Why = bursar.StatusFailed, "the bucket is in another partition than the account"
		v.Remedy = "have a new export made, into a bucket of this partition"
	}
	return v
}

func owner(d bursar.Definition, a bursar.Account) Verdict {
	if d.Export.BucketOwner == a.AccountID {
		return judge("owner", a.AccountID, bursar.StatusOK, "the bucket is the account's own")
	}
	return judge("owner", d.Export.BucketOwner, bursar.StatusWarning, "the bucket belongs to another account").but("let the role read in the bucket's own policy too")
}

// place is limited to what a policy can name: a star or a question mark in it would open more than this export.
func place(d bursar.Definition) Verdict {
	p := d.Export.Folder()
	if strings.ContainsAny(p, "*?$") {
		return judge("path", p, bursar.StatusFailed, "a role cannot be limited to a path that holds *, ? or $").but("have a new export made, or give this one another prefix")
	}
	return judge("path", p, bursar.StatusOK, "what the role may read, and nothing beside it")
}

func health(d bursar.Definition) Verdict {
	switch {
	case d.Status == "UNHEALTHY" || strings.HasPrefix(d.Status, "ERROR"):
		return judge("health", d.Status, bursar.StatusFailed, "AWS says so: "+cmp.Or(d.Reason, d.Status))
	case d.Status == "":
		return judge("health", "", bursar.StatusUnknown, "AWS has not tried to deliver yet")
	}
	return judge("health", d.Status, bursar.StatusOK, "AWS says so")
}

func lastDelivery(d bursar.Definition, now time.Time) Verdict {
	if d.LastDelivery.IsZero() {
		return judge("last_delivery", "", bursar.StatusUnknown, "AWS names no delivery yet: the first comes within 24 hours after the export was made")
	}
	v := judge("last_delivery", d.LastDelivery.UTC().Format(time.RFC3339), bursar.StatusOK, "recent")
	if age := now.Sub(d.LastDelivery); age > 72*time.Hour {
		v.Status, v.Why = bursar.StatusWarning, fmt.Sprintf("%d days ago: AWS refreshes a bill at least daily", int(age.Hours()/24))
	}
	return v
}

// Usable says whether nothing keeps an export from being used.
func Usable(verdicts []Verdict) bool {
	return !slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.Status == bursar.StatusFailed })
}

// Best returns the index of the export to propose: among those that can be used, the one with the least to put up with; of equals CUR 2.0 before
// legacy before FOCUS, then the finer, then the one that was delivered last. -1 when none can be used.
func Best(list []bursar.Definition, a bursar.Account, now time.Time) int {
	best := -1
	for i, d := range list {
		if Usable(Verdicts(d, a, "", now)) && (best < 0 || better(d, list[best], a, now)) {
			best = i
		}
	}
	return best
}

var rank = map[string]int{
	string(bursar.FormatCUR2): 0, string(bursar.FormatLegacy): 1, string(bursar.FormatFOCUS12): 2, string(bursar.FormatFOCUS10): 3,
	"HOURLY": 0, "": 0, "DAILY": 1, "MONTHLY": 2,
}

func better(x, y bursar.Definition, a bursar.Account, now time.Time) bool {
	order := cmp.Or(
		cmp.Compare(warnings(x, a, now), warnings(y, a, now)),
		cmp.Compare(rank[string(x.Export.Format)], rank[string(y.Export.Format)]),
		cmp.Compare(rank[x.Granularity], rank[y.Granularity]),
		y.LastDelivery.Compare(x.LastDelivery),
		strings.Compare(x.Export.ARN, y.Export.ARN),
	)
	return order < 0
}

func warnings(d bursar.Definition, a bursar.Account, now time.Time) (n int) {
	for _, v := range Verdicts(d, a, "", now) {
		if v.Status == bursar.StatusWarning {
			n++
		}
	}
	return n
}
