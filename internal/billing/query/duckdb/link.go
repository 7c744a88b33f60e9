package duckdb

// Go exports every symbol of the program to libraries that it might load. There are none: the 30,000 names of DuckDB would take 7 MB of memory in
// each process, and of each file.

// #cgo linux LDFLAGS: -Wl,--no-export-dynamic
import "C"
