//go:build unix

package main

import (
	"math"
	"syscall"
)

// descriptors is how many the process may have open, 0 where there is no bound.
// The Go runtime has raised the soft limit to the hard one when it began.
func descriptors() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || uint64(l.Cur) > math.MaxInt32 {
		return 0
	}
	return int(l.Cur)
}
