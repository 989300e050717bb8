//go:build !unix

package main

// openFlags is empty where the system has no named pipes in the file tree.
const openFlags = 0
