package certfile

import (
	"bytes"
	"slices"
)

// unconsumed counts the bytes of a file that no decoder consumed.
type unconsumed struct {
	bytes int64
	parts int // searched so far
	notes []string
}

// Notes of a file and of what it holds.
const (
	noteLeading  = "leading_data"  // bytes before a container
	noteTrailing = "trailing_data" // bytes behind a container, or behind a certificate in its place
	noteInside   = "inside_data"   // bytes between the parts of a container
	notePolyglot = "polyglot"      // found in bytes that the file's first decoder did not consume
)

// maxParts bounds the leftovers of one file that are searched: each may leave
// others.
const maxParts = 1000

// trailing looks at what stands behind a container.
func (f *file) trailing(at int) { f.leftover(span{at, len(f.content)}, noteTrailing) }

// leftover searches bytes that a decoder did not consume, records how many
// there are, and marks what the file holds. White space is nothing, and so are
// the zero bytes that pad an archive's last block.
func (f *file) leftover(part span, note string) {
	text := f.content[part.from:part.to]
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	f.note(note)
	f.over.count(int64(len(text)), note)
	if f.over.parts++; f.over.parts > maxParts || !f.room() {
		return
	}
	first, inner := f.placed.len(), f.inner
	content, base, within := f.content, f.base, f.part
	f.content, f.base, f.part = text, base+int64(part.from), true
	f.searchPart()
	f.content, f.base, f.part = content, base, within
	if f.placed.len() > first || f.inner > inner {
		f.noteFrom(first, notePolyglot)
		f.over.count(0, notePolyglot)
	}
}

func (u *unconsumed) count(bytes int64, note string) {
	u.bytes += bytes
	if !slices.Contains(u.notes, note) {
		u.notes = append(u.notes, note)
	}
}

// searchPart looks for whatever can hold a certificate in bytes that belong to
// no container: one that begins there, one that begins at a mark inside, PEM,
// base64.
func (f *file) searchPart() {
	if c := f.recognise(); c != nil {
		f.readAs(c)
		return
	}
	if at := f.nextBinary(); at > 0 {
		all := f.content
		f.content = all[:at]
		f.searchPEM(true)
		f.content, f.base = all[at:], f.base+int64(at)
		f.readAs(findBinary(f.opt.containers, f.content))
		return
	}
	f.searchPEM(true)
}

// binaryMarks begin what may stand anywhere in foreign bytes: a DER certificate
// or CMS of more than 255 bytes, Java keystores, archives.
var binaryMarks = [][]byte{{tagSequence, 0x82}, {tagSequence, 0x83}, []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"), []byte("\xce\xce\xce\xce\x00\x00\x00\x02"), []byte(localHeader)}

// nextBinary finds where a binary container begins behind the first byte; -1
// where none does.
func (f *file) nextBinary() int {
	best := -1
	for _, mark := range binaryMarks {
		for at := 1; at < len(f.content); at++ {
			i := bytes.Index(f.content[at:], mark)
			if i < 0 || best >= 0 && at+i >= best {
				break
			}
			at += i
			if f.beginsHere(f.content[at:]) {
				best = at
				break
			}
		}
	}
	return best
}

// beginsHere is true where a binary container begins. It does not look further
// than the beginning, so that it may be asked at every mark of a large file.
func (f *file) beginsHere(b []byte) bool {
	if bytes.HasPrefix(b, []byte(localHeader)) {
		return plainMember(b)
	}
	for i := range f.opt.containers {
		switch c := &f.opt.containers[i]; {
		case isText(c) || c.read == nil || c.name == "zip" || c.name == "gzip" || c.name == "tar":
		case c.recognises(b):
			return true
		}
	}
	return false
}

// findBinary finds the container that binary content is.
func findBinary(all []container, content []byte) *container {
	for i := range all {
		if c := &all[i]; !isText(c) && c.recognises(content) {
			return c
		}
	}
	return nil
}

// isText is true for the containers that are text, which are recognised by what
// stands anywhere in them.
func isText(c *container) bool {
	switch c.name {
	case "xml", "json", "yaml", "pem", "base64", "openssh", "putty":
		return true
	}
	return false
}
