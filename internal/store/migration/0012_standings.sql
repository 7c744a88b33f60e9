-- What the newest findings of each account amount to: an index by which accounts are found and sorted. The transaction that changes
-- findings writes it. What people are shown is always derived from the findings themselves.
CREATE TABLE standings (
	account         TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	workspace_id    TEXT NOT NULL,
	rules           INTEGER NOT NULL, -- by which rules it was derived: a newer bursar derives it anew
	summary         TEXT NOT NULL,
	severity        INTEGER NOT NULL, -- the summary's place, from new to worst
	access          TEXT NOT NULL,
	organization    TEXT NOT NULL,
	billing_export  TEXT NOT NULL,
	cost_explorer   TEXT NOT NULL,
	inventory       TEXT NOT NULL,
	member_access   TEXT NOT NULL,
	data_arrival    TEXT NOT NULL,
	checked_at      BIGINT NOT NULL
);
CREATE INDEX findings_by_code ON findings (workspace_id, code, account) WHERE newest = 1;
CREATE INDEX accounts_of_payer ON accounts (workspace_id, partition, payer_id);
