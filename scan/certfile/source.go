package certfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"certaudit/scan"
)

// Options configures a Source.
type Options struct {
	Targets  []scan.Target    // every target of the run: a link may lead to what another target covers
	Excludes []scan.Exclude   // globs on the path as reported
	Anchors  []string         // globs: certificates under them are trust anchors
	Roots    [][32]byte       // SHA-256 of the given roots: such a certificate is an anchor wherever it lies
	Limits   Limits           // what one file may cost
	Stdin    io.Reader        // for the target "-"
	Writing  string           // path of the evidence that this scan writes, counted as own output and not read
	Now      func() time.Time // clock of the records

	Passwords     func(path string) [][]byte // to try on a store, before the usual ones; may be nil; safe for concurrent use
	NoPrivateKeys bool                       // parse no key material: a private key is recorded, and nothing more

	containers []container
	window     int // bytes of a stream that are held at once
	seed       maphash.Seed
	roots      map[[32]byte]bool
}

// A Source reads files and folders. It satisfies scan.Source.
type Source struct {
	opt     Options
	roots   []string       // real path of each path target, in order; "" where there is none
	first   map[string]int // the first target with that real path
	writing string         // real path of Options.Writing
	next    int            // the target whose units are likely to be asked for next
	begun   []bool         // the targets whose units were asked for
	pool    sync.Pool
}

// number finds the target among those of the run; one that stands there twice
// has a number for each time. It is -1 for a target that was not announced.
func (s *Source) number(t scan.Target) int {
	for n := range s.opt.Targets {
		i := (s.next + n) % len(s.opt.Targets)
		if s.opt.Targets[i] == t && !s.begun[i] {
			s.begun[i], s.next = true, i+1
			return i
		}
	}
	return -1
}

// covers tells whether a target before number has the real path, or a folder
// above it.
func (s *Source) covers(real string, number int) bool {
	for p := real; ; p = filepath.Dir(p) {
		if i, ok := s.first[p]; ok && i < number {
			return true
		}
		if p == filepath.Dir(p) {
			return false
		}
	}
}

// New makes a Source.
func New(opt Options) *Source {
	opt.Limits.complete()
	opt.containers, opt.seed, opt.window = containers(), maphash.MakeSeed(), windowSize
	opt.roots = make(map[[32]byte]bool, len(opt.Roots))
	for _, sum := range opt.Roots {
		opt.roots[sum] = true
	}
	s := &Source{opt: opt, begun: make([]bool, len(opt.Targets)), first: map[string]int{}}
	if opt.Writing != "" {
		s.writing = realPath(filepath.Dir(opt.Writing))
		if s.writing != "" {
			s.writing = filepath.Join(s.writing, filepath.Base(opt.Writing))
		}
	}
	for _, t := range opt.Targets {
		real := ""
		if t.Kind == scan.PathTarget {
			real = realPath(t.Path)
		}
		if _, known := s.first[real]; !known && real != "" {
			s.first[real] = len(s.roots)
		}
		s.roots = append(s.roots, real)
	}
	return s
}

// realPath is the absolute path without symbolic links; "" where there is none.
func realPath(name string) string {
	r, err := filepath.EvalSymlinks(name)
	if err != nil {
		return ""
	}
	abs, err := filepath.Abs(r)
	if err != nil {
		return ""
	}
	return abs
}

// Units yields one unit for each file of the target, in path order, and one
// for each link, special file or folder that could not be followed.
func (s *Source) Units(ctx context.Context, t scan.Target) iter.Seq[scan.Unit] {
	return func(yield func(scan.Unit) bool) {
		if t.Kind == scan.StdinTarget {
			yield(s.stdinUnit(t))
			return
		}
		w := &walk{s: s, ctx: ctx, target: t, yield: yield}
		w.start()
	}
}

// CleanPath is a path as reports show it: forward slashes, and bytes that are
// no UTF-8 written as \xNN.
func CleanPath(p string) string {
	p = filepath.ToSlash(p)
	if utf8.ValidString(p) {
		return p
	}
	var b strings.Builder
	for len(p) > 0 {
		r, n := utf8.DecodeRuneInString(p)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, p[0])
		} else {
			b.WriteString(p[:n])
		}
		p = p[n:]
	}
	return b.String()
}

func (s *Source) now() time.Time { return s.opt.Now().UTC().Truncate(time.Second) }

// fileUnit reads one regular file.
func (s *Source) fileUnit(t scan.Target, name, shown string) scan.Unit {
	return scan.Unit{Target: t.Arg, Path: shown, Observe: func(ctx context.Context, emit func(scan.Record)) {
		s.observe(ctx, t.Arg, name, shown, emit)
	}}
}

func (s *Source) observe(ctx context.Context, target, name, shown string, emit func(scan.Record)) {
	rec := &scan.File{Target: target, Path: shown, Outcome: scan.OutcomeNotAssessed, ObservedAt: s.now()}
	defer func() { emit(rec) }()
	f := newFile(ctx, &s.opt, target, shown, rec.ObservedAt, emit)
	in, info, err := openRegular(name)
	if err != nil {
		f.report(-1, scan.StageRead, readReason(err), err.Error())
		return
	}
	defer in.Close()
	f.disk = in
	rec.Size, rec.ModTime = info.size, info.changed.UTC()
	f.mode = info.mode
	buf, _ := s.pool.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer func() {
		if cap(*buf) <= headSize+bytesMore { // a large one would stay for good
			s.pool.Put(buf)
		}
	}()
	s.readOpen(f, rec, buf, in)
}

// bytesMore lets the end of a file be seen without another allocation.
const bytesMore = 512

// readOpen reads an open file: as a stream where its beginning shows that it can
// be, else as a whole.
func (s *Source) readOpen(f *file, rec *scan.File, buf *[]byte, in io.Reader) {
	if most := s.opt.Limits.FileSize; rec.Size > most {
		f.tooLarge(rec.Size, most)
		return
	}
	most := s.opt.Limits.HeldSize
	head := min(headSize, most)
	*buf = slices.Grow((*buf)[:0], int(min(max(rec.Size, 0), head))+bytesMore)
	ended, err := readInto(buf, in, head)
	if err == nil && !ended && f.disk != nil && streamable(*buf, s.opt.containers) && plainFrom(f.disk, int64(len(*buf))) {
		s.contained(f, func() { f.streamed(rec, *buf, in) })
		return
	}
	if err == nil && !ended {
		if rec.Size > most {
			if isOwnEvidence(*buf, in) {
				rec.Outcome = scan.OutcomeOwnOutput
			} else {
				f.tooLarge(rec.Size, most)
			}
			return
		}
		*buf = slices.Grow(*buf, int(max(rec.Size, 0))-len(*buf)+bytesMore)
		ended, err = readInto(buf, in, most)
	}
	switch {
	case err != nil:
		f.report(-1, scan.StageRead, readReason(err), err.Error())
	case !ended:
		f.tooLarge(int64(len(*buf)), most)
	default:
		s.contained(f, func() { f.held(rec, *buf) })
	}
}

func (f *file) tooLarge(size, bound int64) {
	f.report(-1, scan.StageLimit, scan.ReasonTooLarge, fmt.Sprintf("%d bytes or more; the bound is %d", size, bound))
}

// readInto reads on until the end, or until there are more bytes than most.
func readInto(buf *[]byte, in io.Reader, most int64) (ended bool, err error) {
	b := *buf
	defer func() { *buf = b }()
	for int64(len(b)) <= most {
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b)+bytesMore)
		}
		n, err := in.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return int64(len(b)) <= most, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// held reads the content of a file that is in memory and completes the file's
// record.
func (f *file) held(rec *scan.File, content []byte) {
	sum := sha256.Sum256(content)
	rec.SHA256, rec.Size = hex.EncodeToString(sum[:]), int64(len(content))
	f.content, f.whole = content, content
	rec.Outcome = f.read()
	rec.Leftover, rec.Notes = f.over.bytes, f.over.notes
}

// contained makes a panic in a reader cost this file only.
func (s *Source) contained(f *file, read func()) {
	defer func() {
		if p := recover(); p != nil {
			f.report(-1, scan.StageDecode, scan.ReasonPanic, fmt.Sprint(p))
		}
	}()
	read()
}

func readReason(err error) scan.Reason {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return scan.ReasonNotFound
	case errors.Is(err, fs.ErrPermission):
		return scan.ReasonPermission
	case errors.Is(err, errNotRegular):
		return scan.ReasonSpecialFile
	}
	return scan.ReasonReadFailed
}

func (s *Source) stdinUnit(t scan.Target) scan.Unit {
	return scan.Unit{Target: t.Arg, Path: t.Arg, Observe: func(ctx context.Context, emit func(scan.Record)) {
		rec := &scan.File{Target: t.Arg, Path: t.Arg, ModTime: s.now(), Outcome: scan.OutcomeNotAssessed, ObservedAt: s.now()}
		defer func() { emit(rec) }()
		f := newFile(ctx, &s.opt, t.Arg, t.Arg, rec.ObservedAt, emit)
		// Standard input may never end, and whoever writes to it may be slow: its
		// time begins when it has been read. The reader that is left behind by an
		// interrupt ends with the process.
		type result struct {
			content []byte
			ended   bool
			err     error
		}
		read := make(chan result, 1)
		go func() {
			var r result
			r.ended, r.err = readInto(&r.content, s.opt.Stdin, s.opt.Limits.HeldSize)
			read <- r
		}()
		select {
		case <-ctx.Done():
			f.report(-1, scan.StageScan, scan.ReasonInterrupted, "")
		case r := <-read:
			switch {
			case r.err != nil:
				f.report(-1, scan.StageRead, readReason(r.err), r.err.Error())
			case !r.ended:
				f.tooLarge(int64(len(r.content)), s.opt.Limits.HeldSize)
			default:
				f.begin()
				s.contained(f, func() { f.held(rec, r.content) })
			}
		}
	}}
}
