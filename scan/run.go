package scan

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Source turns a target into units of work, in a fixed order. Trouble with
// the target itself is a unit too, which emits a [NotAssessed].
type Source interface {
	Units(ctx context.Context, t Target) iter.Seq[Unit]
}

// A Unit is one file or one endpoint. Observe emits a record for each thing
// found and for each thing that could not be assessed, the last of which names
// the target and the unit (see [Past]); it ends soon after ctx.
type Unit struct {
	Target   string // as written by the user
	Path     string // of the file, or
	Endpoint string // host:port
	Observe  func(ctx context.Context, emit func(Record))
}

// Options configures Run. The zero value observes one unit of each source at a
// time.
type Options struct {
	FileWorkers     int                   // files observed at once; 0 means 1
	EndpointWorkers int                   // endpoints observed at once; 0 means 1
	PerHost         func(host string) int // most endpoints of one host at once, 0 for any number; nil for any number of each
	Past            *Past                 // what an earlier run observed already; may be nil
	Now             func() time.Time      // clock for the records that Run makes itself
	Progress        *Progress             // updated while Run works; may be nil
}

// Progress counts what a running scan has done; its fields may be read at any
// time.
type Progress struct {
	Found        atomic.Int64 // units known so far
	Done         atomic.Int64 // units finished
	Certificates atomic.Int64 // distinct certificates written
	NotAssessed  atomic.Int64 // not_assessed records written
	Walked       atomic.Bool  // no further unit will be found
}

// Run observes the targets with the source of their kind and writes the
// records to w in target order. It returns an error only when writing failed.
// When ctx ends, units that were not begun are recorded as interrupted, and
// complete is false.
func Run(ctx context.Context, targets []Target, sources map[TargetKind]Source, opt Options, w *Writer) (complete bool, err error) {
	r := &runner{opt: opt, w: w, progress: opt.Progress, places: make(chan struct{}, ahead), spread: newSpread(opt.PerHost)}
	if r.progress == nil {
		r.progress = new(Progress)
	}
	return r.run(ctx, targets, sources)
}

type runner struct {
	opt      Options
	w        *Writer
	progress *Progress
	cut      atomic.Bool   // a unit was cut short or never begun
	places   chan struct{} // see hand
	spread   *spread       // endpoint jobs
	spare    sync.Pool     // *batch
}

// batch gives an empty batch, with the room of one that was written.
func (r *runner) batch() *batch {
	if b, ok := r.spare.Get().(*batch); ok {
		return b
	}
	return new(batch)
}

func (r *runner) recycle(b *batch) {
	b.text, b.marks = b.text[:0], b.marks[:0]
	r.spare.Put(b)
}

// A job carries one unit to a worker and its encoded records back.
type job struct {
	unit Unit
	head chan struct{} // closed when what the job gives is being written
	out  chan *batch   // closed when the unit is done

	host   *group // of an endpoint; nil for others
	number int    // of an endpoint job, in the order of the targets
	begun  bool
}

// How many jobs may be under way or waiting for their turn to be written: it
// bounds memory, and lets the rest go on while the unit at the head is slow.
// Endpoints are many, small and slow; a window of thousands holds enough hosts
// to spread the work over, and enough work for the time of one that hangs.
const (
	window         = 16   // for each worker on files
	endpointWindow = 4096 // for all workers on endpoints
)

// What a unit of files gives is handed over in batches. What may wait for its
// turn to be written is bounded in places of placeBytes each, so that one file
// with much in it keeps every worker busy. The job whose turn it is needs no
// place. What an endpoint gives is small, and one batch: see spread.
const (
	batches    = 16 // of one job
	placeBytes = 4 << 10
	ahead      = 16 << 20 / placeBytes
)

// flushEvery is how long what was written may wait for more.
const flushEvery = time.Second

func (r *runner) run(ctx context.Context, targets []Target, sources map[TargetKind]Source) (bool, error) {
	files, endpoints, room := 0, 0, 0 // workers and places of the window, where there is work for them
	for _, t := range targets {
		if t.Kind == EndpointTarget {
			endpoints = max(1, r.opt.EndpointWorkers)
			room = endpointWindow
		} else {
			files = max(1, r.opt.FileWorkers)
		}
	}
	ordered := make(chan *job, window*files+room)
	fileJobs := make(chan *job, window*files)

	// A failed write ends the run: nothing more could be kept.
	stop, cancel := context.WithCancel(ctx)
	defer cancel()

	var workers sync.WaitGroup
	for range files {
		workers.Go(func() {
			for j := range fileJobs {
				r.observe(stop, j)
			}
		})
	}
	for range endpoints {
		workers.Go(func() {
			for {
				j, ok := r.spread.take()
				if !ok {
					return
				}
				r.observe(stop, j)
				r.spread.done(j)
			}
		})
	}
	var walked error // read once ordered is closed
	go func() {
		defer close(ordered)
		walked = r.walk(stop, targets, sources, func(kind TargetKind, u Unit) {
			j := &job{unit: u, head: make(chan struct{})}
			if kind == EndpointTarget {
				j.out = make(chan *batch, 1)
				ordered <- j
				r.spread.add(j)
			} else {
				j.out = make(chan *batch, batches)
				ordered <- j
				fileJobs <- j
			}
		})
		close(fileJobs)
		r.spread.close()
	}()

	failed := r.collect(ordered, cancel)
	workers.Wait()
	switch {
	case failed != nil:
		return false, failed
	case walked != nil:
		return false, walked
	}
	return ctx.Err() == nil && !r.cut.Load(), nil
}

// walk begins every unit that is not in the past.
func (r *runner) walk(ctx context.Context, targets []Target, sources map[TargetKind]Source, begin func(TargetKind, Unit)) error {
	past := r.opt.Past
	for _, t := range targets {
		for u := range sources[t.Kind].Units(ctx, t) {
			r.progress.Found.Add(1)
			done, err := past.passed(u, r.progress)
			if err != nil {
				return err
			}
			if !done {
				begin(t.Kind, u)
			}
		}
	}
	r.progress.Walked.Store(true)
	return past.leave(r.progress)
}

// collect writes what the jobs give, in their order. It calls cancel when that
// fails, and goes on to take what is still given.
func (r *runner) collect(ordered <-chan *job, cancel func()) (failed error) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	write := func(err error) {
		if failed == nil && err != nil {
			failed = err
			cancel()
		}
	}
	flush := func() { write(r.w.Flush()) }
	for j := range receive(ordered, tick.C, flush) {
		close(j.head)
		r.spread.lead(j)
		for b := range receive(j.out, tick.C, flush) {
			for range b.places {
				<-r.places
			}
			r.spread.hold(-b.held)
			if failed == nil {
				write(r.w.write(b, r.progress))
			}
			if b.held == 0 {
				r.recycle(b)
			}
		}
		r.progress.Done.Add(1)
	}
	return failed
}

// receive yields what comes, and calls idle at a tick while nothing does.
func receive[T any](from <-chan T, tick <-chan time.Time, idle func()) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			select {
			case v, ok := <-from:
				if !ok || !yield(v) {
					return
				}
			case <-tick:
				idle()
			}
		}
	}
}

// observe runs the unit of one job.
func (r *runner) observe(ctx context.Context, j *job) {
	defer close(j.out)
	b := r.batch()
	emit := func(rec Record) {
		if c, ok := rec.(*Certificate); ok && r.w.has(c.sum) {
			return // already written, so that no later record needs it again
		}
		b.add(rec)
		if len(b.text) >= batchBytes && j.host == nil {
			r.hand(j, b)
			b = r.batch()
		}
	}
	r.observeUnit(ctx, j.unit, emit)
	switch {
	case len(b.text) == 0:
		r.spare.Put(b)
	case j.host == nil:
		r.hand(j, b)
	default:
		c := b.trimmed()
		r.recycle(b)
		r.spread.hold(c.held)
		j.out <- c
	}
}

// hand gives a batch to be written. It waits while too much else does: until
// there is a place for each placeBytes that the batch takes up, or until it is
// the job's turn.
func (r *runner) hand(j *job, b *batch) {
	b.places = 0
	for want := 1 + cap(b.text)/placeBytes; b.places < want; b.places++ {
		select {
		case <-j.head:
			j.out <- b
			return
		case r.places <- struct{}{}:
		}
	}
	j.out <- b
}

// observeUnit runs one unit. A panic in a decoder costs that unit only.
func (r *runner) observeUnit(ctx context.Context, u Unit, emit func(Record)) {
	defer func() {
		if p := recover(); p != nil {
			emit(r.trouble(u, StageScan, ReasonPanic, fmt.Sprint(p)+"\n"+firstFrames(debug.Stack())))
		}
	}()
	if ctx.Err() != nil {
		r.cut.Store(true)
		emit(r.trouble(u, StageScan, ReasonInterrupted, ""))
		return
	}
	u.Observe(ctx, emit)
}

func (r *runner) trouble(u Unit, stage Stage, reason Reason, detail string) Record {
	return &NotAssessed{Target: u.Target, Path: u.Path, Endpoint: u.Endpoint, Index: -1,
		Stage: stage, Reason: reason, Detail: detail, ObservedAt: r.opt.Now().UTC().Truncate(time.Second)}
}

// firstFrames keeps what names the place of a defect and drops the rest.
func firstFrames(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	return strings.Join(lines[:min(len(lines), 14)], "\n")
}
