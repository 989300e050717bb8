package certfile

import (
	"encoding/hex"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// A file is one file being read. Certificates go out at once; what places them
// waits for the end of the file, because the use of a member depends on the
// other members.
type file struct {
	target, path string
	content      []byte
	opt          *Options
	emit         func(scan.Record)
	now          time.Time

	index   int // of the next certificate-like object
	placed  []placed
	others  map[string]int // objects that are no certificates, by kind
	mode    string         // permissions of the file, octal; empty for standard input
	trouble int
	full    bool       // the bound on objects was hit, and said
	keys    [][32]byte // SHA-256 of the public keys whose private half is in this file
	hasKey  bool
	kdf     int // rounds of key derivation spent

	spot   *spot   // the string inside structured text that is being searched; nil elsewhere
	kept   []byte  // the DER of certificates that no span of content gives back
	outer  string  // path of the outermost file, in a member of an archive
	depth  int     // of archives around this member
	inner  int     // certificates found in members
	budget *budget // what members may still cost; shared by a file and its members
}

// placed is one certificate of the file, kept small: a bundle may have a
// million.
type placed struct {
	sum             [32]byte
	spki            [32]byte
	subject, issuer uint64 // hashes of the encoded names; equal names hash alike
	at              span   // in content, to read it again
	index, line     int
	container       string
	alias           string
	parsed, isCA    bool
	selfIssued      bool
	kept            bool // at is in kept, not in content
	alone           bool // the only certificate of a string in structured text: no member of a bundle
	notes           []string
	use             scan.Use
	basis           string
}

// certificate records one certificate that was found at a span of the content.
// One whose elements do not even nest is damaged; one that nests and that the
// parser refuses is still a certificate.
func (f *file) certificate(der []byte, at span, container string, line int) {
	c, x := scan.DeriveX509(der)
	if x == nil && !wellFormed(der, maxDepth) {
		f.bad(scan.StageParse, scan.ReasonCorrupt, "sha256 "+c.SHA256+": "+c.Detail)
		return
	}
	f.emit(c)
	p := placed{at: at, index: f.index, line: line, container: container, parsed: c.Parsed, isCA: c.IsCA, selfIssued: c.SelfIssued}
	f.locate(&p, der)
	hexSum(&p.sum, c.SHA256)
	if c.Parsed {
		hexSum(&p.spki, c.SPKISHA256)
		issuer, subject, _ := scan.Names(der)
		p.subject, p.issuer = maphash.Bytes(f.opt.seed, subject), maphash.Bytes(f.opt.seed, issuer)
	}
	f.placed = append(f.placed, p)
	f.index++
}

func hexSum(into *[32]byte, s string) { hex.Decode(into[:], []byte(s)) }

// note marks the certificate that was recorded last.
func (f *file) note(code string) {
	if len(f.placed) > 0 {
		p := &f.placed[len(f.placed)-1]
		p.notes = append(p.notes, code)
	}
}

// bad records one object of the file that could not be assessed.
func (f *file) bad(stage scan.Stage, reason scan.Reason, detail string) {
	if f.spot != nil {
		detail = f.spot.alias + ": " + detail
	}
	f.report(f.index, stage, reason, detail)
	f.index++
}

// object records one thing that is no certificate, numbered within its kind.
func (f *file) object(kind string, facts *scan.Object, e entry) {
	if !f.room() {
		return
	}
	if kind == scan.ObjectPrivateKey {
		f.hasKey, facts.Mode = true, f.mode
		if spki := [32]byte{}; facts.SPKISHA256 != "" {
			hexSum(&spki, facts.SPKISHA256)
			f.keys = append(f.keys, spki)
		}
	}
	alias, line := cleanAlias(e.alias), e.line
	if f.spot != nil {
		e.container, line = f.spot.container, f.lineOf(max(1, e.line))
		alias = strings.TrimSuffix(f.spot.alias+"/"+alias, "/")
	}
	f.emit(&scan.Observation{Target: f.target, Path: f.path, Index: f.number(kind), Alias: alias, Container: e.container,
		Object: kind, Line: line, Facts: facts, ObservedAt: f.now})
}

// badObject records one thing that is no certificate and could not be assessed.
func (f *file) badObject(kind string, stage scan.Stage, reason scan.Reason, detail string) {
	f.trouble++
	f.emit(&scan.NotAssessed{Target: f.target, Path: f.path, Index: f.number(kind), Object: kind, Stage: stage, Reason: reason,
		Detail: detail, ObservedAt: f.now})
}

// number counts the objects of one kind.
func (f *file) number(kind string) int {
	if f.others == nil {
		f.others = map[string]int{}
	}
	n := f.others[kind]
	f.others[kind]++
	return n
}

func (f *file) report(index int, stage scan.Stage, reason scan.Reason, detail string) {
	f.trouble++
	f.emit(&scan.NotAssessed{Target: f.target, Path: f.path, Index: index, Stage: stage, Reason: reason, Detail: detail, ObservedAt: f.now})
}

// room is false, with a record, when the file has more objects than the bound.
func (f *file) room() bool {
	if f.index < f.opt.MaxObjects {
		return true
	}
	if !f.full {
		f.full = true
		f.report(-1, scan.StageLimit, scan.ReasonTooMany, "")
	}
	return false
}

// read recognises and reads the content and returns the file's outcome.
func (f *file) read() scan.Outcome {
	if ownOutput(f.content) {
		return scan.OutcomeOwnOutput
	}
	for _, c := range f.opt.containers {
		if !c.recognises(f.content) {
			continue
		}
		f.readAs(&c)
		break
	}
	f.place()
	switch {
	case len(f.placed)+f.inner > 0:
		return scan.OutcomeRead
	case f.trouble > 0:
		return scan.OutcomeNotAssessed
	}
	return scan.OutcomeNoCertificates
}

// readAs reads the content as one container.
func (f *file) readAs(c *container) {
	if c.read == nil {
		f.report(-1, scan.StageDecode, scan.ReasonUnsupported, c.name)
		return
	}
	c.read(f)
}

// place tells the use of every certificate and records where each one is.
func (f *file) place() {
	f.tellUses()
	for i := range f.placed {
		p := &f.placed[i]
		f.emit(&scan.Observation{Target: f.target, Path: f.path, Index: p.index, Alias: p.alias, Use: p.use, UseBasis: p.basis,
			Container: p.container, Object: scan.ObjectCertificate, SHA256: hex.EncodeToString(p.sum[:]), Line: p.line,
			Notes: p.notes, ObservedAt: f.now})
	}
}

// tellUses applies DESIGN's word "use" to what one file can tell.
func (f *file) tellUses() {
	anchors := slices.ContainsFunc(f.opt.Anchors, func(glob string) bool {
		return scan.MatchGlob(glob, f.path) || f.outer != "" && scan.MatchGlob(glob, f.outer)
	})
	issued := f.tellIssuers()
	bundle := !issued && !f.hasKey && f.distinct() > 1
	for i := range f.placed {
		p := &f.placed[i]
		switch {
		case anchors:
			p.use, p.basis = scan.UseAnchor, scan.UseByConfiguration
		case slices.Contains(f.keys, p.spki) && p.parsed:
			p.use, p.basis = scan.UseIdentity, scan.UseByKey
		case p.use != "": // told by what it issued
		case f.opt.roots[p.sum]:
			p.use, p.basis = scan.UseAnchor, scan.UseByStore
		case bundle && !p.alone:
			p.use, p.basis = scan.UseAnchor, scan.UseByBundle
		default:
			p.use, p.basis = byDefault(p), scan.UseByDefault
		}
	}
}

// byDefault is the use of a stored certificate that no place explains.
func byDefault(p *placed) scan.Use {
	switch {
	case p.parsed && p.selfIssued:
		return scan.UseUnknown
	case p.isCA:
		return scan.UseChain
	}
	return scan.UseIdentity
}

func (f *file) distinct() int {
	if len(f.placed) < 2 {
		return len(f.placed)
	}
	for i := range f.placed[1:] {
		if f.placed[i+1].sum != f.placed[0].sum {
			return 2 // more than one is all that is asked
		}
	}
	return 1
}

// maxIssuerTries bounds the signatures that are checked for one candidate
// issuer: a hostile file may hold thousands that claim the same issuer.
const maxIssuerTries = 8

// tellIssuers marks the members that issued another member, as their
// signatures show, and tells whether there is any.
func (f *file) tellIssuers() bool {
	if len(f.placed) < 2 {
		return false
	}
	bySubject := map[uint64][]int{}
	for i := range f.placed {
		if p := &f.placed[i]; p.parsed {
			bySubject[p.subject] = append(bySubject[p.subject], i)
		}
	}
	tries := map[int]int{}
	any := false
	for child := range f.placed {
		c := &f.placed[child]
		if !c.parsed || c.selfIssued { // another certificate of the same name and key is no issuer
			continue
		}
		candidates := bySubject[c.issuer]
		for _, parent := range candidates[:min(len(candidates), maxIssuerTries)] {
			p := &f.placed[parent]
			if p.sum == c.sum || p.use != "" || tries[parent] >= maxIssuerTries || !p.isCA && !p.selfIssued {
				continue
			}
			tries[parent]++
			if f.issued(p, c) {
				p.use, p.basis = scan.UseChain, scan.UseByIssuing
				any = true
			}
		}
	}
	return any
}

// issued checks the child's signature under the parent's key. Where the
// algorithm cannot be checked the names decide.
func (f *file) issued(parent, child *placed) bool {
	if parent.lost() || child.lost() {
		return true
	}
	p, c := f.again(parent), f.again(child)
	return p != nil && c != nil && scan.Signed(c, p) != scan.No
}

// again takes a certificate of this file out of the content a second time.
func (f *file) again(p *placed) []byte {
	if p.kept {
		return f.kept[p.at.from:p.at.to]
	}
	der := f.content[p.at.from:p.at.to]
	if p.container == "pem" {
		var err error
		if der, err = decodeBase64(der); err != nil {
			return nil
		}
	}
	cert, _, ok := scan.NextTLV(der)
	if !ok {
		return nil
	}
	return cert.Full
}
