//go:build unix

package main

import "syscall"

// openFlags keep an open from waiting on a named pipe.
const openFlags = syscall.O_NONBLOCK
