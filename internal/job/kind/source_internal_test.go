package kind

import (
	"context"
	"errors"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/job"
)

// session is in an account, or cannot say in which.
type session struct {
	account string
	err     error
}

func (s session) Identity(context.Context) (awsapi.Identity, error) {
	return awsapi.Identity{AccountID: s.account}, s.err
}

func (s session) CostExplorer(context.Context, string, []byte) (awsapi.CostAnswer, error) {
	return awsapi.CostAnswer{}, errors.New("it was asked, and paid for")
}

// TestWhoseCosts: a source never asks with an access of another account.
func TestWhoseCosts(t *testing.T) {
	for _, tt := range []struct {
		source string
		s      session
		reason string
	}{
		{"111122223333", session{account: "111122223333"}, ""},
		{"111122223333", session{account: "222233334444"}, "wrong_account"},
		{"111122223333", session{err: errors.New("no answer")}, "unknown"},
	} {
		k := Sources{Open: func(context.Context, bursar.Source) (CostSession, error) { return tt.s, nil }}
		_, err := k.open(t.Context(), &bursar.Source{AccountID: tt.source})
		var own *bursar.Error
		errors.As(err, &own)
		if tt.reason == "" && err != nil || tt.reason == "wrong_account" && (own == nil || own.Reason != tt.reason) || tt.reason == "unknown" && err == nil {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// TestOutcome: some answers make a run partial, none make it fail.
func TestOutcome(t *testing.T) {
	ok, empty := bursar.StreamStatus{Name: "a", State: bursar.StreamOK}, bursar.StreamStatus{Name: "b", State: bursar.StreamNoData}
	bad := bursar.StreamStatus{Name: "c", State: bursar.StreamDenied, Code: "denied_scp", Hint: "ask"}
	if err := outcome([]bursar.StreamStatus{ok, empty}); err != nil {
		t.Errorf("got %v", err)
	}
	var part *job.Partial
	if err := outcome([]bursar.StreamStatus{ok, bad}); !errors.As(err, &part) || bursar.CodeOf(err) != bursar.Conflict {
		t.Errorf("got %v", err)
	}
	if err := outcome([]bursar.StreamStatus{bad}); err == nil || errors.As(err, &part) {
		t.Errorf("got %v", err)
	}
}
