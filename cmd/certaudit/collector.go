package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Most of what a scan allocates dies with its file, and little is live. Letting
// the heap grow to several times that before it is collected saves up to 28 %
// of a scan's CPU time; keeping the factor when an index of a million
// certificates is live would waste memory. So the heap may grow by collectorRoom
// beyond what is live, or by half of it where that is more.
const (
	collectorRoom  = 24 << 20
	collectorMost  = 400 // percent
	collectorLeast = 50
	collectorEvery = 100 * time.Millisecond
)

// tuneCollector sets the collector's target and follows the live heap until the
// function that it returns is called. A target that the user set stands.
func tuneCollector(getenv func(string) string) (stop func()) {
	if getenv("GOGC") != "" {
		return func() {}
	}
	old := debug.SetGCPercent(collectorMost)
	quit := make(chan struct{})
	go func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		tick := time.NewTicker(collectorEvery)
		defer tick.Stop()
		set := collectorMost
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			metrics.Read(live)
			if want := collectorTarget(live[0].Value.Uint64()); want != set {
				debug.SetGCPercent(want)
				set = want
			}
		}
	}()
	return func() {
		close(quit)
		debug.SetGCPercent(old)
	}
}

// collectorTarget is the growth in percent that leaves collectorRoom, in steps
// of 25 so that it seldom changes: setting it stops the world.
func collectorTarget(live uint64) int {
	if live == 0 {
		return collectorMost
	}
	percent := int(min(collectorRoom*100/live, collectorMost))
	return max(percent/25*25, collectorLeast)
}
