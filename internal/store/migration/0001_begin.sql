-- Times are microseconds since 1970 in UTC. Account ids and amounts are text. The same SQL serves SQLite and PostgreSQL.

CREATE TABLE workspaces (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL UNIQUE,
	created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
	id              TEXT PRIMARY KEY,
	workspace_id    TEXT NOT NULL REFERENCES workspaces (id),
	account_id      TEXT NOT NULL CHECK (length(account_id) = 12),
	name            TEXT NOT NULL,
	partition       TEXT NOT NULL,
	kind            TEXT NOT NULL,
	method          TEXT NOT NULL,
	external_id     TEXT NOT NULL UNIQUE,
	role_arn        TEXT NOT NULL,
	payer_id        TEXT NOT NULL,
	organization_id TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	version         BIGINT NOT NULL,
	UNIQUE (workspace_id, partition, account_id),
	UNIQUE (workspace_id, name)
);

-- External ids are never used twice, not even after their account is gone.
CREATE TABLE spent_external_ids (external_id TEXT PRIMARY KEY);

CREATE TABLE findings (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	account      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	run_id       TEXT NOT NULL,
	check_name   TEXT NOT NULL,
	capability   TEXT NOT NULL,
	status       TEXT NOT NULL,
	code         TEXT NOT NULL,
	message      TEXT NOT NULL,
	remedy       TEXT NOT NULL,
	evidence     TEXT NOT NULL,
	at           BIGINT NOT NULL,
	since        BIGINT NOT NULL,
	seq          BIGINT NOT NULL, -- order within the run: times can be equal
	newest       INTEGER NOT NULL
);
CREATE INDEX findings_newest ON findings (account, check_name) WHERE newest = 1;
CREATE INDEX findings_history ON findings (account, at);
CREATE INDEX findings_of_run ON findings (run_id);

CREATE TABLE runs (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	kind         TEXT NOT NULL,
	account      TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
	due_at       BIGINT NOT NULL,
	progress     TEXT NOT NULL,
	error        TEXT NOT NULL,
	attempt      INTEGER NOT NULL,
	created_at   BIGINT NOT NULL,
	started_at   BIGINT NOT NULL,
	finished_at  BIGINT NOT NULL,
	CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at > 0))
);
-- One run of a kind and account at a time: asking twice gives the same run.
CREATE UNIQUE INDEX runs_live ON runs (workspace_id, kind, account) WHERE state IN ('queued', 'running');
CREATE INDEX runs_due ON runs (due_at) WHERE state = 'queued';
CREATE INDEX runs_newest ON runs (workspace_id, created_at, id);
CREATE INDEX runs_finished ON runs (workspace_id, kind, account, finished_at);

CREATE TABLE exports (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	account      TEXT NOT NULL REFERENCES accounts (id),
	name         TEXT NOT NULL,
	arn          TEXT NOT NULL,
	format       TEXT NOT NULL,
	file_format  TEXT NOT NULL,
	versioning   TEXT NOT NULL,
	bucket       TEXT NOT NULL,
	bucket_owner TEXT NOT NULL,
	region       TEXT NOT NULL,
	prefix       TEXT NOT NULL,
	role_arn     TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	UNIQUE (workspace_id, account, bucket, prefix, name)
);

-- What is known of each period's manifest: a poll that finds it unchanged costs one conditional request.
CREATE TABLE manifests (
	workspace_id TEXT NOT NULL,
	export_id    TEXT NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
	period       TEXT NOT NULL,
	key          TEXT NOT NULL,
	etag         TEXT NOT NULL,
	checked_at   BIGINT NOT NULL,
	PRIMARY KEY (export_id, period)
);

CREATE TABLE deliveries (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	export_id    TEXT NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
	period       TEXT NOT NULL,
	version      TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('published', 'superseded', 'rejected')),
	reason       TEXT NOT NULL,
	manifest_key TEXT NOT NULL,
	delivered_at BIGINT NOT NULL,
	imported_at  BIGINT NOT NULL,
	files        INTEGER NOT NULL,
	source_bytes BIGINT NOT NULL,
	rows         BIGINT NOT NULL,
	totals       TEXT NOT NULL,
	contents     TEXT NOT NULL
);
CREATE UNIQUE INDEX deliveries_published ON deliveries (export_id, period) WHERE state = 'published';
CREATE INDEX deliveries_newest ON deliveries (workspace_id, imported_at, id);
CREATE INDEX deliveries_of_period ON deliveries (export_id, period, imported_at);

CREATE TABLE api_keys (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	name         TEXT NOT NULL,
	role         TEXT NOT NULL,
	hash         TEXT NOT NULL UNIQUE,
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	revoked_at   BIGINT NOT NULL
);
