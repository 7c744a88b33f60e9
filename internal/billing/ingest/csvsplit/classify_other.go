//go:build !amd64

package csvsplit

// classify finds the structural characters of src, whose length is a multiple of 64.
func classify(src []byte, out []marks) { classifyPortable(src, out) }
