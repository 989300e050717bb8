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
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"certaudit/scan"
)

// The bounds on one file, unless Options says otherwise.
const (
	DefaultMaxFileSize = 256 << 20
	DefaultMaxObjects  = 2_000_000

	DefaultMaxKDFIterations = 10_000_000
)

// Options configures a Source.
type Options struct {
	Targets         []scan.Target    // every target of the run: a link may lead to what another target covers
	Excludes        []scan.Exclude   // globs on the path as reported
	Anchors         []string         // globs: certificates under them are trust anchors
	Roots           [][32]byte       // SHA-256 of the given roots: such a certificate is an anchor wherever it lies
	MaxFileSize     int64            // bytes; 0 means DefaultMaxFileSize
	MaxObjects      int              // certificates in one file; 0 means DefaultMaxObjects
	MaxExpansion    int64            // bytes that all members of one archive may unpack to; 0 means DefaultMaxExpansion
	MaxArchiveDepth int              // archives within archives; 0 means DefaultMaxArchiveDepth
	MaxMembers      int              // members of one archive, nested ones counted; 0 means DefaultMaxMembers
	Stdin           io.Reader        // for the target "-"
	Writing         string           // path of the evidence that this scan writes, counted as own output and not read
	Now             func() time.Time // clock of the records

	Passwords        func(path string) [][]byte // to try on a store, before the usual ones; may be nil; safe for concurrent use
	NoPrivateKeys    bool                       // parse no key material: a private key is recorded, and nothing more
	MaxKDFIterations int                        // rounds of key derivation for one file; 0 means DefaultMaxKDFIterations

	containers []container
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
	if opt.MaxFileSize == 0 {
		opt.MaxFileSize = DefaultMaxFileSize
	}
	if opt.MaxObjects == 0 {
		opt.MaxObjects = DefaultMaxObjects
	}
	if opt.MaxKDFIterations == 0 {
		opt.MaxKDFIterations = DefaultMaxKDFIterations
	}
	opt.containers, opt.seed = containers(), maphash.MakeSeed()
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
	return scan.Unit{Target: t.Arg, Path: shown, Observe: func(_ context.Context, emit func(scan.Record)) {
		s.observe(t.Arg, name, shown, emit)
	}}
}

func (s *Source) observe(target, name, shown string, emit func(scan.Record)) {
	rec := &scan.File{Target: target, Path: shown, Outcome: scan.OutcomeNotAssessed, ObservedAt: s.now()}
	defer func() { emit(rec) }()
	f := &file{target: target, path: shown, opt: &s.opt, emit: emit, now: rec.ObservedAt}

	in, info, err := openRegular(name)
	if err != nil {
		f.report(-1, scan.StageRead, readReason(err), err.Error())
		return
	}
	defer in.Close()
	rec.Size, rec.ModTime = info.Size(), info.ModTime().UTC()
	f.mode = fmt.Sprintf("%04o", info.Mode().Perm())
	buf, _ := s.pool.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer s.pool.Put(buf)
	if !s.fill(f, buf, in, info.Size()) {
		return
	}
	s.finish(f, rec, *buf)
}

// fill reads the whole file into buf, within the bound.
func (s *Source) fill(f *file, buf *[]byte, in io.Reader, size int64) bool {
	if size > s.opt.MaxFileSize {
		f.report(-1, scan.StageLimit, scan.ReasonTooLarge, fmt.Sprintf("%d bytes; the bound is %d", size, s.opt.MaxFileSize))
		return false
	}
	b := (*buf)[:0]
	if int64(cap(b)) < size+1 {
		b = make([]byte, 0, size+512)
	}
	in = io.LimitReader(in, s.opt.MaxFileSize+1)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := in.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.report(-1, scan.StageRead, readReason(err), err.Error())
			return false
		}
	}
	*buf = b
	if int64(len(b)) > s.opt.MaxFileSize {
		f.report(-1, scan.StageLimit, scan.ReasonTooLarge, fmt.Sprintf("it grew past %d bytes while it was read", s.opt.MaxFileSize))
		return false
	}
	return true
}

// finish reads the content and completes the file's record. A panic in a
// reader costs this file only, and the file keeps its outcome.
func (s *Source) finish(f *file, rec *scan.File, content []byte) {
	sum := sha256.Sum256(content)
	rec.SHA256, rec.Size, f.content = hex.EncodeToString(sum[:]), int64(len(content)), content
	defer func() {
		if p := recover(); p != nil {
			f.report(-1, scan.StageDecode, scan.ReasonPanic, fmt.Sprint(p))
		}
	}()
	rec.Outcome = f.read()
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

var errNotRegular = errors.New("not a regular file")

// openRegular opens a file without waiting on a pipe that took its place, and
// makes sure that what was opened is a regular file.
func openRegular(name string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: %w", name, errNotRegular)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func (s *Source) stdinUnit(t scan.Target) scan.Unit {
	return scan.Unit{Target: t.Arg, Path: t.Arg, Observe: func(ctx context.Context, emit func(scan.Record)) {
		rec := &scan.File{Target: t.Arg, Path: t.Arg, ModTime: s.now(), Outcome: scan.OutcomeNotAssessed, ObservedAt: s.now()}
		defer func() { emit(rec) }()
		f := &file{target: t.Arg, path: t.Arg, opt: &s.opt, emit: emit, now: rec.ObservedAt}
		// Standard input may never end. The reader that is left behind by an
		// interrupt ends with the process.
		var buf []byte
		read := make(chan bool, 1)
		var trouble []scan.Record
		go func() {
			quiet := &file{target: f.target, path: f.path, opt: f.opt, now: f.now, emit: func(r scan.Record) { trouble = append(trouble, r) }}
			read <- s.fill(quiet, &buf, s.opt.Stdin, 0)
		}()
		select {
		case <-ctx.Done():
			f.report(-1, scan.StageScan, scan.ReasonInterrupted, "")
		case ok := <-read:
			for _, r := range trouble {
				emit(r)
			}
			if ok {
				s.finish(f, rec, buf)
			}
		}
	}}
}
