// Package egress opens connections to addresses that people gave, and keeps them out of where they have no business: this machine, the
// private network around it, and the metadata service of its cloud (OWASP, server side request forgery).
package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/bursarhq/bursar"
)

// Guard says where connections may go: to public addresses, and to those that the operator allows. The zero value allows public ones.
//
// The address itself is judged, at the moment of the connection: what a name was said to be before, or will be, does not matter.
type Guard struct {
	Allow []netip.Prefix
}

// notPublic are the networks that are no part of the public internet, beside those that [netip.Addr] knows
// (IANA special-purpose address registries).
var notPublic = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "5f00::/16", "fec0::/10",
)

func prefixes(texts ...string) (out []netip.Prefix) {
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

// Allowed says whether an address may be connected to.
func (g Guard) Allowed(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if contains(g.Allow, a) {
		return true
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !contains(notPublic, a)
}

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// dialTimeout is how long a connection may take to come about.
const dialTimeout = 10 * time.Second

// DialContext connects, if the address that the name stands for at this moment is allowed.
func (g Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout, ControlContext: g.control}
	return d.DialContext(ctx, network, address)
}

// control is asked right before each connection, when the name is resolved.
func (g Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return bursar.Errorf(bursar.Internal, "%q is no address: %w", address, err)
	}
	if g.Allowed(at.Addr()) {
		return nil
	}
	return bursar.Errorf(bursar.Invalid, "%s is not a public address, and bursar connects to no other", at.Addr()).WithReason("address_not_allowed").
		WithHint("use a public address, or have the operator add %s to the setting egress_allow", at.Addr())
}

// Client is an HTTP client that goes nowhere else, follows no redirect and uses no proxy. roots are whose signatures of certificates are
// believed; nil is the system's.
func (g Guard) Client(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: g.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: dialTimeout, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Roots reads certificates in PEM. Nothing is nil: the system's.
func Roots(field, pem string) (*x509.CertPool, error) {
	if pem == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		return nil, bursar.InvalidField(field, "no certificate is in it").WithReason("certificate_malformed").WithHint("paste the whole PEM, from BEGIN CERTIFICATE to END CERTIFICATE")
	}
	return pool, nil
}
