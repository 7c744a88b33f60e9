package kind

import (
	"maps"
	"slices"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/store"
)

// noteStatus keeps an event for everything in an account's status that is not as it was known last.
func noteStatus(tx *store.Tx, workspaceID, account, runID string) error {
	newest, err := tx.NewestFindings(workspaceID, account)
	if err != nil {
		return err
	}
	before, err := tx.NewestEvents(workspaceID, account)
	if err != nil {
		return err
	}
	status := bursar.Summarize(newest)
	for _, e := range before { // what has no finding any more is not set up any more
		if _, there := status.Capabilities[bursar.Capability(e.Subject)]; e.About == bursar.AboutCapability && !there {
			status.Capabilities[bursar.Capability(e.Subject)] = bursar.StateNotSetUp
		}
	}
	events := []bursar.Event{{About: bursar.AboutSummary, To: string(status.Summary)}}
	if status.DataArrival != bursar.ArrivalNone || slices.ContainsFunc(before, func(e bursar.Event) bool { return e.About == bursar.AboutArrival }) {
		events = append(events, bursar.Event{About: bursar.AboutArrival, To: string(status.DataArrival)})
	}
	for _, c := range slices.Sorted(maps.Keys(status.Capabilities)) {
		e := bursar.Event{About: bursar.AboutCapability, Subject: string(c), To: string(status.Capabilities[c])}
		if f, ok := behind(newest, c, status.Capabilities[c]); ok {
			e.Since, e.FindingID, e.Code, e.Message = f.Since, f.ID, f.Code, f.Message
		}
		events = append(events, e)
	}
	for _, e := range events {
		e.AccountID, e.RunID = account, runID
		if _, err := tx.AddEvent(workspaceID, e); err != nil {
			return err
		}
	}
	return nil
}

// behind finds the finding that makes a capability's state.
func behind(newest []bursar.Finding, c bursar.Capability, state bursar.CapabilityState) (bursar.Finding, bool) {
	i := slices.IndexFunc(newest, func(f bursar.Finding) bool {
		return f.Capability == c && bursar.Summarize([]bursar.Finding{f}).Capabilities[c] == state
	})
	if i < 0 {
		return bursar.Finding{}, false
	}
	return newest[i], true
}

// learnOrganization records what an account is to its bill, and keeps an event for each change: so who paid for it, and when, stays
// known.
func learnOrganization(tx *store.Tx, a bursar.Account, kind bursar.Kind, payer, organization, runID string) error {
	if a.Kind == kind && a.PayerID == payer && a.OrganizationID == organization {
		return nil
	}
	if err := tx.SetOrganization(a.WorkspaceID, a.ID, kind, payer, organization); err != nil {
		return err
	}
	events := []bursar.Event{{About: bursar.AboutKind, From: string(a.Kind), To: string(kind)}}
	if payer != "" {
		events = append(events, bursar.Event{About: bursar.AboutPayer, From: a.PayerID, To: payer})
	}
	for _, e := range events {
		if e.AccountID, e.RunID = a.ID, runID; e.From == e.To {
			continue
		}
		if _, err := tx.AddEvent(a.WorkspaceID, e); err != nil {
			return err
		}
	}
	return nil
}

// retireSilent makes history of the findings of those checks of a suite that did not answer.
func retireSilent(tx *store.Tx, a bursar.Account, suite []string, answered map[string]bool) error {
	silent := slices.DeleteFunc(slices.Clone(suite), func(name string) bool { return answered[name] })
	return tx.RetireFindings(a.WorkspaceID, a.ID, silent...)
}
