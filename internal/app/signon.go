package app

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bursarhq/bursar/internal/api"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/auth/oidc"
)

// signOn is the identity provider that the settings name; nil for none.
func (a *App) signOn() api.SignOn {
	if a.config.OIDC.Issuer == "" {
		return nil
	}
	c := a.config.OIDC
	c.Now = a.now
	return oidc.New(c)
}

// httpURLAsIs keeps an address as it is spelled: an issuer is compared character by character.
func httpURLAsIs(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("%q is not an http or https URL", v)
		}
		*field(c) = v
		return nil
	}
}

// groupRoles reads "group=role; group=role".
func groupRoles(c *Config, v string) error {
	c.OIDC.Roles = map[string]auth.Role{}
	for _, part := range strings.Split(v, ";") {
		i := strings.LastIndex(part, "=") // a group's name may hold one: cn=finops,ou=teams
		if i < 0 {
			return fmt.Errorf("%q gives no role; write it like finops=administrator", strings.TrimSpace(part))
		}
		role := auth.Role(strings.TrimSpace(part[i+1:]))
		if !slices.Contains(auth.Roles, role) {
			return fmt.Errorf("there is no role %q", role)
		}
		c.OIDC.Roles[strings.TrimSpace(part[:i])] = role
	}
	return nil
}
