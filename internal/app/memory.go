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

// startCollecting is how hard Go's collector works while bursar starts, in percent. Making the routes and their document leaves twice as much
// behind as stays; by default it would be collected when it has made the process larger for good.
const startCollecting = 15

// startSmall has what the start leaves behind collected soon, and gives it back to the system when done is called, with what was read of the
// program itself. What GOGC says then holds.
func startSmall() (done func()) {
	before := debug.SetGCPercent(startCollecting)
	return func() {
		debug.SetGCPercent(before)
		debug.FreeOSMemory()
		giveBackProgram()
	}
}
