package cli

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/bursarhq/bursar"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

// profiles is what bursar login keeps: servers, and the keys for them, by name. Its file is for its owner only.
type profiles struct {
	Current  string              `yaml:"current,omitempty"`
	Profiles map[string]*profile `yaml:"profiles"`

	path string
}

type profile struct {
	Server string `yaml:"server"`
	Token  string `yaml:"token"`
}

// The profile that is used when none is named, and none was chosen.
const defaultProfile = "default"

// profilesPath is where the profiles lie: the user's configuration folder, as the system has it.
func profilesPath(env Environment) (string, error) {
	dir := env.get("XDG_CONFIG_HOME")
	home := env.get("HOME")
	switch {
	case dir != "":
	case home == "":
		return "", bursar.Errorf(bursar.Invalid, "neither HOME nor XDG_CONFIG_HOME says where profiles lie").
			WithHint("set one of them, or give the server and its key in BURSAR_SERVER and BURSAR_TOKEN")
	case runtime.GOOS == "darwin":
		dir = filepath.Join(home, "Library", "Application Support")
	default:
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "bursar", "profiles.yaml"), nil
}

// loadProfiles reads the profiles; there are none when there is no file. A file that others can read is refused: the keys in it
// are not secret any more.
func loadProfiles(env Environment) (*profiles, error) {
	path, err := profilesPath(env)
	if err != nil {
		return nil, usage(err)
	}
	p := &profiles{path: path, Profiles: map[string]*profile{}}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, usage(bursar.Errorf(bursar.Invalid, "the profiles cannot be read: %w", err))
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, usage(bursar.Errorf(bursar.Invalid, "%s holds keys, and others may read it", path).WithHint("chmod 600 %s", path))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, usage(bursar.Errorf(bursar.Invalid, "the profiles cannot be read: %w", err))
	}
	if err := yaml.Unmarshal(b, p); err != nil { // the parser's words would quote the file, and with it a key
		return nil, usage(bursar.Errorf(bursar.Invalid, "%s is not what bursar wrote", path).WithHint("mend it, or remove it and log in again"))
	}
	if p.Profiles == nil {
		p.Profiles = map[string]*profile{}
	}
	maps.DeleteFunc(p.Profiles, func(_ string, v *profile) bool { return v == nil })
	return p, nil
}

// save writes the profiles whole or not at all.
func (p *profiles) save() error {
	b, err := yaml.Marshal(p)
	if err != nil {
		return err
	}
	dir := filepath.Dir(p.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return bursar.Errorf(bursar.Unavailable, "the profiles cannot be kept: %w", err)
	}
	f, err := os.CreateTemp(dir, "profiles-*") // made for its owner only
	if err != nil {
		return bursar.Errorf(bursar.Unavailable, "the profiles cannot be kept: %w", err)
	}
	defer os.Remove(f.Name()) // after the rename there is nothing to remove
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), p.path)
}

// named gives a profile; "" is the chosen one. A chosen one that does not exist is none.
func (p *profiles) named(name string) (*profile, error) {
	found := p.Profiles[cmp.Or(name, p.Current, defaultProfile)]
	if found == nil && name != "" {
		hint := "\"bursar login --profile " + name + "\" makes it"
		if len(p.Profiles) > 0 {
			hint += "; there are " + strings.Join(slices.Sorted(maps.Keys(p.Profiles)), ", ")
		}
		return nil, usage(bursar.Errorf(bursar.Invalid, "there is no profile %q", name).WithHint("%s", hint))
	}
	return found, nil
}

func profileCommand(s *serverFlags) *cobra.Command {
	return group("profile", "List the servers that you are logged in to, and choose one", profileList(s), profileUse(s))
}

func profileList(s *serverFlags) *cobra.Command {
	var o output
	c := &cobra.Command{
		Use: "list", Short: "List the profiles; never their keys", Args: exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := loadProfiles(s.env)
			if err != nil {
				return err
			}
			type line struct {
				Name    string `json:"name"`
				Server  string `json:"server"`
				Current bool   `json:"current"`
			}
			list, rows := []line{}, [][]string{}
			for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
				l := line{name, p.Profiles[name].Server, name == cmp.Or(p.Current, defaultProfile)}
				list = append(list, l)
				rows = append(rows, []string{l.Name, l.Server, map[bool]string{true: "yes"}[l.Current]})
			}
			return o.print(c.OutOrStdout(), list, []string{"PROFILE", "SERVER", "CURRENT"}, rows)
		},
	}
	o.flags(c)
	return c
}

func profileUse(s *serverFlags) *cobra.Command {
	return &cobra.Command{
		Use: "use PROFILE", Short: "Use a profile where none is named", Args: exactly("a profile"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := loadProfiles(s.env)
			if err != nil {
				return err
			}
			found, err := p.named(args[0])
			if err != nil {
				return err
			}
			p.Current = args[0]
			if err := p.save(); err != nil {
				return err
			}
			return s.note(c, "commands now speak to %s\n", found.Server)
		},
	}
}
