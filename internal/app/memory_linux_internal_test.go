package app

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestOnlyUnwrittenPagesOfTheProgramAreGivenBack(t *testing.T) {
	const smaps = `00400000-00421000 r--p 00000000 fe:00 12 /opt/a b/bursar
Rss:                 132 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
00421000-00500000 r-xp 00021000 fe:00 12 /opt/a b/bursar
Anonymous:             0 kB
00500000-00600000 r--p 00021000 fe:00 12 /opt/a b/bursar
Anonymous:             4 kB
00600000-00700000 rw-p 00021000 fe:00 12 /opt/a b/bursar
Anonymous:             0 kB
7f0e4484f000-7f0e4494f000 r--p 00000000 00:00 0
Anonymous:             0 kB
7f0e5484f000-7f0e5494f000 r-xp 00000000 fe:00 13 /usr/lib/libc.so.6
Anonymous:             0 kB
`
	got, err := cleanMappings(bufio.NewScanner(strings.NewReader(smaps)), "/opt/a b/bursar")
	if want := []mapping{{0x400000, 0x421000}, {0x421000, 0x500000}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestGivingTheProgramBackMakesItSmaller(t *testing.T) {
	before := fileResident(t)
	giveBackProgram()
	if after := fileResident(t); after >= before {
		t.Errorf("%d kB of files before, %d after", before, after)
	}
}

// fileResident is how much of files the process has in memory, in kB.
func fileResident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the system does not tell: ", err)
	}
	_, rest, _ := strings.Cut(string(text), "RssFile:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kB
}
