package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonical writes the canonical request.
func (s *Signature) canonical(r *http.Request, payloadHash string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + s.canonicalPath(r) + "\n" + s.canonicalQuery(r) + "\n")
	names := slices.Clone(s.headers)
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + payloadHash)
	return b.String()
}

// canonicalPath escapes the path once for S3, and a second time for every other service.
func (s *Signature) canonicalPath(r *http.Request) string {
	raw := r.URL.EscapedPath()
	if r.RequestURI != "" && strings.HasPrefix(r.RequestURI, "/") {
		raw, _, _ = strings.Cut(r.RequestURI, "?")
	}
	if raw == "" {
		raw = "/"
	}
	plain, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	once := escape(plain, true)
	if s.Service == "s3" {
		return once
	}
	return escape(once, true)
}

func (s *Signature) canonicalQuery(r *http.Request) string {
	query := r.URL.Query()
	pairs := make([]string, 0, len(query))
	for k, values := range query {
		if s.Presigned && k == "X-Amz-Signature" {
			continue
		}
		for _, v := range values {
			pairs = append(pairs, escape(k, false)+"="+escape(v, false))
		}
	}
	// By name, then by value: "a=1" before "a-b=1", though "-" sorts before "=".
	slices.SortFunc(pairs, func(a, b string) int {
		ak, av, _ := strings.Cut(a, "=")
		bk, bv, _ := strings.Cut(b, "=")
		if c := strings.Compare(ak, bk); c != 0 {
			return c
		}
		return strings.Compare(av, bv)
	})
	return strings.Join(pairs, "&")
}

// headerValue joins a header's values, with runs of blanks made one. Go's server takes some headers out of the
// map: they are put back here.
func headerValue(r *http.Request, name string) string {
	values := r.Header.Values(name)
	if len(values) == 0 {
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		case "transfer-encoding":
			values = r.TransferEncoding
		}
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.Join(strings.FieldsFunc(v, func(c rune) bool { return c == ' ' }), " ")
	}
	return strings.Join(out, ",")
}

const upperHex = "0123456789ABCDEF"

// escape is RFC 3986: everything but letters, digits and -._~ as %XX; in a path the slash stays.
func escape(s string, path bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || path && c == '/' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}
