-- What people call a workspace. Two may have the same title, and neither be told of the other; name is unique, and now the id.
ALTER TABLE workspaces ADD COLUMN title TEXT NOT NULL DEFAULT '';
UPDATE workspaces SET title = name;

-- People. An e-mail address is in lower case; a person without a password signs in with the organization's identity provider alone.
CREATE TABLE users (
	id            TEXT PRIMARY KEY,
	email         TEXT NOT NULL UNIQUE,
	name          TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	issuer        TEXT NOT NULL,
	subject       TEXT NOT NULL,
	created_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_external ON users (issuer, subject) WHERE subject <> '';

CREATE TABLE memberships (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	role         TEXT NOT NULL,
	external     INTEGER NOT NULL, -- 1: the identity provider's groups decide
	since        BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id);

-- The cookie's value is kept as its SHA-256.
CREATE TABLE sessions (
	id           TEXT PRIMARY KEY,
	hash         TEXT NOT NULL UNIQUE,
	user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	workspace_id TEXT NOT NULL,
	method       TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	from_address TEXT NOT NULL,
	agent        TEXT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

CREATE TABLE invitations (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	role         TEXT NOT NULL,
	email        TEXT NOT NULL, -- '' for the owner's set-up link: whoever opens it says who they are
	hash         TEXT NOT NULL UNIQUE,
	created_by   TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	accepted_at  BIGINT NOT NULL
);
CREATE INDEX invitations_newest ON invitations (workspace_id, created_at, id);
