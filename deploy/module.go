package deploy

import (
	"archive/zip"
	"bytes"
	"embed"
	"io/fs"
	"sync"
	"time"
)

// Module names the archive of the Terraform module, as it is published and served.
const Module = "terraform-aws-account.zip"

//go:embed terraform/aws-account
var module embed.FS

// ModuleZip returns the Terraform module as an archive, the same bytes each time: Terraform reads a module from such an address.
var ModuleZip = sync.OnceValues(func() ([]byte, error) {
	root, err := fs.Sub(module, "terraform/aws-account")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		return err
	})
	if err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
})
