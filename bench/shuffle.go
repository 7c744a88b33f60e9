package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"

	"github.com/klauspost/compress/gzip"
)

// shuffle rewrites a csv.gz file with its rows in random order, the same one each time.
// The file keeps its time, for data that is newer than its manifest is a delivery that is being replaced.
func shuffle(name string) error {
	before, err := os.Stat(name)
	if err != nil {
		return err
	}
	text, err := unpacked(name)
	if err != nil {
		return err
	}
	header, rest, _ := bytes.Cut(text, []byte("\n"))
	rows := rowsOf(rest)
	rand.New(rand.NewPCG(7, uint64(len(rows)))).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzipLevel)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	_, err = z.Write(append(header, '\n'))
	for _, row := range rows {
		_, rowErr := z.Write(row)
		err = errors.Join(err, rowErr)
	}
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		return err
	}
	return os.Chtimes(name, before.ModTime(), before.ModTime())
}

// rowsOf cuts csv into rows with their line ends. A line with an odd number of quotes goes on in the next.
func rowsOf(text []byte) (rows [][]byte) {
	start, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\n' && !quoted:
			rows = append(rows, text[start:i+1])
			start = i + 1
		}
	}
	return rows
}

func unpacked(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
