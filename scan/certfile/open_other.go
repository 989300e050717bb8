//go:build !unix

package certfile

// openFlags is empty where the system has no named pipes in the file tree.
const openFlags = 0
