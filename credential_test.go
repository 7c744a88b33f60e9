package bursar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bursarhq/bursar"
)

func TestAccessKeysByTheirShape(t *testing.T) {
	const user, temporary, secret, token = "AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMQ=="
	for _, c := range []struct{ id, secret, token, reason string }{
		{user, secret, "", ""},
		{temporary, secret, token, ""},
		{temporary, secret, "", "session_token_missing"},
		{user, secret, token, "session_token_unexpected"},
		{"", secret, "", "missing"},
		{user, "", "", "missing"},
		{user[1:], secret, "", "access_key_id_malformed"},
		{strings.ToLower(user), secret, "", "access_key_id_malformed"},
		{user + " ", secret, "", "access_key_id_malformed"},
		{secret, user, "", "access_key_id_malformed"},
		{"AROAIOSFODNN7EXAMPLE", secret, "", "access_key_id_malformed"},
		{user, secret[1:], "", "secret_access_key_malformed"},
		{user, secret[:39] + " ", "", "secret_access_key_malformed"},
		{temporary, secret, "two\nlines and more than sixteen", "session_token_malformed"},
	} {
		err := bursar.CheckAccessKey(c.id, bursar.NewSecret(c.secret), bursar.NewSecret(c.token))
		var e *bursar.Error
		if errors.As(err, &e); e == nil && c.reason != "" || e != nil && e.Reason != c.reason {
			t.Errorf("%s with %d and %d characters: %v, want %q", c.id, len(c.secret), len(c.token), err, c.reason)
		}
		if err != nil && (strings.Contains(err.Error(), secret[:20]) || e.Hint == "") {
			t.Errorf("the error shows the secret, or has no hint: %v", err)
		}
	}
}

func TestCredentialStatus(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	report := func(s ...bursar.FindingStatus) *bursar.CredentialReport {
		r := &bursar.CredentialReport{}
		for _, x := range s {
			r.Findings = append(r.Findings, bursar.Finding{Status: x})
		}
		return r
	}
	for name, c := range map[string]struct {
		credential bursar.Credential
		after      time.Duration
		want       bursar.CredentialStatus
	}{
		"never checked":           {bursar.Credential{}, time.Hour, bursar.CredentialUnchecked},
		"checked":                 {bursar.Credential{Report: report(bursar.StatusOK, bursar.StatusSkipped)}, 0, bursar.CredentialOK},
		"warned":                  {bursar.Credential{Report: report(bursar.StatusOK, bursar.StatusWarning)}, 0, bursar.CredentialAttention},
		"failed":                  {bursar.Credential{Report: report(bursar.StatusWarning, bursar.StatusFailed)}, 0, bursar.CredentialFailed},
		"ends in 12 hours, early": {bursar.Credential{Report: report(bursar.StatusOK), SecretAt: at, ExpiresAt: at.Add(12 * time.Hour)}, 9 * time.Hour, bursar.CredentialOK},
		"ends in 12 hours, late":  {bursar.Credential{Report: report(bursar.StatusOK), SecretAt: at, ExpiresAt: at.Add(12 * time.Hour)}, 10 * time.Hour, bursar.CredentialExpiring},
		"ends in 1 hour, early":   {bursar.Credential{Report: report(bursar.StatusOK), SecretAt: at, ExpiresAt: at.Add(time.Hour)}, 44 * time.Minute, bursar.CredentialOK},
		"ends in 1 hour, late":    {bursar.Credential{Report: report(bursar.StatusOK), SecretAt: at, ExpiresAt: at.Add(time.Hour)}, 45 * time.Minute, bursar.CredentialExpiring},
		"ended":                   {bursar.Credential{Report: report(bursar.StatusOK), SecretAt: at, ExpiresAt: at.Add(time.Hour)}, time.Hour, bursar.CredentialExpired},
	} {
		if got := c.credential.Status(at.Add(c.after)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
