package certfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"
)

// A descriptor is an open regular file. It does without what os.File has for
// files that can wait: one system call in five, and a finalizer.
type descriptor struct {
	fd   int
	name string
}

// openRegular opens a file without waiting on a pipe that took its place, and
// makes sure that what was opened is a regular file.
func openRegular(name string) (regular, about, error) {
	var fd int
	err := again(func() (err error) {
		fd, err = syscall.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC|syscall.O_LARGEFILE, 0)
		return err
	})
	if err != nil {
		return nil, about{}, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	var s syscall.Stat_t
	err = again(func() error { return syscall.Fstat(fd, &s) })
	if err != nil {
		err = &fs.PathError{Op: "stat", Path: name, Err: err}
	} else if s.Mode&syscall.S_IFMT != syscall.S_IFREG {
		err = fmt.Errorf("open %s: %w", name, errNotRegular)
	}
	if err != nil {
		syscall.Close(fd)
		return nil, about{}, err
	}
	return &descriptor{fd, name}, about{s.Size, time.Unix(s.Mtim.Unix()), fs.FileMode(s.Mode & 0o777)}, nil
}

// again repeats a system call that a signal interrupted.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (d *descriptor) Read(p []byte) (n int, err error) {
	return d.read(p, func() (int, error) { return syscall.Read(d.fd, p) })
}

func (d *descriptor) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		m, err := d.read(p[n:], func() (int, error) { return syscall.Pread(d.fd, p[n:], at+int64(n)) })
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (d *descriptor) read(p []byte, call func() (int, error)) (n int, err error) {
	err = again(func() (err error) {
		n, err = call()
		return err
	})
	switch {
	case err != nil:
		return 0, &fs.PathError{Op: "read", Path: d.name, Err: err}
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

func (d *descriptor) Close() error { return syscall.Close(d.fd) }
