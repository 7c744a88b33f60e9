-- Whom a key works for: "user:" and a person's id, or "key:" and the id of the first key of its line. A key that a key has made works for the
-- same owner.
ALTER TABLE api_keys ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE api_keys SET owner = 'key:' || id;

-- The external ids of owners of keys: clients of the Cloudcraft API use one for all the accounts that they add.
CREATE TABLE owner_external_ids (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	owner        TEXT NOT NULL,
	external_id  TEXT NOT NULL UNIQUE,
	issued_at    BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, owner)
);

-- An external id that the account has in common with others of its owner; '' = its own is in external_id, which is never shared.
ALTER TABLE accounts ADD COLUMN shared_external_id TEXT NOT NULL DEFAULT '';

-- What clients of the Cloudcraft API keep with an account: JSON lists, or null.
CREATE TABLE sharings (
	account      TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	workspace_id TEXT NOT NULL,
	owner        TEXT NOT NULL,
	key_id       TEXT NOT NULL,
	read_access  TEXT NOT NULL,
	write_access TEXT NOT NULL
);
CREATE INDEX sharings_of_workspace ON sharings (workspace_id);
