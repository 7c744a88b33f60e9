package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
)

// The session's cookie. The __Host- prefix makes browsers insist that it is secure, and of this host alone. On loopback there is no TLS, and
// not every browser takes a secure cookie there.
const (
	secureCookie   = "__Host-bursar-session"
	loopbackCookie = "bursar-session"
)

// csrfHeader must be on every change that a session asks for: no form of another site can set it, and no script without being asked first.
const csrfHeader = "X-Bursar-Csrf"

func sessionCookie(r *http.Request) bursar.Secret {
	for _, name := range []string{secureCookie, loopbackCookie} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" && (name == secureCookie || loopback(r.Host)) {
			return bursar.NewSecret(c.Value)
		}
	}
	return bursar.Secret{}
}

// keptCookie is what a cookie of a moment holds.
func keptCookie(r *http.Request, name string) bursar.Secret {
	for _, form := range []string{secureCookie, loopbackCookie} {
		if c, err := r.Cookie(strings.Replace(form, "session", name, 1)); err == nil {
			return bursar.NewSecret(c.Value)
		}
	}
	return bursar.Secret{}
}

// cookie makes the cookie of a session. Where neither TLS nor loopback keeps it from listeners, there is none.
func (a *API) cookie(r *http.Request, in auth.SignedIn) (string, error) {
	c, err := a.plainCookie(r)
	if err != nil {
		return "", err
	}
	c.Value, c.Expires = in.Token.Reveal(), in.ExpiresAt
	return c.String(), nil
}

// noCookie takes the session's cookie out of the browser.
func (a *API) noCookie(r *http.Request) []string {
	c, err := a.plainCookie(r)
	if err != nil {
		return nil
	}
	c.MaxAge = -1
	return []string{c.String()}
}

func (a *API) plainCookie(r *http.Request) (*http.Cookie, error) {
	c := &http.Cookie{Name: secureCookie, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode}
	switch {
	case a.secure(r):
	case loopback(r.Host):
		c.Name, c.Secure = loopbackCookie, false
	default:
		return nil, bursar.Errorf(bursar.Forbidden, "signing in over plain HTTP would show the session to everybody on the way").
			WithReason("https_required").WithHint("open bursar through https, and set public_url to that address")
	}
	return c, nil
}

// secure says whether the browser speaks TLS, to us or to a proxy that is trusted.
func (a *API) secure(r *http.Request) bool {
	if r.TLS != nil || strings.HasPrefix(a.PublicURL, "https://") {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && a.trusts(peer.Addr().Unmap()) && r.Header.Get("X-Forwarded-Proto") == "https"
}

func loopback(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}

// base is the address that links of ours begin with.
func (a *API) base(r *http.Request) string {
	switch {
	case a.PublicURL != "":
		return strings.TrimSuffix(a.PublicURL, "/")
	case a.secure(r):
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func crossOrigin(publicURL string) (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	if publicURL == "" {
		return p, nil
	}
	scheme, rest, _ := strings.Cut(publicURL, "://")
	host, _, _ := strings.Cut(rest, "/")
	return p, p.AddTrustedOrigin(scheme + "://" + host)
}

// sameSite refuses a change that a page of another site asks a person's browser for.
func (a *API) sameSite(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if err := a.cross.Check(r); err != nil || r.Header.Get(csrfHeader) == "" {
		return bursar.Errorf(bursar.Forbidden, "a change must come from bursar's own pages").
			WithReason("cross_site").WithHint("send the header %s: 1 with every change, from the same origin; programs use an API key instead", csrfHeader)
	}
	return nil
}

// soon is how a cookie of a moment is made, for a round trip to an identity provider. It must come along when that sends the person back.
func (a *API) soon(r *http.Request, name, value string, lasts time.Duration) (string, error) {
	c, err := a.plainCookie(r)
	if err != nil {
		return "", err
	}
	c.Name, c.Value, c.MaxAge, c.SameSite = strings.Replace(c.Name, "session", name, 1), value, int(lasts/time.Second), http.SameSiteLaxMode
	return c.String(), nil
}
