package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"certaudit/scan"
)

// reopen opens the evidence in the making that an earlier run left here: of one
// that was killed the partial file, of one that was interrupted a copy of what
// it finished as incomplete, which stays until there is better.
func (f *folder) reopen() (*os.File, error) {
	partial, err := openOwn(f.path(partialName), os.O_RDWR)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return partial, resumeError(err)
	}
	finished, err := openOwn(f.path(evidenceName), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--resume: no scan was stopped in %s; run without --resume", f.dir)
	}
	if err != nil {
		return nil, resumeError(err)
	}
	defer finished.Close()
	if err := isInterrupted(finished); err != nil {
		return nil, fmt.Errorf("--resume: %s: %w", finished.Name(), err)
	}
	out, err := f.begin()
	if err != nil {
		return nil, err
	}
	if err := copyFrom(out, finished); err != nil {
		out.Close()
		return nil, resumeError(err)
	}
	return out, nil
}

func resumeError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--resume: %w", err)
}

// openOwn opens a regular file, and nothing that a link leads to.
func openOwn(name string, flag int) (*os.File, error) {
	there, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !there.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := os.OpenFile(name, flag|openFlags, 0)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(there, opened) {
		f.Close()
		return nil, fmt.Errorf("%s was replaced while it was opened", name)
	}
	return f, nil
}

// isInterrupted is nil for whole evidence of a scan that was interrupted.
func isInterrupted(in io.Reader) error {
	r := scan.NewReader(in)
	r.Want = func(k scan.Kind) bool { return k == scan.KindEnd }
	complete := false
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && complete:
			return errors.New("its scan is complete; there is nothing to continue")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if end, ok := rec.(*scan.End); ok {
			complete = end.Complete
		}
	}
}

func copyFrom(out, in *os.File) error {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	_, err := out.Seek(0, io.SeekStart)
	return err
}

// writer begins the evidence, or continues what the file has.
func (p *scanPlan) writer(disk *flusher, run scan.RunRecord, now time.Time) (*scan.Writer, *scan.Past, error) {
	if !p.manners.resume {
		w, err := scan.NewWriter(disk, run)
		return w, nil, err
	}
	past, err := scan.OpenPast(disk.file, run, func(offset int64) error {
		if err := disk.file.Truncate(offset); err != nil {
			return err
		}
		_, err := disk.file.Seek(offset, io.SeekStart)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("--resume: %s: %w; without --resume it is thrown away and the scan begins anew", disk.file.Name(), err)
	}
	return past.Writer(disk, now), past, nil
}
