package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// Entry is one entry of a map.
type Entry struct {
	Key, Value string
	Number     bool // Value is a number, spelled as JSON allows it
}

// errNotMap says that a text is no map.
var errNotMap = errors.New("not a JSON object of plain values")

// Object reads a map that csv files write as a JSON object: text, numbers (spelled as they are) and booleans are
// values; entries of null and "" are no entries. Nested values are kept as JSON text. Two entries of one key are an
// error.
func Object(s []byte) ([]Entry, error) {
	d := json.NewDecoder(bytes.NewReader(s))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotMap
	}
	var out []Entry
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, errNotMap
		}
		key := t.(string)
		if seen[key] {
			return nil, errors.New("a map with two entries of one key")
		}
		seen[key] = true
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, errNotMap
		}
		value := string(raw)
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &value); err != nil {
				return nil, errNotMap
			}
		}
		if value != "" && value != "null" || raw[0] == '"' && value == "null" {
			out = append(out, Entry{Key: key, Value: value})
		}
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return nil, errNotMap
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotMap
	}
	return out, nil
}

// AppendObject writes a map as JSON, in the order given.
func AppendObject(dst []byte, entries []Entry) []byte {
	dst = append(dst, '{')
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, e.Key)
		if dst = append(dst, ':'); e.Number {
			dst = append(dst, e.Value...)
			continue
		}
		dst = appendString(dst, e.Value)
	}
	return append(dst, '}')
}

// appendString writes a JSON string; what is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
