package app_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/app"
	"github.com/bursarhq/bursar/internal/cli"
)

// begin starts bursar on a data folder and closes it again: what it says of the keys is said at the start.
func begin(t *testing.T, data string) error {
	t.Helper()
	a, err := app.New(t.Context(), offline(data), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return a.Close()
}

// offline is a configuration that reaches nobody.
func offline(data string) app.Config {
	return app.Config{
		DataDir: data, Addr: "127.0.0.1:0", Region: "us-east-1", AccessKeyID: "AKIAEXAMPLEEXAMPLEEX", SecretAccessKey: bursar.NewSecret("none"), Endpoint: "http://127.0.0.1:1",
		CheckEvery: 1 << 50, PollEvery: 1 << 50, KeepVersions: 3, MemoryLimitMB: 256,
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	var e *bursar.Error
	if !errors.As(err, &e) || e.Reason != reason || e.Hint == "" {
		t.Errorf("it says %v, want the reason %s and a hint", err, reason)
	}
}

func TestAWrongOrMissingKeyringEndsTheStart(t *testing.T) {
	data, other := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "other")
	for _, d := range []string{data, other, data} {
		if err := begin(t, d); err != nil {
			t.Fatal(err)
		}
	}
	ring := filepath.Join(data, "keyring")
	info, err := os.Stat(ring)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the keyring: %v, %v", info, err)
	}
	own := must[[]byte](t)(os.ReadFile(ring))
	if err := os.Remove(ring); err != nil {
		t.Fatal(err)
	}
	wantReason(t, begin(t, data), "sealing_key_missing")
	if _, err := os.Stat(ring); err == nil {
		t.Error("it made another keyring")
	}
	if err := os.WriteFile(ring, must[[]byte](t)(os.ReadFile(filepath.Join(other, "keyring"))), 0o600); err != nil {
		t.Fatal(err)
	}
	wantReason(t, begin(t, data), "sealing_key_missing")
	if err := os.WriteFile(ring, forged(t, own), 0o600); err != nil {
		t.Fatal(err)
	}
	wantReason(t, begin(t, data), "sealing_key_wrong")
	if err := os.WriteFile(ring, own, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(ring, 0o644); err != nil {
		t.Fatal(err)
	}
	wantReason(t, begin(t, data), "keyring_exposed")
	if err := os.Chmod(ring, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(ring, own, 0o600), begin(t, data)); err != nil {
		t.Errorf("with its own keyring: %v", err)
	}
}

// forged is a keyring whose key has the right name and other bytes.
func forged(t *testing.T, own []byte) []byte {
	t.Helper()
	i := len(own) - 1
	for ; i > 0 && string(own[max(0, i-6):i]) != `"key":`; i-- {
	}
	out := append([]byte(nil), own...)
	at := i + 2 // the first letter of the key
	if out[at] == 'A' {
		out[at] = 'B'
	} else {
		out[at] = 'A'
	}
	return out
}

func TestTheKeyringIsInEncryptedBackupsAlone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := begin(t, data); err != nil {
		t.Fatal(err)
	}
	identity := must[*age.X25519Identity](t)(age.GenerateX25519Identity())
	key, files := write(t, "key.txt", identity.String()), t.TempDir()
	sealed, plain := filepath.Join(files, "sealed"), filepath.Join(files, "plain")
	made := must[*cli.Backup](t)(app.Local{}.Backup(t.Context(), cli.BackupOptions{ServeOptions: in(data), File: sealed, Recipients: []string{identity.Recipient().String()}}))
	if made.KeyringLeftOut != "" {
		t.Errorf("the encrypted backup says that it lacks %s", made.KeyringLeftOut)
	}
	made = must[*cli.Backup](t)(app.Local{}.Backup(t.Context(), cli.BackupOptions{ServeOptions: in(data), File: plain}))
	if made.KeyringLeftOut != filepath.Join(data, "keyring") {
		t.Errorf("the open backup says that it lacks %q", made.KeyringLeftOut)
	}
	whole, lacking := filepath.Join(files, "whole"), filepath.Join(files, "lacking")
	must[*cli.Backup](t)(app.Local{}.Restore(t.Context(), cli.RestoreOptions{ServeOptions: in(whole), File: sealed, Identity: key}))
	if err := begin(t, whole); err != nil {
		t.Errorf("restored from the encrypted backup: %v", err)
	}
	must[*cli.Backup](t)(app.Local{}.Restore(t.Context(), cli.RestoreOptions{ServeOptions: in(lacking), File: plain}))
	wantReason(t, begin(t, lacking), "sealing_key_missing")
	ring := must[[]byte](t)(os.ReadFile(filepath.Join(data, "keyring")))
	if err := errors.Join(os.WriteFile(filepath.Join(lacking, "keyring"), ring, 0o600), begin(t, lacking)); err != nil {
		t.Errorf("restored from the open backup, with the keyring put back: %v", err)
	}
}
