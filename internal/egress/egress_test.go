package egress_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/egress"
)

func TestAllowed(t *testing.T) {
	var g egress.Guard
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "52.95.110.1": true,
		"127.0.0.1": false, "127.8.8.8": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false,
		"100.64.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "198.18.0.1": false, "240.0.0.1": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fc00::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		if got := g.Allowed(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	g.Allow = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	for address, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "8.8.8.8": true, "127.0.0.1": false} {
		if got := g.Allowed(netip.MustParseAddr(address)); got != want {
			t.Errorf("with 10.1.0.0/16 allowed, %s: %v", address, got)
		}
	}
}

// TestTheAddressIsJudged connects by a name, which anybody may make stand for this machine.
func TestTheAddressIsJudged(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	}))
	defer s.Close()
	port := netip.MustParseAddrPort(s.Listener.Addr().String()).Port()
	byName := "http://localhost:" + netip.AddrPortFrom(netip.IPv4Unspecified(), port).String()[len("0.0.0.0:"):]
	for _, url := range []string{s.URL, byName} {
		_, err := egress.Guard{}.Client(nil).Get(url)
		var e *bursar.Error
		if !errors.As(err, &e) || e.Reason != "address_not_allowed" || e.Hint == "" {
			t.Errorf("%s: %v", url, err)
		}
	}
	if asked != 0 {
		t.Fatal("the server was asked")
	}
	allowed := egress.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	resp, err := allowed.Client(nil).Get(s.URL)
	if err != nil || resp.StatusCode != http.StatusFound || asked != 1 {
		t.Errorf("a redirect was followed, or nothing was asked: %v, %v, %d", resp, err, asked)
	}
	if err == nil {
		resp.Body.Close()
	}
}
