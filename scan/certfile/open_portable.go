//go:build !linux

package certfile

import (
	"fmt"
	"os"
)

// openPortable is openRegular where the system has no named pipes in the file
// tree, or no faster way.
func openPortable(name string, flags int) (regular, about, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|flags, 0)
	if err != nil {
		return nil, about{}, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: %w", name, errNotRegular)
	}
	if err != nil {
		f.Close()
		return nil, about{}, err
	}
	return f, about{info.Size(), info.ModTime(), info.Mode().Perm()}, nil
}
