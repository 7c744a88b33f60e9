package backup_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/backup"
)

func archive(t *testing.T, recipients ...age.Recipient) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "first", "b": "second, and longer"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := backup.Write(t.Context(), &b, dir, []string{"a", "b"}, time.Unix(1, 0), recipients); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, sealed := range map[string][]byte{"plain": archive(t), "encrypted": archive(t, identity.Recipient())} {
		dir := t.TempDir()
		c, err := backup.Read(t.Context(), bytes.NewReader(sealed), dir, []age.Identity{identity})
		if err != nil || len(c.Files) != 2 || !c.MadeAt.Equal(time.Unix(1, 0)) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "b")); string(b) != "second, and longer" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestNoPartOfABackupIsTakenForTheWhole(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string][]byte{"plain": archive(t), "encrypted": archive(t, identity.Recipient())} {
		for n := range whole {
			if _, err := backup.Read(t.Context(), bytes.NewReader(whole[:n]), t.TempDir(), []age.Identity{identity}); bursar.CodeOf(err) != bursar.Invalid {
				t.Fatalf("%s: the first %d of %d bytes: %v", name, n, len(whole), err)
			}
		}
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Read(t.Context(), bytes.NewReader(archive(t, identity.Recipient())), t.TempDir(), []age.Identity{other}); bursar.CodeOf(err) != bursar.Invalid {
		t.Errorf("with another identity: %v", err)
	}
}
