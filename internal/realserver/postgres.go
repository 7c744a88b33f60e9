package realserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres is a PostgreSQL server with TLS at 127.0.0.1. It does not wait for the disk.
type Postgres struct {
	*process
	Port        int
	User        string // a superuser
	Password    string
	Database    string
	Certificate string // PEM: the server's own
}

// StartPostgres starts the newest PostgreSQL that is installed.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bursar-postgres-")
	if err != nil {
		return nil, err
	}
	p := &Postgres{User: "admin", Password: "correct horse", Database: "postgres"}
	if p.Port, err = freePort(ctx); err != nil {
		return nil, err
	}
	if p.Certificate, err = certificate(dir); err != nil {
		return nil, err
	}
	if err := os.WriteFile(dir+"/password", []byte(p.Password), 0o600); err != nil {
		return nil, err
	}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	setUp := exec.CommandContext(ctx, bin+"/initdb", "-D", data, "-U", p.User, "--pwfile="+dir+"/password", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync")
	setUp.SysProcAttr, setUp.Dir = as, dir
	if said, err := setUp.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, said)
	}
	cmd := exec.Command(bin+"/postgres", "-D", data, "-k", dir, "-p", strconv.Itoa(p.Port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
		"-c", "ssl=on", "-c", "ssl_cert_file="+dir+"/server.crt", "-c", "ssl_key_file="+dir+"/server.key", "-c", "max_wal_size=4GB")
	cmd.SysProcAttr, cmd.Dir = as, dir
	p.process, err = begin(ctx, cmd, dir, func() error {
		c, err := pgconn.Connect(ctx, fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s sslmode=disable", p.Port, p.User, p.Password, p.Database))
		if err != nil {
			return err
		}
		return c.Close(ctx)
	})
	return p, err
}

// postgresBin is the folder of PostgreSQL's programs.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if one, err := exec.LookPath("initdb"); err == nil {
		found = append(found, one)
	}
	more, _ := filepath.Glob("/opt/homebrew/opt/postgresql@*/bin/initdb")
	found = append(found, more...)
	if len(found) == 0 {
		return "", fmt.Errorf("PostgreSQL's initdb and postgres: %w; on Debian: apt-get install postgresql", ErrAbsent)
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// unprivileged gives a folder to another user where this one is root: PostgreSQL refuses to run as root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, err
}

// certificate makes a key and a certificate for 127.0.0.1, signed by itself.
func certificate(dir string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bursar's tests"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(dir+"/server.key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return "", err
	}
	return string(public), os.WriteFile(dir+"/server.crt", public, 0o600)
}
