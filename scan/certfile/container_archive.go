package certfile

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"certaudit/scan"
)

// Fixed bounds on one compressed stream.
const (
	freeSize = 32 << 20 // bytes up to which any ratio is accepted
	maxRatio = 200      // real data stays far below; deflate reaches 1,030
)

var (
	errExpansion = errors.New("it expands beyond the bound")
	errMembers   = errors.New("it has more members than the bound")
	errLarge     = errors.New("the member is larger than the bound")
)

func zipContainer() container {
	return container{name: "zip", title: "ZIP archive (zip, jar, war), also behind other bytes; each member keeps its own container", recognises: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte(localHeader)) || zipEnd(b) >= 0
	}, read: readZIP}
}

// zipEnd finds the end of the central directory (APPNOTE 4.3.16), whose comment
// reaches to the end of the file; -1 where there is none.
func zipEnd(b []byte) int {
	const fixed, longest = 22, 22 + 65535
	tail := b[max(0, len(b)-longest):]
	if !bytes.Contains(tail, []byte("PK\x05\x06")) { // several times as fast as a search from the end
		return -1
	}
	for end := len(tail); ; {
		i := bytes.LastIndex(tail[:end], []byte("PK\x05\x06"))
		if i < 0 {
			return -1
		}
		if e := tail[i:]; len(e) >= fixed && fixed+int(binary.LittleEndian.Uint16(e[20:])) == len(e) {
			return len(b) - len(e)
		}
		end = i
	}
}

func gzipContainer() container {
	return container{name: "gzip", title: "gzip-compressed file or archive (gz, tar.gz)", recognises: prefix("\x1f\x8b\x08"), read: readGzip}
}

// tarContainer recognises POSIX and GNU tar by the magic of the first header,
// and the older form by its checksum.
func tarContainer() container {
	return container{name: "tar", title: "tar archive; each member keeps its own container", recognises: isTar, read: func(f *file) {
		if f.archive() {
			in := bytes.NewReader(f.content)
			f.readTar(in)
			f.trailing(len(f.content) - len(bytes.TrimLeft(f.content[len(f.content)-in.Len():], "\x00")))
		}
	}}
}

func isTar(b []byte) bool {
	if len(b) < 512 {
		return false
	}
	if bytes.Equal(b[257:262], []byte("ustar")) {
		return true
	}
	want, err := strconv.ParseUint(string(bytes.Trim(b[148:156], " \x00")), 8, 32)
	if err != nil || b[0] == 0 {
		return false
	}
	sum := uint64(8 * ' ')
	for i, c := range b[:512] {
		if i < 148 || i >= 156 {
			sum += uint64(c)
		}
	}
	return sum == want
}

// archive is false, with a record, for an archive that is nested too deep.
func (f *file) archive() bool {
	if bound := f.opt.Limits.ArchiveDepth; f.depth >= bound {
		f.report(-1, scan.StageLimit, scan.ReasonTooDeep, fmt.Sprintf("archives nest deeper than %d", bound))
		return false
	}
	return true
}

// member reads what lies inside this file as a file of its own, at the path
// archive!name. A member that holds no certificate is nothing.
func (f *file) member(name string, content []byte) {
	m := f.inside(name)
	m.content, m.whole = content, content
	defer func() {
		if p := recover(); p != nil {
			m.report(-1, scan.StageDecode, scan.ReasonPanic, fmt.Sprint(p))
		}
		f.inner += m.placed.len() + m.inner
		f.full = f.full || m.late
		f.trouble += m.trouble
	}()
	m.read()
}

// inside is a member that has no content yet.
func (f *file) inside(name string) *file {
	outer := f.outer
	if outer == "" {
		outer = f.path
	}
	return &file{ctx: f.ctx, target: f.target, path: f.path + "!" + memberName(name), opt: f.opt, emit: f.emit, now: f.now,
		outer: outer, end: f.end, disk: f.disk, mode: f.mode, depth: f.depth + 1, budget: f.budget, over: f.over}
}

// memberName is a member's name as reports show it: always inside the archive,
// whatever dots and slashes it has.
func memberName(name string) string {
	return CleanPath(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/"))
}

// names tells members of the same name apart.
type names map[string]int

func (n names) distinct(name string) string {
	name = memberName(name)
	n[name]++
	if n[name] > 1 {
		return name + "#" + strconv.Itoa(n[name])
	}
	return name
}

// A meter counts what comes out of a compressed stream and stops it at the
// budget, and where it expands as no real data does.
type meter struct {
	in         io.Reader
	budget     *budget
	compressed int64
	produced   int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.produced += int64(n)
	m.budget.bytes -= int64(n)
	if m.budget.bytes < 0 || m.produced > freeSize && m.produced/maxRatio > m.compressed {
		return 0, errExpansion
	}
	return n, err
}

// take reads one member. What came before an error is returned with it.
func (f *file) take(in io.Reader) ([]byte, error) {
	if f.budget.members--; f.budget.members < 0 {
		return nil, errMembers
	}
	bound := min(f.opt.Limits.HeldSize, f.opt.Limits.MemberSize)
	content, err := io.ReadAll(io.LimitReader(in, bound+1))
	if int64(len(content)) > bound {
		return nil, errLarge
	}
	return content, err
}

// spent records a bound of the whole archive and tells whether it was one.
func (f *file) spent(err error) bool {
	switch {
	case errors.Is(err, errExpansion):
		f.report(-1, scan.StageLimit, scan.ReasonExpansion, err.Error())
	case errors.Is(err, errMembers):
		f.report(-1, scan.StageLimit, scan.ReasonTooMany, err.Error())
	default:
		return false
	}
	return true
}

// memberTrouble records what is the matter with one member.
func (f *file) memberTrouble(name string, stage scan.Stage, reason scan.Reason, detail string) {
	m := f.inside(name)
	m.report(-1, stage, reason, detail)
	f.trouble += m.trouble
}

// taken hands a member on: its content, as far as it came, and its trouble. It
// is false where the archive is not to be read further.
func (f *file) taken(name string, content []byte, err error) bool {
	if err != nil && f.spent(err) || !f.onTime() {
		return false
	}
	if len(content) > 0 {
		f.member(name, content)
	}
	switch {
	case err == nil:
	case errors.Is(err, errLarge):
		f.memberTrouble(name, scan.StageLimit, scan.ReasonTooLarge, err.Error())
	case errors.Is(err, zip.ErrAlgorithm):
		f.memberTrouble(name, scan.StageDecode, scan.ReasonUnsupported, err.Error())
	default:
		f.memberTrouble(name, scan.StageDecode, scan.ReasonCorrupt, err.Error())
	}
	return true
}

func readZIP(f *file) {
	if !f.archive() {
		return
	}
	r, err := zip.NewReader(bytes.NewReader(f.content), int64(len(f.content)))
	if err != nil && r == nil || errors.Is(err, zip.ErrFormat) {
		if !f.part { // a member that the directory does not list is no damage
			f.report(-1, scan.StageDecode, scan.ReasonCorrupt, err.Error())
		}
		f.salvageZIP()
		return
	}
	seen := names{}
	for _, m := range r.File {
		if m.FileInfo().IsDir() {
			continue
		}
		name := seen.distinct(m.Name)
		if m.Flags&1 != 0 {
			f.memberTrouble(name, scan.StageDecrypt, scan.ReasonPasswordNeeded, "encrypted member")
			continue
		}
		content, err := f.zipMember(m)
		if !f.taken(name, content, err) {
			return
		}
	}
	f.aroundMembers(r)
}

// aroundMembers searches what stands before the first member, between members,
// and in the archive's comment. Headers, and the descriptors behind members, are
// no leftovers: up to 24 bytes (APPNOTE 4.3.9).
func (f *file) aroundMembers(r *zip.Reader) {
	const descriptor = 24
	var taken []span
	for _, m := range r.File {
		if from, err := m.DataOffset(); err == nil && from <= int64(len(f.content)) {
			size := int64(min(m.CompressedSize64, uint64(len(f.content))))
			// The local header has a name and an extra field of its own length.
			head := bytes.LastIndex(f.content[:from], []byte(localHeader))
			taken = append(taken, span{max(0, head), int(min(from+size, int64(len(f.content))))})
		}
	}
	slices.SortFunc(taken, func(a, b span) int { return a.from - b.from })
	directory := len(f.content)
	if end := zipEnd(f.content); end >= 0 {
		size := int(min(binary.LittleEndian.Uint32(f.content[end+12:]), uint32(end)))
		directory = end - size
	}
	at, note := 0, noteLeading
	for _, m := range append(taken, span{directory, directory}) {
		if m.from-at > descriptor || at == 0 && m.from > 0 {
			f.leftover(span{at, m.from}, note)
		}
		at, note = max(at, m.to), noteInside
	}
	if r.Comment != "" {
		f.leftover(span{len(f.content) - len(r.Comment), len(f.content)}, noteTrailing)
	}
}

func (f *file) zipMember(m *zip.File) ([]byte, error) {
	in, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return f.take(&meter{in: in, budget: f.budget, compressed: int64(min(m.CompressedSize64, uint64(len(f.content))))})
}

// localHeader begins each member of a ZIP archive (APPNOTE 4.3.7).
const localHeader = "PK\x03\x04"

// plainMember is true where a member's own header makes sense: a version and a
// method that APPNOTE 4.4.3 and 4.4.5 know, a name of plain text.
func plainMember(h []byte) bool {
	const fixed = 30
	if len(h) < fixed {
		return false
	}
	version, method := h[4], binary.LittleEndian.Uint16(h[8:])
	nameEnd := fixed + int(binary.LittleEndian.Uint16(h[26:]))
	if version > 63 || method > 99 || nameEnd == fixed || nameEnd > len(h) {
		return false
	}
	return !bytes.ContainsFunc(h[fixed:nameEnd], func(r rune) bool { return r < ' ' })
}

// salvageZIP reads the members of an archive whose directory is lost by their
// own headers.
func (f *file) salvageZIP() {
	seen := names{}
	const fixed = 30
	for at := 0; ; {
		i := bytes.Index(f.content[at:], []byte(localHeader))
		if i < 0 || len(f.content)-at-i < fixed {
			return
		}
		at += i
		h := f.content[at:]
		if !plainMember(h) {
			at += len(localHeader)
			continue
		}
		flags, method := binary.LittleEndian.Uint16(h[6:]), binary.LittleEndian.Uint16(h[8:])
		size := int(binary.LittleEndian.Uint32(h[18:]))
		nameEnd := fixed + int(binary.LittleEndian.Uint16(h[26:]))
		start := nameEnd + int(binary.LittleEndian.Uint16(h[28:]))
		at += len(localHeader)
		if start > len(h) || h[nameEnd-1] == '/' {
			continue
		}
		name := seen.distinct(string(h[fixed:nameEnd]))
		var content []byte
		var err error
		body := bytes.NewReader(h[start:])
		switch {
		case flags&1 != 0:
			f.memberTrouble(name, scan.StageDecrypt, scan.ReasonPasswordNeeded, "encrypted member")
			continue
		case method == zip.Deflate:
			in := flate.NewReader(body)
			content, err = f.take(&meter{in: in, budget: f.budget, compressed: int64(body.Len())})
		case method == zip.Store:
			content, err = f.take(&meter{in: io.LimitReader(body, int64(size)), budget: f.budget, compressed: int64(size)})
			if err == nil && len(content) < size {
				err = io.ErrUnexpectedEOF
			}
		default:
			err = zip.ErrAlgorithm
		}
		if !f.taken(name, content, err) {
			return
		}
		if err == nil {
			at += start - len(localHeader) + len(h[start:]) - body.Len()
		}
	}
}

// readGzip unpacks a tar archive as a stream, and any other file as its one
// member.
func readGzip(f *file) {
	if !f.archive() {
		return
	}
	packed := bytes.NewReader(f.content)
	z, err := gzip.NewReader(packed)
	if err != nil {
		f.report(-1, scan.StageDecode, scan.ReasonCorrupt, err.Error())
		return
	}
	z.Multistream(false)
	in := bufio.NewReader(&meter{in: &streams{z: z, in: packed}, budget: f.budget, compressed: int64(len(f.content))})
	head, _ := in.Peek(512)
	if isTar(head) {
		f.readTar(in)
	} else {
		name := z.Name
		if name == "" {
			name = strings.TrimSuffix(path.Base(f.path), ".gz")
		}
		content, err := f.take(in)
		f.taken(name, content, err)
	}
	if _, err := in.Peek(1); errors.Is(err, io.EOF) {
		f.trailing(len(f.content) - packed.Len())
	}
}

// streams reads gzip members that stand one behind the other as one (RFC 1952
// section 2.2), and ends where something else begins.
type streams struct {
	z    *gzip.Reader
	in   *bytes.Reader
	over bool
}

func (s *streams) Read(p []byte) (int, error) {
	for !s.over {
		n, err := s.z.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		at := s.in.Size() - int64(s.in.Len())
		if err := s.z.Reset(s.in); err != nil {
			s.in.Seek(at, io.SeekStart)
			s.over = true
		}
		s.z.Multistream(false)
	}
	return 0, io.EOF
}

func (f *file) readTar(in io.Reader) {
	r := tar.NewReader(in)
	seen := names{}
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			if !f.spent(err) {
				f.report(-1, scan.StageDecode, scan.ReasonCorrupt, err.Error())
			}
			return
		case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse && h.Typeflag != tar.TypeCont:
			continue // folders and links have no content of their own
		}
		// A sparse member expands without a compressed stream, so that members
		// are counted whatever the tar archive came out of.
		content, err := f.take(&meter{in: r, budget: f.budget, compressed: 1 + int64(len(f.content))})
		if !f.taken(seen.distinct(h.Name), content, err) {
			return
		}
		if err != nil && !errors.Is(err, errLarge) {
			return // the stream is damaged
		}
	}
}
