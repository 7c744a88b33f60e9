-- The accounts of a payer's organization, as they were seen last.
CREATE TABLE members (
	workspace_id       TEXT NOT NULL,
	payer              TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	account_id         TEXT NOT NULL CHECK (length(account_id) = 12),
	name               TEXT NOT NULL,
	organization_state TEXT NOT NULL,
	state              TEXT NOT NULL,
	code               TEXT NOT NULL,
	message            TEXT NOT NULL,
	remedy             TEXT NOT NULL,
	joined_at          BIGINT NOT NULL,
	first_seen_at      BIGINT NOT NULL,
	checked_at         BIGINT NOT NULL,
	since              BIGINT NOT NULL,
	PRIMARY KEY (payer, account_id)
);
CREATE INDEX members_by_account ON members (workspace_id, account_id);

-- Changes of state. The newest event about a thing is also how that thing was known last.
CREATE TABLE events (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	account      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	about        TEXT NOT NULL,
	subject      TEXT NOT NULL,
	from_state   TEXT NOT NULL,
	to_state     TEXT NOT NULL,
	since        BIGINT NOT NULL,
	finding_id   TEXT NOT NULL,
	code         TEXT NOT NULL,
	message      TEXT NOT NULL,
	run_id       TEXT NOT NULL,
	at           BIGINT NOT NULL,
	newest       INTEGER NOT NULL
);
CREATE INDEX events_at ON events (workspace_id, at, id);
CREATE INDEX events_of_account ON events (account, at, id);
CREATE UNIQUE INDEX events_newest ON events (account, about, subject) WHERE newest = 1;

-- External ids that were handed out for trying a role of an account that is not registered.
CREATE TABLE issued_external_ids (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	partition    TEXT NOT NULL,
	account_id   TEXT NOT NULL CHECK (length(account_id) = 12),
	external_id  TEXT NOT NULL UNIQUE,
	issued_at    BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, partition, account_id)
);

-- A run can find things about many accounts: the next number within one of them must not cost a look at all.
DROP INDEX findings_of_run;
CREATE INDEX findings_of_run ON findings (run_id, account, seq);
