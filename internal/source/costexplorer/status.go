package costexplorer

import (
	"cmp"
	"errors"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
)

// StatusOf says how a stream stands after an error; ok after none.
func StatusOf(err error) bursar.StreamStatus {
	if err == nil {
		return bursar.StreamStatus{State: bursar.StreamOK}
	}
	var own *bursar.Error
	if errors.As(err, &own) {
		state := bursar.StreamFailed
		if strings.HasPrefix(own.Reason, "budget_") {
			state = bursar.StreamBudget
		}
		return bursar.StreamStatus{State: state, Code: cmp.Or(own.Reason, string(own.Code)), Message: own.Message, Hint: own.Hint}
	}
	c := awsapi.Classify(err)
	s := bursar.StreamStatus{State: stateOf(c), Code: string(c.Class), Message: plain(c.Message), Hint: hintOf(c)}
	if s.State == bursar.StreamNoData {
		s.Code = string(bursar.StreamNoData)
	}
	if c.Code != "" {
		s.Message = c.Code + ": " + s.Message
	}
	return s
}

func stateOf(c awsapi.Cause) bursar.StreamState {
	switch c.Class {
	case awsapi.NotEnabled:
		if c.Code == "DataUnavailableException" {
			return bursar.StreamNoData
		}
		return bursar.StreamNotEnabled
	case awsapi.DeniedIdentity, awsapi.DeniedSCP, awsapi.DeniedBoundary, awsapi.DeniedSessionPolicy, awsapi.DeniedResourcePolicy, awsapi.DeniedVPCEndpoint, awsapi.Denied, awsapi.NotDeployed:
		return bursar.StreamDenied
	case awsapi.Throttled:
		return bursar.StreamThrottled
	case awsapi.ExpiredOwn, awsapi.OwnIdentity:
		return bursar.StreamExpired
	}
	return bursar.StreamFailed
}

// plain takes the caller's ARN out of AWS's text: whoever reads about a stream need not learn it.
func plain(message string) string {
	before, rest, ok := strings.Cut(message, "User: ")
	if !ok {
		return message
	}
	_, after, ok := strings.Cut(rest, " is not authorized")
	if !ok {
		return message
	}
	return before + "the access is not authorized" + after
}

func hintOf(c awsapi.Cause) string {
	switch stateOf(c) {
	case bursar.StreamDenied:
		switch c.Class {
		case awsapi.DeniedSCP:
			return "the organization's administrator must allow " + c.Action + " in a service control policy"
		case awsapi.DeniedBoundary:
			return "add " + c.Action + " to the permissions boundary"
		}
		return "allow " + c.Action + ` on Resource "*" in the access's policy`
	case bursar.StreamNotEnabled:
		for _, o := range Operations() {
			if o.IAM() == c.Action && o.Setting != "" && strings.Contains(c.Message, "opt-in") {
				return "switch on " + o.Setting
			}
		}
		if strings.Contains(strings.ToLower(c.Message), "linked account") {
			return "only the payer has it: ask with the payer's access"
		}
		return "open Cost Explorer once in the AWS console of the account's payer; data comes within 24 hours"
	case bursar.StreamThrottled:
		return "AWS asked to slow down; it is tried again at the next run"
	case bursar.StreamExpired:
		return "give the credential a new secret, or use a role"
	case bursar.StreamNoData:
		return "AWS has no data for this yet; it is asked again at the next run"
	}
	return ""
}
