package cloud

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// Reply answers a Query request: result, an XML-marshalable struct (nil for none), is wrapped as
// <ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…, whatever the struct's own name.
func (r *Request) Reply(w http.ResponseWriter, result any) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, `<%sResponse xmlns="%s">`, r.Action, r.Namespace)
	if result != nil {
		name := xml.StartElement{Name: xml.Name{Local: r.Action + "Result"}}
		if err := xml.NewEncoder(&b).EncodeElement(result, name); err != nil {
			r.Fail(w, Errorf(http.StatusInternalServerError, "InternalFailure", "%v", err))
			return
		}
	}
	fmt.Fprintf(&b, `<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>`, r.ID, r.Action)
	r.write(w, http.StatusOK, "text/xml", b.Bytes())
}

// ReplyXML answers a RestXML request with v, whose XMLName names the root element.
func (r *Request) ReplyXML(w http.ResponseWriter, status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		r.Fail(w, Errorf(http.StatusInternalServerError, "InternalError", "%v", err))
		return
	}
	r.write(w, status, "application/xml", append([]byte(xml.Header), body...))
}

// ReplyJSON answers a JSON request with v.
func (r *Request) ReplyJSON(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		r.Fail(w, Errorf(http.StatusInternalServerError, "InternalFailure", "%v", err))
		return
	}
	r.write(w, http.StatusOK, r.jsonType(), body)
}

func (r *Request) jsonType() string {
	if r.Protocol == RestJSON {
		return "application/json"
	}
	return "application/x-amz-json-1.1"
}

// Fail answers with an error in the request's protocol. The meter has it as a failed request.
func (r *Request) Fail(w http.ResponseWriter, e *Error) {
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	switch r.Protocol {
	case JSON11, RestJSON:
		r.failJSON(w, status, e)
	case RestXML:
		r.failS3(w, status, e)
	default:
		r.failQuery(w, status, e)
	}
}

func (r *Request) failJSON(w http.ResponseWriter, status int, e *Error) {
	code := e.Code
	if code == "AccessDenied" { // the JSON services' name of it, and their status
		code, status = "AccessDeniedException", http.StatusBadRequest
	}
	if r.Protocol == RestJSON && code == "AccessDeniedException" {
		status = http.StatusForbidden
	}
	m := map[string]string{"__type": code, "message": e.Message, "Message": e.Message}
	for k, v := range e.Fields {
		m[k] = v
	}
	body, _ := json.Marshal(m) // a map of strings always marshals
	w.Header().Set("X-Amzn-ErrorType", code)
	r.write(w, status, r.jsonType(), body)
}

func (r *Request) failS3(w http.ResponseWriter, status int, e *Error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	fmt.Fprintf(&b, "<Error><Code>%s</Code><Message>%s</Message>", escape(e.Code), escape(e.Message))
	for k, v := range e.Fields {
		fmt.Fprintf(&b, "<%s>%s</%s>", k, escape(v), k)
	}
	fmt.Fprintf(&b, "<RequestId>%s</RequestId><HostId>sandbox</HostId></Error>", r.ID)
	if r.Method == http.MethodHead || status == http.StatusNotModified {
		b.Reset()
	}
	r.write(w, status, "application/xml", b.Bytes())
}

func (r *Request) failQuery(w http.ResponseWriter, status int, e *Error) {
	typ := "Sender"
	if status >= http.StatusInternalServerError {
		typ = "Receiver"
	}
	body := fmt.Sprintf(`<ErrorResponse xmlns="%s"><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>`,
		r.Namespace, typ, escape(e.Code), escape(e.Message), r.ID)
	r.write(w, status, "text/xml", []byte(body))
}

func (r *Request) write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("X-Amzn-Requestid", r.ID)
	h.Set("X-Amz-Request-Id", r.ID)
	if len(body) > 0 {
		h.Set("Content-Type", contentType)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody is left to tell
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}
