package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/awsapi"
	"github.com/bursarhq/bursar/internal/billing/lake"
	"github.com/bursarhq/bursar/internal/cli"
	"github.com/bursarhq/bursar/internal/register"
	"github.com/bursarhq/bursar/internal/store"
)

const (
	doctorWait = 20 * time.Second // for each thing that is asked over the network
	leastFree  = 1 << 30          // bytes on the disk of the data folder
	mostSkew   = time.Minute      // AWS refuses requests that are five minutes off, and clocks drift on
	mostBody   = 16 << 20         // of a published template
)

// doctor looks at one installation. now is the clock that is checked.
type doctor struct {
	config Config
	http   *http.Client
	now    func() time.Time
}

// Doctor looks at the installation that the settings describe.
func (Local) Doctor(ctx context.Context, o cli.ServeOptions) ([]cli.Diagnosis, error) {
	c, err := LoadConfig(o.ConfigFile, o.Environ)
	if err != nil {
		return nil, err
	}
	return diagnose(ctx, c, time.Now), nil
}

func diagnose(ctx context.Context, c Config, now func() time.Time) []cli.Diagnosis {
	d := doctor{config: c, now: now, http: &http.Client{Timeout: doctorWait, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	out := []cli.Diagnosis{}
	for _, check := range []struct {
		name string
		look func(context.Context) (found, do string)
	}{
		{"own identity", d.identity}, {"clock", d.clock}, {"templates", d.templates}, {"disk", d.disk}, {"schema", d.schema}, {"lake", d.lake},
	} {
		found, do := check.look(ctx)
		out = append(out, cli.Diagnosis{Check: check.name, OK: do == "", Found: found, Do: do})
	}
	return out
}

// identity asks AWS who bursar is.
func (d doctor) identity(ctx context.Context) (found, do string) {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	c := d.config
	aws, err := awsapi.New(ctx, awsapi.Config{
		Partition: partitionOfRegion(c.Region), Region: c.Region, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, PrincipalARN: c.PrincipalARN, Endpoint: c.Endpoint,
	})
	var id awsapi.Identity
	if err == nil {
		id, err = aws.Identity(ctx)
	}
	switch {
	case err != nil:
		return "AWS does not say who bursar is: " + bursar.Redact(err.Error()), "run bursar where an identity is ambient, or set aws_access_key_id and aws_secret_access_key; STS must be reachable"
	case id.IsRoot():
		return "bursar runs as the root user of " + id.AccountID, "make a role or a user for bursar: root's keys may do everything and cannot be confined"
	case !id.PrincipalExact:
		return "bursar is " + id.ARN + ", and the path of its role is unknown", "set aws_principal_arn to the role's full ARN, or let it call iam:GetRole on itself: trust policies name the whole ARN"
	}
	return "bursar is " + id.PrincipalARN, ""
}

// clock compares the clock with the one of STS: AWS refuses requests of a wrong time.
func (d doctor) clock(ctx context.Context) (found, do string) {
	const mend = "let STS be reached from here, or check the clock yourself: AWS refuses requests that are five minutes off"
	address := d.config.Endpoint
	if address == "" {
		address = "https://sts." + d.config.Region + ".amazonaws.com"
		if partitionOfRegion(d.config.Region) == bursar.PartitionChina {
			address += ".cn"
		}
	}
	resp, err := d.get(ctx, address+"/")
	if err != nil {
		return "AWS cannot be asked for the time: " + err.Error(), mend
	}
	resp.Body.Close()
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return "AWS does not tell the time", mend
	}
	skew := d.now().Sub(theirs).Round(time.Second)
	if skew.Abs() > mostSkew {
		return fmt.Sprintf("the clock is %s off", skew), "set the clock, and let chrony or systemd-timesyncd keep it"
	}
	return fmt.Sprintf("the clock is right to %s", mostSkew), ""
}

func (d doctor) get(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return d.http.Do(req)
}

// templates reads what customers' links name, as CloudFormation does: without signing in.
func (d doctor) templates(ctx context.Context) (found, do string) {
	if d.config.TemplateBaseURL == "" {
		return "none are published: set-up offers them as downloads", ""
	}
	all, err := register.Config{TemplateBaseURL: d.config.TemplateBaseURL}.Templates()
	if err != nil {
		return err.Error(), "this build is broken: install bursar again"
	}
	for _, t := range all {
		if err := d.template(ctx, t); err != nil {
			return fmt.Sprintf("%s: %v", t.Name, err), "run \"bursar templates publish\" with this version, and let everybody read the objects"
		}
	}
	return fmt.Sprintf("%d are published, all as in this version", len(all)), ""
}

func (d doctor) template(ctx context.Context, t register.Template) error {
	resp, err := d.get(ctx, t.URL)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", t.URL, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostBody))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != t.SHA256 {
		return fmt.Errorf("what lies at %s is another template", t.URL)
	}
	return nil
}

// disk looks at the space where the data folder is, or will be.
func (d doctor) disk(context.Context) (found, do string) {
	dir := d.config.DataDir
	var fsys syscall.Statfs_t
	err := syscall.Statfs(dir, &fsys)
	if errors.Is(err, fs.ErrNotExist) {
		err = syscall.Statfs(filepath.Dir(filepath.Clean(dir)), &fsys)
	}
	if err != nil {
		return fmt.Sprintf("the disk of %s cannot be looked at: %v", dir, err), "set data_dir (BURSAR_DATA_DIR) to a folder that bursar's user may reach"
	}
	free := int64(fsys.Bavail) * int64(fsys.Bsize)
	found = fmt.Sprintf("%.1f GiB are free in %s", float64(free)/(1<<30), dir)
	if free < leastFree {
		return found, "make room, or keep fewer superseded deliveries (keep_versions): imports stop when the disk is full"
	}
	return found, ""
}

const noDataYet = "there is no data yet: the first start makes it"

// schema compares the state's schema with the one that this bursar knows.
func (d doctor) schema(ctx context.Context) (found, do string) {
	s, err := d.state()
	if err == nil {
		defer s.Close()
		var has, knows int
		if has, knows, err = s.Schema(ctx); err == nil {
			return schemaWords(has, knows)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return noDataYet, ""
	}
	return "the state database cannot be read: " + err.Error(), "run this as the server's user; if the file is damaged, restore a backup: the external ids are in it"
}

func schemaWords(has, knows int) (found, do string) {
	switch {
	case has > knows:
		return fmt.Sprintf("the state has schema %d, this bursar knows %d", has, knows), "run the newer bursar that wrote it; this one refuses to start"
	case has < knows:
		return fmt.Sprintf("the state has schema %d; the next start brings it to %d", has, knows), ""
	}
	return fmt.Sprintf("the state has schema %d, as this bursar", has), ""
}

func (d doctor) state() (*store.Store, error) {
	return store.OpenToRead(filepath.Join(d.config.DataDir, "state.db"))
}

// lake opens every file that the catalog names.
func (d doctor) lake(ctx context.Context) (found, do string) {
	s, err := d.state()
	if errors.Is(err, fs.ErrNotExist) {
		return noDataYet, ""
	}
	var files []lake.NamedFile
	if err == nil {
		defer s.Close()
		files, err = lake.Named(ctx, s)
	}
	if err != nil {
		return "the catalog cannot be read: " + err.Error(), "look at what is said of the schema"
	}
	for _, f := range files {
		if err := readable(filepath.Join(d.config.DataDir, "lake", f.Path), f.Bytes); err != nil {
			return err.Error(), "let the server's user read it; if it is gone or damaged, \"bursar delivery reimport\" takes it in again, or restore a backup"
		}
	}
	return fmt.Sprintf("%d files, all there", len(files)), ""
}

func readable(path string, bytes int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != bytes {
		return fmt.Errorf("%s has %d bytes, the catalog says %d", path, info.Size(), bytes)
	}
	return nil
}
