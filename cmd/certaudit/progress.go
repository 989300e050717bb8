package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"certaudit/scan"
)

const (
	liveEvery  = 200 * time.Millisecond
	plainEvery = 5 * time.Second
)

// showProgress reports a running scan on standard error until the function
// that it returns is called: one live line on a terminal, a plain line every
// few seconds elsewhere, nothing when quiet.
func (a *app) showProgress(common *commonFlags, p *scan.Progress) (stop func()) {
	if common.quiet || common.progress == "none" {
		return func() {}
	}
	live := common.progress == "auto" && isTerminal(a.err.w)
	every := plainEvery
	if live {
		every = liveEvery
	}
	began := time.Now()
	quit := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				if live {
					io.WriteString(a.err.w, "\r\x1b[K")
				}
				return
			case <-tick.C:
				line := progressLine(p, time.Since(began))
				if live {
					fmt.Fprintf(a.err.w, "\r\x1b[K%s", line)
				} else {
					a.err.printf("certaudit: %s\n", line)
				}
			}
		}
	})
	return func() { close(quit); done.Wait() }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// progressLine says done of total, rate, failures and, once the total is
// known, the time left.
func progressLine(p *scan.Progress, took time.Duration) string {
	done, found := p.Done.Load(), p.Found.Load()
	rate := float64(done) / max(took.Seconds(), 0.001)
	total, left := fmt.Sprintf("%d+", found), ""
	if p.Walked.Load() {
		total = fmt.Sprint(found)
		if rate > 0 && found > done {
			left = fmt.Sprintf(", %s left", (time.Duration(float64(found-done)/rate*float64(time.Second)) + time.Second/2).Truncate(time.Second))
		}
	}
	return fmt.Sprintf("%d of %s observed, %.0f/s, %d certificates, %d not assessed%s", done, total, rate, p.Certificates.Load(), p.NotAssessed.Load(), left)
}
