package lake

import (
	"os"
	"path/filepath"

	"github.com/bursarhq/bursar"
)

// Drop removes the files of an export that no catalog names any more. Those that a reader holds stay until the next [Open].
func (l *Lake) Drop(e bursar.Export) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	top := filepath.Join(l.dir, e.WorkspaceID, e.ID)
	homes, err := filepath.Glob(filepath.Join(top, "*", "dlv_*"))
	if err != nil {
		return err
	}
	for _, h := range homes {
		id := filepath.Base(h)
		if l.leases[id] > 0 {
			continue
		}
		delete(l.known, id)
		if err := os.RemoveAll(h); err != nil {
			return err
		}
	}
	periods, err := filepath.Glob(filepath.Join(top, "*"))
	for _, p := range append(periods, top) {
		_ = os.Remove(p) // goes only when it is empty
	}
	return err
}
