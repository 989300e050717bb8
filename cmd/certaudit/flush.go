package main

import (
	"fmt"
	"os"
)

// flushEvery is how many bytes of evidence go to the disk at once.
const flushEvery = 32 << 20

// A flusher hands what is written on to the disk while the scan goes on, so that
// the end does not wait for all of it.
type flusher struct {
	file    *os.File
	pending int        // bytes since the last hand-over
	done    chan error // of the hand-over under way; nil where there is none
	failed  error
}

func (f *flusher) Write(p []byte) (int, error) {
	if f.failed != nil {
		return 0, f.failed
	}
	n, err := f.file.Write(p)
	if f.pending += n; f.pending < flushEvery {
		return n, err
	}
	select {
	case synced := <-f.done:
		f.done = nil
		if synced != nil {
			f.failed = fmt.Errorf("write %s: %w", f.file.Name(), synced)
			return n, f.failed
		}
	default:
	}
	if f.done == nil {
		f.pending, f.done = 0, make(chan error, 1)
		go func(done chan error) { done <- f.file.Sync() }(f.done)
	}
	return n, err
}

// wait ends the hand-over under way.
func (f *flusher) wait() error {
	if f.done != nil && f.failed == nil {
		if err := <-f.done; err != nil {
			return fmt.Errorf("write %s: %w", f.file.Name(), err)
		}
	}
	return f.failed
}
