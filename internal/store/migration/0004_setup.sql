-- What was chosen for the set-up of an account: JSON of bursar.Choice.
ALTER TABLE accounts ADD COLUMN choice TEXT NOT NULL DEFAULT '{}';

-- When an account was deregistered while its bill was kept; 0 = it is registered. Such a row holds its exports, is seen by
-- nobody, and is taken up again when the account is registered anew: the bill then goes on where it stopped, and is never counted twice.
ALTER TABLE accounts ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;

-- The one export of each account whose deliveries are asked for. The bills of one that was followed before stay.
ALTER TABLE exports ADD COLUMN followed INTEGER NOT NULL DEFAULT 1;

-- The billing exports that each account was last seen to have: JSON of bursar.Definition.
CREATE TABLE definitions (
	account      TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
	workspace_id TEXT NOT NULL,
	list         TEXT NOT NULL,
	seen_at      BIGINT NOT NULL
);
