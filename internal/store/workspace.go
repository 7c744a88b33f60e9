package store

import "github.com/bursarhq/bursar"

const workspaceColumns = `id, title, created_at`

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
	err := tx.exec(`INSERT INTO workspaces (`+workspaceColumns+`, name, home) VALUES ($1, $2, $3, $1, CASE WHEN EXISTS (SELECT 1 FROM workspaces) THEN 0 ELSE 1 END)`, w.ID, w.Name, stamp(w.CreatedAt))
	if err != nil {
		return w, err
	}
	return w, tx.Audit(Change{WorkspaceID: w.ID, Action: "addWorkspace", Target: w.ID, After: w})
}

// HomeWorkspace returns the installation's first workspace.
func (tx *Tx) HomeWorkspace() (bursar.Workspace, error) {
	return one(tx, "workspace", scanWorkspace, `SELECT `+workspaceColumns+` FROM workspaces WHERE home = 1`)
}

// Workspaces lists every workspace of the installation, the oldest first.
func (tx *Tx) Workspaces() ([]bursar.Workspace, error) {
	return many(tx, scanWorkspace, `SELECT `+workspaceColumns+` FROM workspaces ORDER BY created_at, id`)
}

// Workspace returns one workspace.
func (tx *Tx) Workspace(id string) (bursar.Workspace, error) {
	return one(tx, "workspace", scanWorkspace, `SELECT `+workspaceColumns+` FROM workspaces WHERE id = $1`, id)
}

// RenameWorkspace gives a workspace another name.
func (tx *Tx) RenameWorkspace(id, name string) error {
	before, err := tx.Workspace(id)
	if err != nil {
		return err
	}
	if err := tx.change("workspace", `UPDATE workspaces SET title = $1 WHERE id = $2`, name, id); err != nil {
		return err
	}
	after := before
	after.Name = name
	return tx.Audit(Change{WorkspaceID: id, Action: "renameWorkspace", Target: id, Before: before, After: after})
}
