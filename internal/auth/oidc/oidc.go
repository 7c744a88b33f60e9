// Package oidc lets people sign in at their organization's identity provider: OpenID Connect's authorization code flow, with PKCE
// (RFC 7636), a nonce, and the exact issuer.
//
// See https://openid.net/specs/openid-connect-core-1_0.html and RFC 9700, the best current practice for OAuth 2.0's security.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Config says which identity provider, and who may come in as what.
type Config struct {
	Name         string // for people: "Example Corp's sign-in"
	Issuer       string // exactly as the provider spells it
	ClientID     string
	ClientSecret bursar.Secret // zero for a public client
	GroupsClaim  string        // the claim of the ID token that lists groups; "" is "groups"
	Roles        map[string]auth.Role
	HTTP         *http.Client     // nil is one with a time limit
	Now          func() time.Time // nil is the clock
}

// Provider is an identity provider. It is asked for its addresses and keys when the first person comes, and again while that fails.
type Provider struct {
	config Config

	mu   sync.Mutex
	kept *oidc.Provider
}

// New makes a provider. It sends no request.
func New(c Config) *Provider {
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	if c.GroupsClaim == "" {
		c.GroupsClaim = "groups"
	}
	return &Provider{config: c}
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.config.Name }

// discover reads the provider's own description. go-oidc refuses one whose issuer is spelled in another way.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept != nil {
		return p.kept, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.config.HTTP), p.config.Issuer)
	if err != nil {
		return nil, bursar.Errorf(bursar.Unavailable, "the identity provider does not answer as it should: %w", err).
			WithReason("provider_unavailable").WithHint("try again; an operator finds more in the server's log")
	}
	p.kept = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider, redirect string) oauth2.Config {
	return oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret.Reveal(), Endpoint: found.Endpoint(), RedirectURL: redirect,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// Begin returns the address to send the browser to, and what the browser must keep until it comes back: state, nonce and PKCE verifier.
func (p *Provider) Begin(ctx context.Context, redirect string) (to string, keep bursar.Secret, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", keep, err
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	c := p.oauth(found, redirect)
	to = c.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
	return to, bursar.NewSecret(state + "~" + nonce + "~" + verifier), nil
}

func refused(format string, args ...any) *bursar.Error {
	return bursar.Errorf(bursar.Unauthorized, format, args...).WithReason("provider_refused").WithHint("begin again from bursar's sign-in page")
}

// Finish takes what the provider sent the browser back with, and what the browser kept. It returns for whom the provider vouches. The error is
// Unauthorized for anything that is not exactly as it must be.
func (p *Provider) Finish(ctx context.Context, redirect string, keep bursar.Secret, answer url.Values) (auth.Vouched, error) {
	kept := strings.Split(keep.Reveal(), "~")
	if len(kept) != 3 || subtle.ConstantTimeCompare([]byte(kept[0]), []byte(answer.Get("state"))) != 1 {
		return auth.Vouched{}, refused("the answer of the identity provider belongs to no sign-in that was begun in this browser")
	}
	if iss := answer.Get("iss"); iss != "" && iss != p.config.Issuer { // RFC 9207
		return auth.Vouched{}, refused("another identity provider has answered")
	}
	if answer.Get("error") != "" {
		return auth.Vouched{}, refused("the identity provider let nobody in")
	}
	found, err := p.discover(ctx)
	if err != nil {
		return auth.Vouched{}, err
	}
	ctx = oidc.ClientContext(ctx, p.config.HTTP)
	c := p.oauth(found, redirect)
	token, err := c.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(kept[2]))
	if err != nil {
		return auth.Vouched{}, hidden(refused("the identity provider did not honour its code"), err)
	}
	return p.vouched(ctx, found, token, kept[1])
}

// hidden keeps the cause for the log: an answer of the provider may hold tokens, and is not repeated to anybody.
func hidden(e *bursar.Error, cause error) error {
	e.Err = fmt.Errorf("%T", cause)
	return e
}

// vouched checks the ID token: its signature, issuer, audience, times and nonce.
func (p *Provider) vouched(ctx context.Context, found *oidc.Provider, token *oauth2.Token, nonce string) (auth.Vouched, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: p.config.ClientID, Now: p.config.Now}).Verify(ctx, raw)
	if err != nil {
		return auth.Vouched{}, hidden(refused("the identity provider's word cannot be verified"), err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return auth.Vouched{}, refused("the identity provider's word was meant for another sign-in")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return auth.Vouched{}, hidden(refused("the identity provider's tokens do not belong together"), err)
		}
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return auth.Vouched{}, hidden(refused("the identity provider's word cannot be read"), err)
	}
	v := auth.Vouched{Issuer: id.Issuer, Subject: id.Subject, Role: p.role(claims)}
	v.Email, _ = claims["email"].(string)
	v.Name, _ = claims["name"].(string)
	v.EmailVerified = claims["email_verified"] == true || claims["email_verified"] == "true" // some providers write it as text
	return v, nil
}

// role is the mightiest that any of the person's groups gives; "" when none gives one.
func (p *Provider) role(claims map[string]any) auth.Role {
	groups := texts(claims[p.config.GroupsClaim])
	for _, r := range auth.Roles {
		for group, gives := range p.config.Roles {
			if gives == r && slices.Contains(groups, group) {
				return r
			}
		}
	}
	return ""
}

// texts reads a claim that is a list, or one text alone.
func texts(claim any) (out []string) {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, v := range c {
			if s, ok := v.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}
