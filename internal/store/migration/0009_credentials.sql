-- Secrets, sealed. Each row is one version of one secret of one owner (a credential, a destination); a row opens in its own place only.
-- key_id names the key that its data key is wrapped with, wrapped_at says since when. The row of workspace '' proves at the start that the
-- keys are there.
CREATE TABLE secrets (
	workspace_id TEXT NOT NULL,
	owner        TEXT NOT NULL,
	field        TEXT NOT NULL,
	version      BIGINT NOT NULL,
	sealed       BLOB NOT NULL,
	key_id       TEXT NOT NULL,
	wrapped_at   BIGINT NOT NULL,
	created_at   BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, owner, field, version)
);
CREATE INDEX secrets_by_wrapping ON secrets (wrapped_at);

-- Named ways into AWS, reused by sources and destinations. What is secret of them is in secrets.
CREATE TABLE credentials (
	id             TEXT PRIMARY KEY,
	workspace_id   TEXT NOT NULL REFERENCES workspaces (id),
	name           TEXT NOT NULL,
	description    TEXT NOT NULL,
	kind           TEXT NOT NULL CHECK (kind IN ('access_key', 'role')),
	partition      TEXT NOT NULL,
	region         TEXT NOT NULL,
	account        TEXT NOT NULL, -- the registered account whose role it is; '' for an access key
	account_id     TEXT NOT NULL, -- 12 digits; '' while unknown
	key_hint       TEXT NOT NULL, -- the last four of the access key id
	temporary      INTEGER NOT NULL,
	expires_at     BIGINT NOT NULL, -- 0: it does not, or nobody knows
	secret_version BIGINT NOT NULL, -- 0: it has no secret
	secret_at      BIGINT NOT NULL, -- when that version was stored
	report         TEXT NOT NULL,   -- JSON, what the last check saw; '' before the first
	created_at     BIGINT NOT NULL,
	updated_at     BIGINT NOT NULL,
	version        BIGINT NOT NULL,
	UNIQUE (workspace_id, name)
);
CREATE INDEX credentials_of_account ON credentials (account);
