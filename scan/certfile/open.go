package certfile

import (
	"errors"
	"io"
	"io/fs"
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
