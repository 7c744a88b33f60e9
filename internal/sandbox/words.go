package sandbox

import (
	"net/http"

	"github.com/bursarhq/bursar/internal/sandbox/cloud"
	"github.com/bursarhq/bursar/internal/sandbox/sigv4"
)

// Each protocol has its own names for the same failures of authentication:
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html for the query services,
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html for S3; the JSON services' names are those
// that their SDK clients know.
type signatureWords struct {
	query, json, s3                   string
	queryStatus, jsonStatus, s3Status int
}

var signatureErrors = map[sigv4.Reason]signatureWords{
	sigv4.Missing:        {"MissingAuthenticationToken", "MissingAuthenticationTokenException", "AccessDenied", 403, 400, 403},
	sigv4.Incomplete:     {"IncompleteSignature", "IncompleteSignatureException", "AuthorizationHeaderMalformed", 400, 400, 400},
	sigv4.Mismatch:       {"SignatureDoesNotMatch", "InvalidSignatureException", "SignatureDoesNotMatch", 403, 400, 403},
	sigv4.Skewed:         {"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", 403, 400, 403},
	sigv4.Expired:        {"RequestExpired", "RequestExpired", "AccessDenied", 400, 400, 403},
	sigv4.UnsignedHeader: {"SignatureDoesNotMatch", "InvalidSignatureException", "AccessDenied", 403, 400, 403},
	sigv4.WrongPayload:   {"SignatureDoesNotMatch", "InvalidSignatureException", "XAmzContentSHA256Mismatch", 403, 400, 400},
}

func (s *Sandbox) wordSignature(req *cloud.Request, problem *sigv4.Error) *cloud.Error {
	words := signatureErrors[problem.Reason]
	switch req.Protocol {
	case cloud.JSON11, cloud.RestJSON:
		return cloud.Errorf(words.jsonStatus, words.json, "%s", problem.Message)
	case cloud.RestXML:
		message := problem.Message
		if problem.Reason == sigv4.Skewed {
			message = "The difference between the request time and the current time is too large."
		}
		return cloud.Errorf(words.s3Status, words.s3, "%s", message)
	}
	return cloud.Errorf(words.queryStatus, words.query, "%s", problem.Message)
}

// wordCredential renames what the query services call InvalidClientTokenId and ExpiredToken.
func wordCredential(req *cloud.Request, e *cloud.Error) *cloud.Error {
	expired := e.Code == "ExpiredToken"
	switch req.Protocol {
	case cloud.JSON11, cloud.RestJSON:
		if expired {
			return cloud.Errorf(http.StatusBadRequest, "ExpiredTokenException", "%s", e.Message)
		}
		return cloud.Errorf(http.StatusBadRequest, "UnrecognizedClientException", "%s", e.Message)
	case cloud.RestXML:
		if expired {
			return cloud.Errorf(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
		}
		return cloud.Errorf(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	}
	return e
}
