package certfile

import (
	"slices"

	"certaudit/scan"
)

// placed is one certificate of the file, kept small: a bundle may have a
// million, and their uses are known only at its end.
type placed struct {
	sum             [32]byte
	spki            uint64 // hashes under a seed of the run, of the key and
	subject, issuer uint64 // of the encoded names; equal ones hash alike
	at              int64  // where its text or DER begins: in the file, or in what was kept
	size            uint32 // of that text
	index           uint32
	line            uint32
	flags           placedFlags
	use             uint8 // in usesOf; 0 is not told
	basis           uint8 // in basesOf
	container       uint8 // in file.containers
	more            *more // what few have; nil elsewhere
}

// more is what is said of few certificates.
type more struct {
	alias string
	notes []string
}

type placedFlags uint8

const (
	isParsed     placedFlags = 1 << iota
	isCA                     // by its basic constraints
	isSelfIssued             // its names are the same
	isArmoured               // at is PEM, not DER
	isKept                   // at is in what was kept, not in the file
	isLost                   // its bytes are nowhere any more
	isAlone                  // the only certificate of a string in structured text: no member of a bundle
)

func (p *placed) is(f placedFlags) bool { return p.flags&f != 0 }

var (
	usesOf  = append([]scan.Use{""}, scan.Uses()...)
	basesOf = []string{"", scan.UseByChainPosition, scan.UseByKey, scan.UseByIssuing, scan.UseByBundle, scan.UseByStore, scan.UseByConfiguration, scan.UseByDefault}
)

func (p *placed) told() bool { return p.use != 0 }

func (p *placed) tell(use scan.Use, basis string) {
	p.use, p.basis = uint8(slices.Index(usesOf, use)), uint8(slices.Index(basesOf, basis))
}

func (p *placed) note(code string) {
	if p.more == nil {
		p.more = new(more)
	}
	if !slices.Contains(p.more.notes, code) {
		p.more.notes = append(p.more.notes, code)
	}
}

func (p *placed) name(alias string) {
	if alias == "" {
		return
	}
	if p.more == nil {
		p.more = new(more)
	}
	p.more.alias = alias
}

// placements is a list that grows without copying what is long.
type placements struct {
	full [][]placed // each of chunk entries
	last []placed
}

const chunk = 4096

func (l *placements) len() int { return len(l.full)*chunk + len(l.last) }

// at is valid until the next add.
func (l *placements) at(i int) *placed {
	if n := i / chunk; n < len(l.full) {
		return &l.full[n][i%chunk]
	}
	return &l.last[i%chunk]
}

func (l *placements) add(p placed) *placed {
	switch {
	case len(l.last) == chunk:
		l.full = append(l.full, l.last)
		l.last = make([]placed, 0, chunk)
	case len(l.last) == cap(l.last) && cap(l.last) > 0:
		bigger := make([]placed, len(l.last), min(chunk, 4*cap(l.last)))
		copy(bigger, l.last)
		l.last = bigger
	}
	l.last = append(l.last, p)
	return &l.last[len(l.last)-1]
}
