package app

import (
	"math"
	"runtime/debug"
)

// goMemory is where Go's collector begins to work harder. An import keeps some 150 MB alive on two cores and 250 MB on many; without a
// limit as much again may wait to be collected. DuckDB's memory is not in it, see memory_limit_mb.
const goMemory = 320 << 20

// BoundMemory keeps the program's memory within what is promised of an import, 512 MiB. What GOMEMLIMIT says goes before.
func BoundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(goMemory)
	}
}
