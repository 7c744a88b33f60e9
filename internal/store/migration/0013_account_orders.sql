-- Each order of the list of accounts that is of the account alone, so that a page reads its own rows and no others.
CREATE INDEX accounts_by_account_id ON accounts (workspace_id, account_id, name) WHERE removed_at = 0;
CREATE INDEX accounts_by_created_at ON accounts (workspace_id, created_at, name) WHERE removed_at = 0;
CREATE INDEX accounts_by_kind ON accounts (workspace_id, kind, name) WHERE removed_at = 0;
CREATE INDEX accounts_by_method ON accounts (workspace_id, method, name) WHERE removed_at = 0;
CREATE INDEX accounts_by_partition ON accounts (workspace_id, partition, name) WHERE removed_at = 0;
CREATE INDEX accounts_by_payer ON accounts (workspace_id, payer_id, name) WHERE removed_at = 0;
-- What is found by pieces of its name or number, or sorted by its standing, is looked for in this index alone.
CREATE INDEX accounts_by_name ON accounts (workspace_id, name, account_id, id) WHERE removed_at = 0;
