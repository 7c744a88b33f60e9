ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
CREATE INDEX api_keys_newest ON api_keys (workspace_id, created_at, id);

-- The installation's first workspace: its owners may make others, and see refusals that belong to none.
ALTER TABLE workspaces ADD COLUMN home INTEGER NOT NULL DEFAULT 0;
UPDATE workspaces SET home = 1 WHERE id = (SELECT id FROM workspaces ORDER BY created_at, id LIMIT 1);

-- Append-only. Each workspace has a chain of its own: numbers that skip would tell of another.
CREATE TABLE audit (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	seq          BIGINT NOT NULL,
	at           BIGINT NOT NULL,
	actor_kind   TEXT NOT NULL,
	actor_id     TEXT NOT NULL,
	actor_name   TEXT NOT NULL,
	action       TEXT NOT NULL,
	outcome      TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
	target       TEXT NOT NULL,
	reason       TEXT NOT NULL,
	times        BIGINT NOT NULL,
	request_id   TEXT NOT NULL,
	from_address TEXT NOT NULL,
	before       TEXT NOT NULL,
	after        TEXT NOT NULL,
	previous     TEXT NOT NULL,
	hash         TEXT NOT NULL,
	PRIMARY KEY (workspace_id, seq)
);
