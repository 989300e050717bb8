//go:build unix

package certfile

import "syscall"

// openFlags keep an open from waiting on a named pipe.
const openFlags = syscall.O_NONBLOCK | syscall.O_CLOEXEC
