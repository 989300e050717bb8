package certfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"certaudit/scan"
)

const (
	headSize   = 1 << 20  // bytes that decide whether a file is read as a stream
	windowSize = 2 << 20  // bytes of a stream that are held at once, and
	maxBlock   = 32 << 20 // where one block is larger, at most
)

// streamable is true for a text that begins with PEM, so that it can be read
// block by block whatever its size. Text with a structure of its own, and what
// a decoder of binary containers knows, is not.
func streamable(head []byte, all []container) bool {
	at, _, _ := nextMark(head, 0, beginMark)
	if at < 0 || isUTF16(head) || bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	for _, c := range all {
		if c.name != "pem" && c.name != "openssh" && c.recognises(head) { // these two are read by the same search
			return false
		}
	}
	return true
}

// plainFrom is true where no zero byte follows: text goes on to the end. Whatever
// binary container is appended has one, if only in a BIT STRING or a length, and
// has to be in memory to be read.
func plainFrom(in io.ReaderAt, at int64) bool {
	for buf := make([]byte, 256<<10); ; {
		n, err := in.ReadAt(buf, at)
		if bytes.IndexByte(buf[:n], 0) >= 0 {
			return false
		}
		if err != nil || n == 0 {
			return errors.Is(err, io.EOF)
		}
		at += int64(n)
	}
}

// streamed reads PEM of any size and completes the file's record: a window
// moves over the text, and what is not complete yet moves to its beginning.
// head was read already.
func (f *file) streamed(rec *scan.File, head []byte, in io.Reader) {
	w := &window{buf: make([]byte, 0, max(f.opt.window, len(head))), in: in, sum: sha256.New()}
	w.take(head)
	f.crOnly = w.cr
	err := w.fill()
	for err == nil && !f.full && len(w.buf) > 0 && w.size <= f.opt.Limits.FileSize {
		f.content, f.base, f.lines = w.buf, w.base, w.lines
		w.drop(w.keepLine(f.searchPEM(w.end || len(w.buf) >= maxBlock)))
		err = w.fill()
	}
	for err == nil && !w.end && !f.late && w.size <= f.opt.Limits.FileSize { // no more objects are wanted, but the digest is
		w.buf = w.buf[:0]
		err = w.fill()
	}
	rec.Size = max(rec.Size, w.size)
	switch {
	case err != nil:
		f.report(-1, scan.StageRead, readReason(err), err.Error())
	case w.size > f.opt.Limits.FileSize:
		f.report(-1, scan.StageLimit, scan.ReasonTooLarge, fmt.Sprintf("the bound is %d bytes", f.opt.Limits.FileSize))
	case w.end:
		rec.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	}
	rec.Outcome = f.outcome()
}

// A window is the part of a stream that is held.
type window struct {
	buf   []byte
	base  int64 // of buf in the stream
	lines int   // line ends before buf
	cr    bool  // lines end with CR alone
	size  int64 // bytes read so far
	end   bool  // nothing follows
	in    io.Reader
	sum   hash.Hash
}

func (w *window) take(head []byte) {
	w.buf = append(w.buf, head...)
	w.size = int64(len(head))
	w.sum.Write(head)
	w.cr = bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0
}

// fill reads until the window is full, making it larger when it is full of what
// is not complete.
func (w *window) fill() error {
	if len(w.buf) == cap(w.buf) && !w.end {
		w.buf = append(make([]byte, 0, 2*cap(w.buf)), w.buf...)
	}
	for len(w.buf) < cap(w.buf) && !w.end {
		n, err := w.in.Read(w.buf[len(w.buf):cap(w.buf)])
		w.sum.Write(w.buf[len(w.buf) : len(w.buf)+n])
		w.buf = w.buf[:len(w.buf)+n]
		w.size += int64(n)
		if errors.Is(err, io.EOF) {
			w.end = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// keepLine keeps the white space that the first n bytes end with, behind which a
// mark still begins its line, and a byte before it where that ends no line, so that
// what follows is not taken for the beginning of one. It stands for what was there.
func (w *window) keepLine(n int) int {
	for n > 0 && n < len(w.buf) && (w.buf[n-1] == ' ' || w.buf[n-1] == '\t') {
		n--
	}
	if n > 0 && n < len(w.buf) && w.buf[n-1] != '\n' && w.buf[n-1] != '\r' {
		n--
		w.buf[n] = 0
	}
	return n
}

// drop forgets the first n bytes.
func (w *window) drop(n int) {
	w.lines += countLines(w.buf[:n], w.cr)
	w.base += int64(n)
	w.buf = w.buf[:copy(w.buf, w.buf[n:])]
}

func countLines(text []byte, cr bool) int {
	if cr {
		return bytes.Count(text, []byte{'\r'})
	}
	return bytes.Count(text, []byte{'\n'})
}
