package app

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// giveBackProgram lets go of the pages of the program's own file that the start has read: most are of no use to a server that has started, and
// what is comes back from the system's cache. Only what nobody has written to is let go of. Where the system does not tell, nothing happens.
func giveBackProgram() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	clean, _ := cleanMappings(bufio.NewScanner(maps), self) // what was read until then
	for _, m := range clean {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED) // advice
	}
}

type mapping struct{ from, to uintptr }

// cleanMappings finds where a file is mapped, not to be written, and where no page has been changed in memory, as a relocation does.
// https://docs.kernel.org/filesystems/proc.html
func cleanMappings(smaps *bufio.Scanner, file string) (clean []mapping, err error) {
	var m mapping
	ours := false
	for smaps.Scan() {
		fields := strings.Fields(smaps.Text())
		switch {
		case len(fields) == 0:
			return clean, errors.New("an empty line in smaps")
		case !strings.HasSuffix(fields[0], ":"):
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &m.from, &m.to); err != nil {
				return clean, err
			}
			ours = len(fields) >= 6 && !strings.Contains(fields[1], "w") && strings.HasSuffix(smaps.Text(), " "+file)
		case fields[0] == "Anonymous:" && ours && fields[1] == "0":
			clean = append(clean, m)
		}
	}
	return clean, smaps.Err()
}
