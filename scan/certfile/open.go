package certfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// A regular is an open regular file.
type regular interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// about is what is known of an open file.
type about struct {
	size    int64
	changed time.Time
	mode    fs.FileMode // permissions alone
}

var errNotRegular = errors.New("not a regular file")

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
