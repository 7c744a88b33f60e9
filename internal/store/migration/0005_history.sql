-- What each delivery changed against the one that counted before it. It stays when their files are gone.
CREATE TABLE delivery_changes (
	delivery_id  TEXT PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
	workspace_id TEXT NOT NULL,
	against      TEXT NOT NULL, -- a delivery's id
	rows         BIGINT NOT NULL,
	totals       TEXT NOT NULL,
	changes      TEXT NOT NULL
);

-- When a superseded delivery's files were removed; 0 while it can count again.
ALTER TABLE deliveries ADD COLUMN collected_at BIGINT NOT NULL DEFAULT 0;

-- Where two exports bring the same costs, the one that was preferred last counts; without a preference the one that was followed first.
ALTER TABLE exports ADD COLUMN preferred_at BIGINT NOT NULL DEFAULT 0;
