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
// found and for each thing that could not be assessed; it ends soon after ctx.
type Unit struct {
	Target   string // as written by the user
	Path     string // of the file, or
	Endpoint string // host:port
	Observe  func(ctx context.Context, emit func(Record))
}

// Options configures Run. The zero value observes one unit of each source at a
// time.
type Options struct {
	FileWorkers     int              // files observed at once; 0 means 1
	EndpointWorkers int              // endpoints observed at once; 0 means 1
	Now             func() time.Time // clock for the records that Run makes itself
	Progress        *Progress        // updated while Run works; may be nil
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
	r := &runner{opt: opt, w: w, progress: opt.Progress, places: make(chan struct{}, ahead)}
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
	places   chan struct{} // one for each batch that waits for its turn
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
}

// window is how many jobs may be under way or waiting for their turn to be
// written, for each worker; it bounds memory and lets the rest go on while the
// unit at the head is slow.
const window = 16

// ahead is how many batches may wait for their turn, so that a few files with
// much in them keep every worker busy. The job whose turn it is needs no place
// among them.
const ahead = 64

func (r *runner) run(ctx context.Context, targets []Target, sources map[TargetKind]Source) (bool, error) {
	files, endpoints := 0, 0 // workers, where there is work for them
	for _, t := range targets {
		if t.Kind == EndpointTarget {
			endpoints = max(1, r.opt.EndpointWorkers)
		} else {
			files = max(1, r.opt.FileWorkers)
		}
	}
	ordered := make(chan *job, window*(files+endpoints))
	queues := map[TargetKind]chan *job{
		PathTarget:     make(chan *job, window*files),
		EndpointTarget: make(chan *job, window*endpoints),
	}
	queues[StdinTarget], queues[BadTarget] = queues[PathTarget], queues[PathTarget]

	// A failed write ends the run: nothing more could be kept.
	stop, cancel := context.WithCancel(ctx)
	defer cancel()

	var workers sync.WaitGroup
	for kind, n := range map[TargetKind]int{PathTarget: files, EndpointTarget: endpoints} {
		for range n {
			workers.Go(func() {
				for j := range queues[kind] {
					r.observe(stop, j)
				}
			})
		}
	}
	go func() {
		defer close(ordered)
		for _, t := range targets {
			for u := range sources[t.Kind].Units(stop, t) {
				r.progress.Found.Add(1)
				j := &job{unit: u, head: make(chan struct{}), out: make(chan *batch, ahead)}
				ordered <- j
				queues[t.Kind] <- j
			}
		}
		r.progress.Walked.Store(true)
		close(queues[PathTarget])
		close(queues[EndpointTarget])
	}()

	var failed error
	for j := range ordered {
		close(j.head)
		for b := range j.out {
			if b.waits {
				<-r.places
			}
			if failed == nil {
				if failed = r.w.write(b, r.progress); failed != nil {
					cancel()
				}
			}
			r.recycle(b)
		}
		r.progress.Done.Add(1)
	}
	workers.Wait()
	if failed != nil {
		return false, failed
	}
	return ctx.Err() == nil && !r.cut.Load(), nil
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
		if len(b.text) >= batchBytes {
			r.hand(j, b)
			b = r.batch()
		}
	}
	r.observeUnit(ctx, j.unit, emit)
	if len(b.text) > 0 {
		r.hand(j, b)
	} else {
		r.spare.Put(b)
	}
}

// hand gives a batch to be written. It waits while too many others do.
func (r *runner) hand(j *job, b *batch) {
	select {
	case <-j.head:
		b.waits = false
	default:
		select {
		case <-j.head:
			b.waits = false
		case r.places <- struct{}{}:
			b.waits = true
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
