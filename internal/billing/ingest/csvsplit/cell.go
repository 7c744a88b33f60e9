package csvsplit

import "bytes"

// Unquote returns what a cell says: its text without quotes around it, doubled quotes inside it made single, and
// without the CR of a CRLF that ends the row. It uses scratch where it has to write.
func Unquote(cell, scratch []byte) (text, grown []byte) {
	if n := len(cell); n > 0 && cell[n-1] == '\r' && (cell[0] != '"' || n > 2 && cell[n-2] == '"') {
		cell = cell[:n-1]
	}
	if len(cell) < 2 || cell[0] != '"' {
		return cell, scratch
	}
	cell = cell[1 : len(cell)-1]
	i := bytes.IndexByte(cell, '"')
	if i < 0 {
		return cell, scratch
	}
	out := append(scratch[:0], cell[:i]...)
	for i < len(cell) {
		out = append(out, '"')
		cell = cell[min(i+2, len(cell)):]
		i = bytes.IndexByte(cell, '"')
		if i < 0 {
			out = append(out, cell...)
			break
		}
		out = append(out, cell[:i]...)
	}
	return out, out
}
