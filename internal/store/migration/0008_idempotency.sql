-- What requests with an Idempotency-Key were answered. scope is made of the caller's credential and their key, and cannot be turned back;
-- answer is sealed with a key that is made of both. A status of 0 is a request whose outcome is not known yet.
CREATE TABLE idempotency (
	scope        TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	request      TEXT NOT NULL,
	status       BIGINT NOT NULL,
	answer       TEXT NOT NULL,
	expires_at   BIGINT NOT NULL
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
