package scan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
	"time"
)

// A Writer writes evidence: one run record, the records of a scan, one end
// record. A certificate is written once, before its first use.
type Writer struct {
	out     *bufio.Writer
	digest  hash.Hash // of every byte so far
	counts  map[string]int
	resumed time.Time // zero for a scan in one run

	mu   sync.RWMutex // guards seen: workers ask while the collector adds
	seen map[[32]byte]struct{}
}

// bufferBytes is what is written to the file at once.
const bufferBytes = 1 << 18

// NewWriter begins evidence with its run record; Schema and Tool are filled in.
func NewWriter(w io.Writer, run RunRecord) (*Writer, error) {
	run.Schema, run.Tool = Schema, Tool
	e := &Writer{
		out:    bufio.NewWriterSize(w, bufferBytes),
		digest: sha256.New(),
		counts: map[string]int{},
		seen:   map[[32]byte]struct{}{},
	}
	b := new(batch)
	b.add(&run)
	if err := e.write(b, nil); err != nil {
		return e, err
	}
	return e, e.Flush()
}

// Finish writes the end record and flushes. complete is false when the scan
// was interrupted.
func (w *Writer) Finish(finished time.Time, complete bool) error {
	l := line{}
	(&End{Finished: finished.UTC(), Resumed: w.resumed, Complete: complete, Counts: w.counts, SHA256: hex.EncodeToString(w.digest.Sum(nil))}).appendTo(&l)
	w.digest.Write(l.text)
	if _, err := w.out.Write(l.text); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return w.Flush()
}

// Flush hands on all that was written, so that it can be read back and a scan
// that is killed leaves it.
func (w *Writer) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

// Append writes one more record behind those of a finished Run.
func (w *Writer) Append(r Record) error {
	b := new(batch)
	b.add(r)
	return w.write(b, nil)
}

// SHA256 is the digest of the whole file, once Finish has returned.
func (w *Writer) SHA256() string { return hex.EncodeToString(w.digest.Sum(nil)) }

// has tells whether the certificate's record is already in the file.
func (w *Writer) has(sum [32]byte) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	_, ok := w.seen[sum]
	return ok
}

// write appends a batch, dropping certificates that are already there.
func (w *Writer) write(b *batch, p *Progress) error {
	kept, start := 0, 0 // what was kept and not yet written begins at kept
	for _, m := range b.marks {
		end := m.end
		if m.kind == KindCertificate && !w.add(m.sum) {
			if err := w.append(b.text[kept:start]); err != nil {
				return err
			}
			kept = end
		} else {
			w.counts[string(m.kind)]++
			if p != nil {
				p.count(m.kind)
			}
		}
		start = end
	}
	return w.append(b.text[kept:start])
}

// add is false where the certificate's record is in the file already.
func (w *Writer) add(sum [32]byte) bool {
	if w.has(sum) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[sum] = struct{}{}
	return true
}

func (w *Writer) append(text []byte) error {
	w.digest.Write(text)
	if _, err := w.out.Write(text); err != nil {
		return fmt.Errorf("write evidence: %w", err)
	}
	return nil
}

func (p *Progress) count(k Kind) {
	switch k {
	case KindCertificate:
		p.Certificates.Add(1)
	case KindNotAssessed:
		p.NotAssessed.Add(1)
	}
}

// batchBytes is the size at which a unit hands its records on; it bounds what
// one large file can hold back.
const batchBytes = 1 << 18

// A batch is some records of one unit, already encoded: encoding is the
// workers' share, so that the one collector only copies and hashes.
type batch struct {
	text   []byte
	marks  []mark
	places int // that it took among what waits for its turn
	held   int // bytes that a spread counts
}

// A mark ends one record in a batch's text.
type mark struct {
	kind Kind
	end  int
	sum  [32]byte // of a certificate
}

// trimmed is a copy without room to spare: thousands may wait for their turn.
func (b *batch) trimmed() *batch {
	return &batch{text: bytes.Clone(b.text), marks: slices.Clone(b.marks), held: len(b.text)}
}

func (b *batch) add(r Record) {
	l := line{text: b.text}
	r.appendTo(&l)
	b.text = l.text
	m := mark{kind: r.Kind(), end: len(b.text)}
	if c, ok := r.(*Certificate); ok {
		m.sum = c.sum
	}
	b.marks = append(b.marks, m)
}
