//go:build unix && !linux

package certfile

import "syscall"

// openRegular opens a file without waiting on a pipe that took its place, and
// makes sure that what was opened is a regular file.
func openRegular(name string) (regular, about, error) {
	return openPortable(name, syscall.O_NONBLOCK|syscall.O_CLOEXEC)
}
