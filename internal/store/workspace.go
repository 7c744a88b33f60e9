package store

import "github.com/bursarhq/bursar"

const workspaceColumns = `id, name, created_at`

func scanWorkspace(r scanner) (bursar.Workspace, error) {
	var w bursar.Workspace
	var created int64
	err := r.Scan(&w.ID, &w.Name, &created)
	w.CreatedAt = fromStamp(created)
	return w, err
}

// AddWorkspace makes a workspace with a fresh id.
func (tx *Tx) AddWorkspace(name string) (bursar.Workspace, error) {
	w := bursar.Workspace{ID: bursar.NewID("ws"), Name: name, CreatedAt: tx.Now}
	return w, tx.exec(`INSERT INTO workspaces (`+workspaceColumns+`) VALUES ($1, $2, $3)`, w.ID, w.Name, stamp(w.CreatedAt))
}

// Workspaces lists every workspace of the installation, the oldest first.
func (tx *Tx) Workspaces() ([]bursar.Workspace, error) {
	return many(tx, scanWorkspace, `SELECT `+workspaceColumns+` FROM workspaces ORDER BY created_at, id`)
}
