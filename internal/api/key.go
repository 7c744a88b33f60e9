package api

import (
	"context"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
	"github.com/bursarhq/bursar/internal/store"
)

// Key is an API key as the API shows it.
type Key struct {
	ID         string    `json:"id" doc:"The middle part of the key. Not secret."`
	Name       string    `json:"name" doc:"What it is for."`
	Role       auth.Role `json:"role" doc:"What it may do." enum:"owner,administrator,member,viewer,auditor"`
	State      string    `json:"state" doc:"Whether it is in force." enum:"active,expired,revoked"`
	CreatedBy  string    `json:"created_by" doc:"Who made it: a person's e-mail address or another key's name; bursar for the first one."`
	CreatedAt  time.Time `json:"created_at" doc:"When it was made."`
	ExpiresAt  time.Time `json:"expires_at,omitzero" doc:"When it ceases to be in force. Absent when it does not."`
	LastUsedAt time.Time `json:"last_used_at,omitzero" doc:"When it was used last, to the minute. Absent before the first time."`
	RevokedAt  time.Time `json:"revoked_at,omitzero" doc:"When it was revoked. Absent when it was not."`
	Key        string    `json:"key,omitempty" doc:"The key itself. Present in the answer that made it, and never again."`
}

// NewKey is what a caller says to make a key.
type NewKey struct {
	Name      string    `json:"name" doc:"What it is for. Two keys of one name may be in force at once."`
	Role      auth.Role `json:"role" doc:"What it may do: no more than the caller may."`
	ExpiresAt time.Time `json:"expires_at,omitempty" doc:"When it ceases to be in force; absent for never."`
	Format    string    `json:"format,omitempty" doc:"What it looks like: bursar (bur_…), or cloudcraft (44 characters), which clients of the Cloudcraft API want. Both do the same." enum:"bursar,cloudcraft" default:"bursar"`
}

func showKey(k store.Key, now time.Time) Key {
	out := Key{
		ID: k.ID, Name: k.Name, Role: auth.Role(k.Role), State: "active", CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt,
		ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
	switch {
	case !k.RevokedAt.IsZero():
		out.State = "revoked"
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		out.State = "expired"
	}
	return out
}

type keyPath struct {
	Key string `path:"key" doc:"The key's id, as the list shows it: of a key bur_… the 8 characters after that."`
}

type keyOutput struct{ Body Key }

func (a *API) listKeys(ctx context.Context, p auth.Principal, in *struct{ Paging }) (*listOutput[Key], error) {
	return paged(ctx, a, in.Paging, func(tx *store.Tx, page store.Page) ([]Key, string, error) {
		keys, next, err := tx.Keys(p.WorkspaceID, page)
		return each(keys, func(k store.Key) Key { return showKey(k, tx.Now) }), next, err
	})
}

func (a *API) addKey(ctx context.Context, p auth.Principal, in *struct{ Body NewKey }) (*keyOutput, error) {
	if err := p.MayGrant(in.Body.Role); err != nil {
		return nil, err
	}
	var out keyOutput
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		form := auth.NewKey
		if in.Body.Format == "cloudcraft" {
			form = auth.NewCloudcraftKey
		}
		secret, k, err := form(tx, p.WorkspaceID, in.Body.Name, in.Body.Role, in.Body.ExpiresAt)
		out.Body = showKey(k, tx.Now)
		out.Body.Key = secret.Reveal()
		return err
	})
	return &out, err
}

// revokeKey lets a key revoke itself, whatever it may grant: whoever fears that it has leaked must not have to ask.
func (a *API) revokeKey(ctx context.Context, p auth.Principal, in *keyPath) (*keyOutput, error) {
	var out keyOutput
	err := a.Store.InTx(ctx, func(tx *store.Tx) error {
		k, err := tx.Key(p.WorkspaceID, in.Key)
		if err != nil {
			return err
		}
		if k.ID != p.KeyID {
			if err := p.MayGrant(auth.Role(k.Role)); err != nil {
				return err
			}
		}
		if !k.RevokedAt.IsZero() {
			return bursar.Errorf(bursar.Conflict, "the key is revoked already").WithReason("key_revoked").WithHint("nothing is left to do")
		}
		if err := tx.RevokeKey(p.WorkspaceID, k.ID); err != nil {
			return err
		}
		k, err = tx.Key(p.WorkspaceID, k.ID)
		out.Body = showKey(k, tx.Now)
		return err
	})
	return &out, err
}
