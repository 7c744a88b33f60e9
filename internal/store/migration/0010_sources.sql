-- Sources of cost data that is asked for at AWS, what they hold, and every request that they paid for.
CREATE TABLE sources (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	name         TEXT NOT NULL,
	account      TEXT NOT NULL,
	credential   TEXT NOT NULL,
	account_id   TEXT NOT NULL,
	streams      TEXT NOT NULL,
	every_hours  INTEGER NOT NULL CHECK (every_hours >= 0),
	budget       TEXT NOT NULL,
	paused       INTEGER NOT NULL,
	preliminary  INTEGER NOT NULL,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	version      BIGINT NOT NULL,
	UNIQUE (workspace_id, name),
	CHECK ((account = '') <> (credential = ''))
);
CREATE INDEX sources_of_account ON sources (workspace_id, account);

CREATE TABLE source_streams (
	source_id TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
	stream    TEXT NOT NULL,
	state     TEXT NOT NULL,
	code      TEXT NOT NULL,
	message   TEXT NOT NULL,
	hint      TEXT NOT NULL,
	clamped   TEXT NOT NULL,
	tried_at  BIGINT NOT NULL,
	ok_at     BIGINT NOT NULL,
	requests  INTEGER NOT NULL,
	PRIMARY KEY (source_id, stream)
);

-- What is held of each month; period is empty for what has none.
CREATE TABLE source_months (
	source_id  TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
	stream     TEXT NOT NULL,
	period     TEXT NOT NULL,
	question   TEXT NOT NULL,
	fetched_at BIGINT NOT NULL,
	estimated  INTEGER NOT NULL,
	closed     INTEGER NOT NULL,
	rows       BIGINT NOT NULL,
	digest     TEXT NOT NULL,
	run_id     TEXT NOT NULL,
	PRIMARY KEY (source_id, stream, period)
);

-- The rows: their cells are a JSON list of texts, in the order of the stream's columns.
CREATE TABLE source_rows (
	source_id TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
	stream    TEXT NOT NULL,
	period    TEXT NOT NULL,
	starts_at BIGINT NOT NULL,
	seq       BIGINT NOT NULL,
	cells     TEXT NOT NULL,
	PRIMARY KEY (source_id, stream, period, starts_at, seq)
);

-- Pages that have been paid for, by the hash of account, operation, question and token. They hold no secret.
CREATE TABLE cost_pages (
	page       TEXT PRIMARY KEY,
	question   TEXT NOT NULL,
	body       TEXT NOT NULL,
	fetched_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX cost_pages_of_question ON cost_pages (question);
CREATE INDEX cost_pages_expire ON cost_pages (expires_at);

-- The ledger: one line for each attempt at each page.
CREATE TABLE cost_requests (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	access       TEXT NOT NULL,
	account_id   TEXT NOT NULL,
	source_id    TEXT NOT NULL,
	run_id       TEXT NOT NULL,
	stream       TEXT NOT NULL,
	operation    TEXT NOT NULL,
	page         INTEGER NOT NULL,
	attempt      INTEGER NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('sent', 'answered', 'failed', 'cached', 'unknown')),
	status       INTEGER NOT NULL,
	code         TEXT NOT NULL,
	nano_usd     BIGINT NOT NULL,
	took_ms      BIGINT NOT NULL,
	at           BIGINT NOT NULL
);
CREATE INDEX cost_requests_newest ON cost_requests (workspace_id, at, id);
CREATE INDEX cost_requests_of_source ON cost_requests (source_id, at);
CREATE INDEX cost_requests_of_run ON cost_requests (run_id);

CREATE TABLE request_budgets (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	scope        TEXT NOT NULL,
	day          TEXT NOT NULL,
	month        TEXT NOT NULL,
	PRIMARY KEY (workspace_id, scope)
);

-- Runs may end in part: the state is one more, and a CHECK cannot be changed in place.
CREATE TABLE runs_next (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	kind         TEXT NOT NULL,
	account      TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
	due_at       BIGINT NOT NULL,
	progress     TEXT NOT NULL,
	error        TEXT NOT NULL,
	attempt      INTEGER NOT NULL,
	created_at   BIGINT NOT NULL,
	started_at   BIGINT NOT NULL,
	finished_at  BIGINT NOT NULL,
	CHECK ((state IN ('succeeded', 'partial', 'failed', 'cancelled')) = (finished_at > 0))
);
INSERT INTO runs_next (id, workspace_id, kind, account, state, due_at, progress, error, attempt, created_at, started_at, finished_at)
	SELECT id, workspace_id, kind, account, state, due_at, progress, error, attempt, created_at, started_at, finished_at FROM runs;
DROP TABLE runs;
ALTER TABLE runs_next RENAME TO runs;
CREATE UNIQUE INDEX runs_live ON runs (workspace_id, kind, account) WHERE state IN ('queued', 'running');
CREATE INDEX runs_due ON runs (due_at) WHERE state = 'queued';
CREATE INDEX runs_newest ON runs (workspace_id, created_at, id);
CREATE INDEX runs_finished ON runs (workspace_id, kind, account, finished_at);
