package reporttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"testing"
	"time"

	"certaudit/report"
)

// Template loads the built-in template from fsys, for tests:
// os.DirFS("../../templates").
func Template(t testing.TB, fsys fs.FS) *report.Template {
	t.Helper()
	tmpl, err := report.LoadTemplate(fsys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// Suite is what every format passes. format gives a fresh format each time.
func Suite(t *testing.T, tmpl *report.Template, format func(*report.Template) report.Format) {
	t.Run("same bytes", func(t *testing.T) { sameBytes(t, tmpl, format) })
	t.Run("any input", func(t *testing.T) { anyInput(t, format(tmpl)) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, format(tmpl)) })
	t.Run("write error", func(t *testing.T) { writeError(t, format(tmpl)) })
	t.Run("row error", func(t *testing.T) { rowError(t, format(tmpl)) })
}

// sameBytes writes with one format, and with another in another time zone; the
// sample also twice with one.
func sameBytes(t *testing.T, tmpl *report.Template, format func(*report.Template) report.Format) {
	for name, audit := range map[string]func() *report.Audit{"sample": Sample, "empty": Empty, "hostile": Hostile} {
		f := format(tmpl)
		first := written(t, f, audit())
		if name == "sample" && !bytes.Equal(first, written(t, f, audit())) {
			t.Errorf("%s: two writes differ", name)
		}
		local := time.Local
		time.Local = time.FixedZone("Asia/Tokyo", 9*60*60)
		second := written(t, format(tmpl), audit())
		time.Local = local
		if !bytes.Equal(first, second) {
			t.Errorf("%s: a write in another time zone differs", name)
		}
	}
}

func written(t *testing.T, f report.Format, a *report.Audit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(t.Context(), a, &b); err != nil {
		t.Fatalf("write: %v", err)
	}
	return b.Bytes()
}

func anyInput(t *testing.T, f report.Format) {
	for name, a := range map[string]*report.Audit{
		"hostile": Hostile(), "empty": Empty(), "large": Large(200), "one": Large(1), "zero": {Rows: &Memory{}},
	} {
		if err := f.Write(t.Context(), a, io.Discard); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func cancelled(t *testing.T, f report.Format) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Write(ctx, Sample(), io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: error %v, want %v", err, context.Canceled)
	}
	const rows, grace = 100, 5000
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	a := Large(1_000_000)
	w := &watched{Rows: a.Rows}
	w.each = func(n int) error {
		if n == rows {
			cancel()
		}
		return nil
	}
	a.Rows = w
	if err := f.Write(ctx, a, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while it writes: error %v, want %v", err, context.Canceled)
	}
	if w.n > rows+grace {
		t.Errorf("pulled %d more rows after its context was cancelled", w.n-rows)
	}
}

var errSuite = errors.New("the suite's error")

// A shortWriter fails after so many bytes.
type shortWriter int

func (s *shortWriter) Write(p []byte) (int, error) {
	if len(p) > int(*s) {
		n := int(*s)
		*s = 0
		return n, errSuite
	}
	*s -= shortWriter(len(p))
	return len(p), nil
}

func writeError(t *testing.T, f report.Format) {
	whole := len(written(t, f, Sample()))
	for _, room := range []int{0, 1, whole / 2, whole - 1} {
		w := shortWriter(room)
		if err := f.Write(t.Context(), Sample(), &w); !errors.Is(err, errSuite) {
			t.Errorf("writer with room for %d of %d bytes: error %v, want %v", room, whole, err, errSuite)
		}
	}
}

// rowError breaks each sequence in turn; a format that pulls from it returns
// its error.
func rowError(t *testing.T, f report.Format) {
	pulled := 0
	for _, name := range []string{"findings", "not assessed", "inventory", "endpoints", "objects"} {
		for _, at := range []int{1, 3} {
			a := Sample()
			w := &watched{Rows: a.Rows, only: name}
			met := false
			w.each = func(n int) error {
				if n == at {
					met = true
					return errSuite
				}
				return nil
			}
			a.Rows = w
			err := f.Write(t.Context(), a, io.Discard)
			if met {
				pulled++
			}
			if met && !errors.Is(err, errSuite) {
				t.Errorf("row %d of %s fails: error %v, want %v", at, name, err, errSuite)
			}
			if !met && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if pulled == 0 {
		t.Error("the format pulls no rows at all")
	}
}

// watched calls each for every row pulled, of one sequence or of all.
type watched struct {
	report.Rows
	only string
	each func(n int) error
	n    int
}

func watch[T any](w *watched, name string, seq iter.Seq2[*T, error]) iter.Seq2[*T, error] {
	if w.only != "" && w.only != name {
		return seq
	}
	return func(yield func(*T, error) bool) {
		for row, err := range seq {
			w.n++
			if e := w.each(w.n); e != nil {
				row, err = nil, e
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (w *watched) Findings() iter.Seq2[*report.Finding, error] {
	return watch(w, "findings", w.Rows.Findings())
}

func (w *watched) NotAssessed() iter.Seq2[*report.NotAssessed, error] {
	return watch(w, "not assessed", w.Rows.NotAssessed())
}

func (w *watched) Inventory() iter.Seq2[*report.InventoryRow, error] {
	return watch(w, "inventory", w.Rows.Inventory())
}

func (w *watched) Endpoints() iter.Seq2[*report.EndpointRow, error] {
	return watch(w, "endpoints", w.Rows.Endpoints())
}

func (w *watched) Objects(kinds ...string) iter.Seq2[*report.ObjectRow, error] {
	return watch(w, "objects", w.Rows.Objects(kinds...))
}
