//go:build !unix

package certfile

// openRegular opens a file and makes sure that it is a regular one.
func openRegular(name string) (regular, about, error) { return openPortable(name, 0) }
