// Package web holds the console as it is built: a folder that is empty but for a placeholder until `make web` has run.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Built returns the console's files, index.html among them; false when the console has not been built.
func Built() (fs.FS, bool) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, false
	}
	_, err = fs.Stat(files, "index.html")
	return files, err == nil
}
