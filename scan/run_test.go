package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"
)

// fakeSource yields units that report their own number, some of them slowly.
type fakeSource struct {
	n     int
	panic map[int]bool
	enter func(i int)
}

func (s fakeSource) Units(_ context.Context, t Target) iter.Seq[Unit] {
	return func(yield func(Unit) bool) {
		for i := range s.n {
			path := fmt.Sprintf("%s/%04d", t.Arg, i)
			if !yield(Unit{Target: t.Arg, Path: path, Observe: func(_ context.Context, emit func(Record)) {
				if s.enter != nil {
					s.enter(i)
				}
				if i%7 == 0 {
					time.Sleep(time.Millisecond)
				}
				if s.panic[i] {
					panic("decoder defect")
				}
				emit(&File{Target: t.Arg, Path: path, Outcome: OutcomeRead, ObservedAt: time.Unix(0, 0)})
			}}) {
				return
			}
		}
	}
}

func runInto(t *testing.T, ctx context.Context, out *bytes.Buffer, src Source, workers int) (bool, error) {
	t.Helper()
	w, err := NewWriter(out, RunRecord{})
	if err != nil {
		t.Fatal(err)
	}
	targets := []Target{{Arg: "a"}, {Arg: "b"}}
	complete, err := Run(ctx, targets, map[TargetKind]Source{PathTarget: src}, Options{FileWorkers: workers, Now: func() time.Time { return time.Unix(0, 0) }}, w)
	if err == nil {
		err = w.Finish(time.Unix(0, 0), complete)
	}
	return complete, err
}

func TestRunKeepsTargetOrder(t *testing.T) {
	var one, many bytes.Buffer
	if _, err := runInto(t, context.Background(), &one, fakeSource{n: 300}, 1); err != nil {
		t.Fatal(err)
	}
	complete, err := runInto(t, context.Background(), &many, fakeSource{n: 300}, 16)
	if err != nil || !complete {
		t.Fatal(complete, err)
	}
	if !bytes.Equal(one.Bytes(), many.Bytes()) {
		t.Error("evidence differs with the number of workers")
	}
	if strings.Count(one.String(), `"kind":"file"`) != 600 {
		t.Error("not every unit has its record")
	}
}

func TestRunContainsPanics(t *testing.T) {
	var out bytes.Buffer
	complete, err := runInto(t, context.Background(), &out, fakeSource{n: 10, panic: map[int]bool{3: true}}, 4)
	if err != nil || !complete {
		t.Fatal(complete, err)
	}
	if n := strings.Count(out.String(), `"reason":"internal_error"`); n != 2 {
		t.Errorf("%d units recorded as internal errors, want 2", n)
	}
	if n := strings.Count(out.String(), `"kind":"file"`); n != 18 {
		t.Errorf("%d other units recorded, want 18", n)
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var out bytes.Buffer
	complete, err := runInto(t, ctx, &out, fakeSource{n: 200, enter: func(i int) {
		if i == 20 {
			cancel()
		}
	}}, 2)
	if err != nil || complete {
		t.Fatalf("complete %v, %v; want an incomplete run without error", complete, err)
	}
	units := strings.Count(out.String(), `"kind":"file"`) + strings.Count(out.String(), `"reason":"interrupted"`)
	if units != 400 {
		t.Errorf("%d units accounted for, want 400", units)
	}
	if _, err := readEvidence(out.Bytes(), false); err != nil {
		t.Errorf("interrupted evidence does not read: %v", err)
	}
}

type failingWriter struct{ after int }

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.after -= len(b); w.after < 0 {
		return 0, errors.New("disk full")
	}
	return len(b), nil
}

func TestRunStopsWhenWritingFails(t *testing.T) {
	w, err := NewWriter(&failingWriter{after: 1000}, RunRecord{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(context.Background(), []Target{{Arg: "a"}}, map[TargetKind]Source{PathTarget: fakeSource{n: 20000}},
		Options{FileWorkers: 4, Now: time.Now}, w)
	if err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v, want the write error", err)
	}
}
