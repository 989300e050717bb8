package scan

import (
	"bufio"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Past is the evidence of a scan that was stopped before its end. Run goes
// through the units as the first run did and passes over those that the past
// has. Evidence has no mark where a unit ends. But a unit's records stand
// together, in the order of the units, and the last of them names it, so that a
// unit is complete where a record of another follows. The one that stands last
// is observed again, and so is everything from the first on that is not what
// the walk finds now, that was interrupted, or whose line does not read.
type Past struct {
	r   *Reader
	w   *Writer
	cut func(offset int64) error

	next  Record     // the record to come that names a unit; nil where there is none
	here  moment     // behind the record that stood before it
	kept  moment     // behind the last unit that is known to be complete
	added [][32]byte // certificates between kept and what was read
	last  *Unit      // the unit that was passed over last
	over  bool
}

// A moment is what a Writer would know after the first part of the evidence.
type moment struct {
	offset int64
	digest hash.Hash
	counts map[string]int
	added  int // certificates of Past.added
}

// sameScan are the fields of a run record by which two runs are the same scan.
// Who runs it, where, and with which command line may change.
var sameScan = []string{"schema", "tool", "version", "binary_sha256", "vantage", "targets", "target_lists", "roots", "excludes", "options", "probes"}

// OpenPast begins to read unfinished evidence, as hostile input. run is what a
// scan from the beginning would write now: an error names the fields in which it
// is another scan. cut is called once, before anything is written; it drops what
// stands behind the offset.
func OpenPast(in io.Reader, run RunRecord, cut func(offset int64) error) (*Past, error) {
	p := &Past{r: NewReader(in), cut: cut}
	first, err := p.r.Next()
	if err != nil {
		return nil, err
	}
	there, ok := first.(*RunRecord)
	if !ok {
		return nil, &EvidenceError{1, "no run record"}
	}
	if err := compareRuns(there, run); err != nil {
		return nil, err
	}
	p.kept = p.moment()
	p.here = p.kept
	return p, nil
}

func compareRuns(there *RunRecord, run RunRecord) error {
	run.Schema, run.Tool = Schema, Tool
	l := line{}
	run.appendTo(&l)
	rec, err := DecodeLine(l.text[:len(l.text)-1], true, new(int)) // as it would be read
	if err != nil {
		return err
	}
	now := rec.(*RunRecord)
	var differ []string
	for _, f := range runFields {
		if !slices.Contains(sameScan, f.name) || reflect.DeepEqual(f.ptr(there), f.ptr(now)) {
			continue
		}
		name := f.name
		if name == "options" {
			name += " (" + clip(strings.Join(differing(there.Options, now.Options), ", ")) + ")"
		}
		differ = append(differ, name)
	}
	if len(differ) > 0 {
		return fmt.Errorf("it is of another scan: its %s differ from what is asked for now", strings.Join(differ, ", "))
	}
	return nil
}

// differing lists the keys under which two maps differ, sorted. Keys that are
// there only come from evidence, which may be anybody's.
func differing(there, now map[string]string) (keys []string) {
	for _, m := range []map[string]string{there, now} {
		for k := range m {
			a, before := there[k]
			b, after := now[k]
			if before != after || a != b {
				keys = append(keys, strconv.Quote(k))
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Writer continues the evidence. resumed goes into the end record.
func (p *Past) Writer(w io.Writer, resumed time.Time) *Writer {
	p.w = &Writer{out: bufio.NewWriterSize(w, bufferBytes), seen: map[[32]byte]struct{}{}, resumed: resumed.UTC()}
	return p.w
}

// moment is the state behind what was read.
func (p *Past) moment() moment {
	digest, err := p.r.digest.(hash.Cloner).Clone()
	if err != nil {
		panic(err) // SHA-256 has a state that can be copied
	}
	return moment{offset: p.r.next, digest: digest, counts: maps.Clone(p.r.counts), added: len(p.added)}
}

// passed tells whether the past has all of a unit. A nil Past has nothing.
func (p *Past) passed(u Unit, progress *Progress) (bool, error) {
	switch {
	case p == nil || p.over:
		return false, nil
	case p.next == nil:
		if err := p.advance(); err != nil {
			return false, err
		}
	case p.last.sharesName(u):
		progress.Done.Add(1)
		return true, nil
	}
	owned := false
	for p.next != nil && u.owns(p.next) {
		if n, ok := p.next.(*NotAssessed); ok && n.Reason == ReasonInterrupted {
			return false, p.leave(progress)
		}
		owned, p.here = true, p.moment()
		if err := p.advance(); err != nil {
			return false, err
		}
	}
	if !owned || p.next == nil {
		return false, p.leave(progress)
	}
	p.added = slices.Delete(p.added, 0, p.here.added)
	p.here.added = 0
	p.kept, p.last = p.here, &u
	progress.Done.Add(1)
	return true, nil
}

// advance reads up to the next record that names a unit. A line that does not
// read ends the past: what stands there was written half, or by somebody else.
func (p *Past) advance() error {
	p.next = nil
	for {
		rec, err := p.r.Next()
		var damage *EvidenceError
		if errors.As(err, &damage) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read evidence: %w", err)
		}
		switch rec := rec.(type) {
		case *End:
			return nil
		case *Certificate:
			if !p.w.add(rec.sum) {
				return nil // it stands once in honest evidence
			}
			p.added = append(p.added, rec.sum)
		case *File, *Observation, *Endpoint, *NotAssessed:
			p.next = rec
			return nil
		}
	}
}

// leave ends the past: the Writer goes on behind the last complete unit.
func (p *Past) leave(progress *Progress) error {
	if p == nil || p.over {
		return nil
	}
	p.over, p.next = true, nil
	for _, sum := range p.added {
		delete(p.w.seen, sum)
	}
	p.w.digest, p.w.counts = p.kept.digest, p.kept.counts
	progress.Certificates.Store(int64(p.w.counts[string(KindCertificate)]))
	progress.NotAssessed.Store(int64(p.w.counts[string(KindNotAssessed)]))
	if err := p.cut(p.kept.offset); err != nil {
		return fmt.Errorf("continue evidence: %w", err)
	}
	return nil
}

// owns tells whether a record is one of the unit's.
func (u Unit) owns(r Record) bool {
	switch r := r.(type) {
	case *File:
		return u.names(r.Target, r.Path, "")
	case *Observation:
		return u.names(r.Target, r.Path, r.Endpoint)
	case *Endpoint:
		return u.names(r.Target, "", r.Endpoint)
	case *NotAssessed:
		return u.names(r.Target, r.Path, r.Endpoint)
	}
	return false
}

// sharesName is true where the records of two units that follow each other
// cannot be told apart: a path that was given twice and is not there, a file
// that is called like the member of an archive. They are passed over together.
func (u *Unit) sharesName(v Unit) bool {
	return u != nil && u.names(v.Target, v.Path, v.Endpoint)
}

// names covers the members of an archive.
func (u Unit) names(target, path, endpoint string) bool {
	return target == u.Target && endpoint == u.Endpoint &&
		(path == u.Path || u.Path != "" && strings.HasPrefix(path, u.Path+"!"))
}
