package register

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/bursarhq/bursar/deploy"
)

// Template is a CloudFormation template that bursar ships, or the Terraform module.
type Template struct {
	Name    string // "access.yaml", "terraform-aws-account.zip"
	URL     string // where AWS can read it; "" while none is published
	Path    string // below the base URL; it holds the hash, so what it names never changes
	SHA256  string // of the bytes, in hexadecimal
	Size    int    // bytes
	Version string
}

// MaxBody is the size up to which CloudFormation takes a template in the request itself, in bytes:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
const MaxBody = 51200

// TemplateText returns the bytes of a template. It fails with fs.ErrNotExist for an unknown name.
func TemplateText(name string) ([]byte, error) {
	if name == deploy.Module {
		return deploy.ModuleZip()
	}
	return deploy.Template(name)
}

// ContentType is the media type of a template.
func (t Template) ContentType() string {
	if t.Name == deploy.Module {
		return "application/zip"
	}
	return "application/yaml"
}

// Template describes a template. It fails with fs.ErrNotExist for an unknown name.
func (c Config) Template(name string) (Template, error) {
	text, err := TemplateText(name)
	if err != nil {
		return Template{}, err
	}
	sum := sha256.Sum256(text)
	t := Template{Name: name, SHA256: hex.EncodeToString(sum[:]), Size: len(text), Version: deploy.Version}
	t.Path = "v" + t.Version + "/" + t.SHA256[:12] + "/" + name
	if c.TemplateBaseURL != "" {
		t.URL = strings.TrimRight(c.TemplateBaseURL, "/") + "/" + t.Path
	}
	return t, nil
}

// Templates describes all templates, by name, and the Terraform module after them.
func (c Config) Templates() ([]Template, error) {
	var out []Template
	for _, name := range append(deploy.Names(), deploy.Module) {
		t, err := c.Template(name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// Published serves the templates under their Paths, as a bucket that they are published in would. Mount it with
// http.StripPrefix.
func Published() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, err := Config{}.Templates()
		if err != nil {
			http.Error(w, "the templates cannot be read", http.StatusInternalServerError)
			return
		}
		for _, t := range all {
			if strings.TrimPrefix(r.URL.Path, "/") != t.Path {
				continue
			}
			text, err := TemplateText(t.Name)
			if err != nil {
				break
			}
			w.Header().Set("Content-Type", t.ContentType())
			w.Header().Set("ETag", `"`+t.SHA256+`"`)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			http.ServeContent(w, r, t.Name, time.Time{}, bytes.NewReader(text))
			return
		}
		http.Error(w, fs.ErrNotExist.Error(), http.StatusNotFound)
	})
}
