package world

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

//go:embed worlds/*.yaml
var files embed.FS

// Names lists the worlds that come with the sandbox.
func Names() []string {
	entries, _ := fs.ReadDir(files, "worlds") // embedded: it is there
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return out
}

// Load reads a world that comes with the sandbox, by its name ("demo"), or the file at a path.
func Load(name string) (*World, error) {
	text, err := files.ReadFile("worlds/" + name + ".yaml")
	if err != nil {
		if text, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("world: %q is neither a file nor one of %s", name, strings.Join(Names(), ", "))
		}
	}
	return Parse(text)
}
