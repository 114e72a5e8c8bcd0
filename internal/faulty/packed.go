package faulty

import (
	"bytes"
	"compress/gzip"
	"io"
)

// Packed is JSON with so many MiB between its start and its end, as gzip makes
// a few hundred kilobytes of it: start opens a text, end closes it.
func Packed(start string, mib int, end string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, start)
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range mib {
		_, _ = z.Write(block)
	}
	_, _ = io.WriteString(z, end)
	_ = z.Close()
	return b.Bytes()
}
