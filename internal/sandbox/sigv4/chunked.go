package sigv4

import (
	"bytes"
	"crypto/hmac"
	"net/http"
	"strconv"
	"strings"
)

// unchunk takes the aws-chunked framing off a streamed upload, and verifies each chunk's signature where the
// stream is signed. Trailers become headers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
func unchunk(r *http.Request, body []byte, kind string, s *Signature, key []byte) ([]byte, *Error) {
	c := chunks{signed: strings.HasPrefix(kind, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), previous: s.signature, s: s, key: key}
	var out []byte
	for {
		data, rest, e := c.next(body)
		if e != nil {
			return nil, e
		}
		body = rest
		if len(data) == 0 {
			break
		}
		out = append(out, data...)
	}
	if e := trailers(r, body); e != nil {
		return nil, e
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); want != "" && want != strconv.Itoa(len(out)) {
		return nil, fail(Incomplete, "You did not provide the number of bytes specified by the Content-Length HTTP header.")
	}
	r.ContentLength = int64(len(out))
	return out, nil
}

type chunks struct {
	signed   bool
	previous string
	s        *Signature
	key      []byte
}

var malformed = fail(Incomplete, "The chunked body is malformed.")

// next reads "size[;chunk-signature=…]\r\n data \r\n"; the last chunk has no data.
func (c *chunks) next(body []byte) (data, rest []byte, e *Error) {
	line, rest, ok := bytes.Cut(body, []byte("\r\n"))
	if !ok {
		return nil, nil, malformed
	}
	size, extension, _ := strings.Cut(string(line), ";")
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil || n < 0 || n > int64(len(rest)) {
		return nil, nil, malformed
	}
	data, rest = rest[:n], rest[n:]
	if n > 0 {
		if rest, ok = bytes.CutPrefix(rest, []byte("\r\n")); !ok {
			return nil, nil, malformed
		}
	}
	if !c.signed {
		return data, rest, nil
	}
	want := c.s.sign(c.key, algorithm+"-PAYLOAD", c.previous+"\n"+hexSHA256(nil)+"\n"+hexSHA256(data))
	have, _ := strings.CutPrefix(extension, "chunk-signature=")
	if !hmac.Equal([]byte(want), []byte(have)) {
		return nil, nil, fail(Mismatch, "The chunk signature we calculated does not match the signature you provided.")
	}
	c.previous = want
	return data, rest, nil
}

// trailers reads what follows the last chunk: "name:value\r\n"…
func trailers(r *http.Request, rest []byte) *Error {
	for _, line := range strings.Split(string(rest), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return malformed
		}
		if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum-") { // nothing unsigned may pose as another header
			r.Header.Set(name, strings.TrimSpace(value))
		}
	}
	return nil
}
