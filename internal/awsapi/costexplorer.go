package awsapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/bursarhq/bursar"
)

// costExplorer is the service's id in the SDK; its actions begin with "ce:".
const costExplorer = "Cost Explorer"

// maxCostAnswer bounds an answer of Cost Explorer: a page is some hundred kilobytes.
const maxCostAnswer = 64 << 20

// CostAnswer is one answer of Cost Explorer, byte by byte as AWS gave it: amounts stay the text that they are.
type CostAnswer struct {
	Body      []byte
	RequestID string
}

// CostExplorer asks one operation of Cost Explorer ("GetCostAndUsage") with a JSON body, in the partition's billing region.
// It sends exactly one request: AWS charges for each that it answers, so whoever calls decides about another try, and keeps
// account of it. Errors are those that [Classify] knows. GovCloud has no Cost Explorer: an Invalid error.
// https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Cost_Explorer_Service.html
func (s *Session) CostExplorer(ctx context.Context, operation string, body []byte) (CostAnswer, error) {
	p := s.client.partition
	if !p.HasBilling {
		return CostAnswer{}, bursar.Errorf(bursar.Invalid, "partition %s has no Cost Explorer", p.Name).WithReason("no_cost_explorer").
			WithHint("its costs are in the commercial account that it is paired with: ask there")
	}
	if r, ok := ctx.Value(recorderKey{}).(*Recorder); ok {
		r.add(IAMAction(costExplorer, operation))
	}
	out, err := s.askCostExplorer(ctx, operation, body)
	outcome := "ok"
	if err != nil {
		err = &smithy.OperationError{ServiceID: costExplorer, OperationName: operation, Err: err}
		outcome = string(Classify(err).Class)
	}
	if told := s.client.cfg.Called; told != nil {
		told(IAMAction(costExplorer, operation), outcome)
	}
	return out, err
}

func (s *Session) askCostExplorer(ctx context.Context, operation string, body []byte) (CostAnswer, error) {
	req, err := s.costRequest(ctx, operation, body)
	if err != nil {
		return CostAnswer{}, err
	}
	resp, err := s.client.http.Do(req)
	if err != nil {
		return CostAnswer{}, &smithyhttp.RequestSendError{Err: err}
	}
	defer func() { _ = resp.Body.Close() }() // it has been read
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxCostAnswer+1))
	id := resp.Header.Get("X-Amzn-Requestid")
	switch {
	case err != nil:
		return CostAnswer{}, answered(resp, id, fmt.Errorf("the answer cannot be read: %w", err))
	case len(text) > maxCostAnswer:
		return CostAnswer{}, answered(resp, id, errors.New("the answer is larger than any page of Cost Explorer"))
	case resp.StatusCode != http.StatusOK:
		return CostAnswer{}, answered(resp, id, costError(resp, text))
	}
	return CostAnswer{Body: text, RequestID: id}, nil
}

func (s *Session) costRequest(ctx context.Context, operation string, body []byte) (*http.Request, error) {
	p := s.client.partition
	address := "https://ce." + p.BillingRegion + "." + p.DNSSuffix + "/"
	if s.client.cfg.Endpoint != "" {
		address = strings.TrimSuffix(s.client.cfg.Endpoint, "/") + "/"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSInsightsIndexService."+operation)
	req.Header.Set("User-Agent", "app/bursar")
	creds, err := s.creds.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, creds, req, hex.EncodeToString(sum[:]), "ce", p.BillingRegion, time.Now()); err != nil {
		return nil, &v4.SigningError{Err: err}
	}
	return req, nil
}

// answered wraps what went wrong as the SDK does, so that one function classifies all.
func answered(resp *http.Response, requestID string, err error) error {
	return &awshttp.ResponseError{RequestID: requestID, ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: resp}, Err: err}}
}

// costError reads an error of the JSON 1.1 protocol. The type may be "namespace#Code" or "Code:address".
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
func costError(resp *http.Response, text []byte) error {
	var body struct {
		Type     string `json:"__type"`
		Message  string `json:"message"`
		Message2 string `json:"Message"`
	}
	_ = json.Unmarshal(text, &body) // what cannot be read is known by its status
	code := resp.Header.Get("X-Amzn-ErrorType")
	if code == "" {
		code = body.Type
	}
	code, _, _ = strings.Cut(code, ":")
	code = code[strings.LastIndexByte(code, '#')+1:]
	message := body.Message
	if message == "" {
		message = body.Message2
	}
	fault := smithy.FaultClient
	if resp.StatusCode >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return &smithy.GenericAPIError{Code: code, Message: message, Fault: fault}
}
