package tracing

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
)

// tracesPath is where a collector takes traces, under an endpoint for all signals.
const tracesPath = "v1/traces"

// Settings say where traces are sent. The zero value sends none.
type Settings struct {
	address string
	headers map[string]bursar.Secret // they authenticate at the collector
	timeout time.Duration
	gzip    bool
	tls     *tls.Config // nil is the system's
}

// On says whether traces are sent.
func (s Settings) On() bool { return s.address != "" }

// Read reads the standard OTEL_ variables of an environment. endpoint is what bursar's own settings say, "" for nothing: it goes before
// OTEL_EXPORTER_OTLP_ENDPOINT. The variables of the sampler (OTEL_TRACES_SAMPLER), of the batches (OTEL_BSP_…), of the limits and of the resource
// (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES) are read by the SDK itself.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func Read(endpoint string, environ []string) (Settings, error) {
	env := environment{}
	for _, kv := range environ {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "OTEL_") {
			env[name] = strings.TrimSpace(value)
		}
	}
	s := Settings{}
	if strings.EqualFold(env["OTEL_SDK_DISABLED"], "true") || env["OTEL_TRACES_EXPORTER"] == "none" {
		return s, nil
	}
	var err error
	if s.address, err = env.address(endpoint); err != nil || s.address == "" {
		return Settings{}, err
	}
	if p := env.signal("PROTOCOL"); p != "" && p != "http/protobuf" {
		return s, invalid("OTEL_EXPORTER_OTLP_PROTOCOL", "bursar does not speak "+p, "write http/protobuf: collectors take it at port 4318")
	}
	if s.headers, err = readHeaders(env.signal("HEADERS")); err != nil {
		return s, err
	}
	if s.timeout, err = readTimeout(env.signal("TIMEOUT")); err != nil {
		return s, err
	}
	s.gzip = env.signal("COMPRESSION") == "gzip"
	s.tls, err = env.tls()
	return s, err
}

type environment map[string]string

// signal is the value for traces, or else the one for all signals.
func (e environment) signal(name string) string {
	if v := e["OTEL_EXPORTER_OTLP_TRACES_"+name]; v != "" {
		return v
	}
	return e["OTEL_EXPORTER_OTLP_"+name]
}

func (e environment) address(ours string) (string, error) {
	name, v := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", e["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
	under := ""
	if v == "" {
		name, v, under = "OTEL_EXPORTER_OTLP_ENDPOINT", e["OTEL_EXPORTER_OTLP_ENDPOINT"], tracesPath
	}
	if ours != "" {
		name, v, under = "otlp_endpoint", ours, tracesPath
	}
	if v == "" {
		return "", nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", invalid(name, "it is no http or https address", "write for example http://127.0.0.1:4318")
	}
	if under != "" {
		u = u.JoinPath(under)
	}
	return u.String(), nil
}

func readHeaders(list string) (map[string]bursar.Secret, error) {
	out := map[string]bursar.Secret{}
	for _, pair := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		name, v, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(v)
		if !found || err != nil { // neither is repeated: it may be a secret
			return nil, invalid("OTEL_EXPORTER_OTLP_HEADERS", "it is no list of headers", "write name=value, with commas between them, and percent signs for what is special")
		}
		out[strings.TrimSpace(name)] = bursar.NewSecret(strings.TrimSpace(value))
	}
	return out, nil
}

func readTimeout(v string) (time.Duration, error) {
	if v == "" {
		return 10 * time.Second, nil
	}
	ms, err := strconv.Atoi(v)
	if err != nil || ms <= 0 {
		return 0, invalid("OTEL_EXPORTER_OTLP_TIMEOUT", "it is no time", "write milliseconds, as in 10000")
	}
	return time.Duration(ms) * time.Millisecond, nil
}

func (e environment) tls() (*tls.Config, error) {
	ca, cert, key := e.signal("CERTIFICATE"), e.signal("CLIENT_CERTIFICATE"), e.signal("CLIENT_KEY")
	if ca == "" && cert == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if c.RootCAs = x509.NewCertPool(); err != nil || !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, invalid("OTEL_EXPORTER_OTLP_CERTIFICATE", "it names no file of certificates that can be read", "name a PEM file")
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, invalid("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "it and OTEL_EXPORTER_OTLP_CLIENT_KEY name no certificate with its key", "name two PEM files")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func invalid(name, what, hint string) error {
	return bursar.Errorf(bursar.Invalid, "setting %s: %s", name, what).WithHint("%s", hint)
}
