-- Where data is delivered to. target is JSON; what is secret of it is in secrets, under the destination's id.
CREATE TABLE destinations (
	id             TEXT PRIMARY KEY,
	workspace_id   TEXT NOT NULL REFERENCES workspaces (id),
	name           TEXT NOT NULL,
	kind           TEXT NOT NULL,
	datasets       TEXT NOT NULL, -- JSON, a list of names
	delivered_on   TEXT NOT NULL,
	everything     INTEGER NOT NULL,
	paused         INTEGER NOT NULL,
	target         TEXT NOT NULL,
	account        TEXT NOT NULL, -- the registered account whose role is used, if any
	credential     TEXT NOT NULL, -- the credential that is used, if any
	secret_version BIGINT NOT NULL, -- 0: it has no secret
	checked_at     BIGINT NOT NULL,
	checks         TEXT NOT NULL, -- JSON, what the newest check saw
	seen           TEXT NOT NULL, -- a fingerprint of what counted at the last attempt to deliver
	attempted_at   BIGINT NOT NULL,
	created_at     BIGINT NOT NULL,
	updated_at     BIGINT NOT NULL,
	version        BIGINT NOT NULL,
	UNIQUE (workspace_id, name)
);

-- Every part that was delivered or withdrawn.
CREATE TABLE handovers (
	id             TEXT PRIMARY KEY,
	workspace_id   TEXT NOT NULL,
	destination_id TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
	run_id         TEXT NOT NULL,
	dataset        TEXT NOT NULL,
	source         TEXT NOT NULL,
	period         TEXT NOT NULL,
	version        TEXT NOT NULL,
	withdrawn      INTEGER NOT NULL,
	rows           BIGINT NOT NULL,
	bytes          BIGINT NOT NULL,
	totals         TEXT NOT NULL,
	at             BIGINT NOT NULL,
	newest         INTEGER NOT NULL -- of its part
);
CREATE INDEX handovers_newest ON handovers (destination_id, at, id);
CREATE UNIQUE INDEX handovers_of_part ON handovers (destination_id, dataset, source, period) WHERE newest = 1;
