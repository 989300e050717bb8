package certfile

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"slices"
	"time"

	"certaudit/scan"
)

// A file is one file being read, or one member of an archive. Certificates go
// out at once; what places them waits for the end, because the use of a member
// depends on the other members.
type file struct {
	ctx          context.Context
	end          time.Time // when the file has cost its time
	target, path string
	content      []byte // what is being read: all of the file, or a part
	base         int64  // where content begins in the file
	lines        int    // line ends before content
	crOnly       bool   // lines of this stream end with CR alone
	whole        []byte // the file, where it is held in memory
	disk         io.ReaderAt
	opt          *Options
	emit         func(scan.Record)
	now          time.Time

	index      int // of the next certificate-like object
	placed     placements
	containers []string       // that placed certificates name by number
	others     map[string]int // objects that are no certificates, by kind
	mode       fs.FileMode    // permissions of the file
	trouble    int
	full       bool       // a bound on objects or time was hit, and said
	late       bool       // it was the one on time
	keys       [][32]byte // SHA-256 of the public keys whose private half is in this file
	hasKey     bool

	spot   *spot       // the string inside structured text that is being searched; nil elsewhere
	kept   []byte      // the DER of certificates that no span of the file gives back
	der    []byte      // room to decode into, used again for each certificate
	outer  string      // path of the outermost file, in a member of an archive
	depth  int         // of archives around this member
	inner  int         // certificates found in members
	budget *budget     // what is left to spend; shared by a file and its members
	part   bool        // content is what a decoder left over
	over   *unconsumed // what no decoder consumed; shared alike
}

// A budget is what one file may still cost, its members counted.
type budget struct {
	bytes   int64
	members int
	objects int
	rounds  int // of key derivation
}

// newFile is a file that has no content yet.
func newFile(ctx context.Context, opt *Options, target, path string, now time.Time, emit func(scan.Record)) *file {
	f := &file{ctx: ctx, target: target, path: path, opt: opt, emit: emit, now: now, over: new(unconsumed),
		budget: &budget{bytes: opt.Limits.Expansion, members: opt.Limits.Members, objects: opt.Limits.Objects,
			rounds: opt.Limits.KDFIterations}}
	f.begin()
	return f
}

// begin lets the file's time run from now on.
func (f *file) begin() { f.end = time.Now().Add(f.opt.Limits.Time) }

// certificate records one certificate that was found at a span of the content.
// One whose elements do not even nest is damaged; one that nests and that the
// parser refuses is still a certificate. der is not kept.
func (f *file) certificate(der []byte, at span, container string, line int) {
	c, x := scan.DeriveX509(der)
	if x == nil {
		if reason := nests(der, f.opt.Limits.Nesting); reason != "" {
			f.bad(stageOf(reason), reason, "sha256 "+c.SHA256+": "+c.Detail)
			return
		}
	}
	f.emit(c)
	p := placed{at: f.base + int64(at.from), size: uint32(at.to - at.from), index: uint32(f.index), line: uint32(line)}
	if container == "pem" {
		p.flags |= isArmoured
	}
	p.container = f.intern(f.locate(&p, der, container))
	p.sum = c.Sum()
	if c.Parsed {
		p.describe(c, x, f.opt.seed)
	}
	f.placed.add(p)
	f.index++
	f.budget.objects--
}

// describe keeps what tells the certificate's use. x is nil where the standard
// parser refused it.
func (p *placed) describe(c *scan.Certificate, x *x509.Certificate, seed maphash.Seed) {
	var spki [32]byte
	hexSum(&spki, c.SPKISHA256)
	var issuer, subject []byte
	if x != nil {
		issuer, subject = x.RawIssuer, x.RawSubject
	} else {
		issuer, subject, _ = scan.Names(c.DER)
	}
	p.spki = maphash.Bytes(seed, spki[:])
	p.subject, p.issuer = maphash.Bytes(seed, subject), maphash.Bytes(seed, issuer)
	p.flags |= isParsed
	if c.IsCA {
		p.flags |= isCA
	}
	if c.SelfIssued {
		p.flags |= isSelfIssued
	}
}

// stageOf is the stage at which an object is refused for a reason.
func stageOf(reason scan.Reason) scan.Stage {
	if reason == scan.ReasonTooDeep {
		return scan.StageLimit
	}
	return scan.StageParse
}

// intern numbers the containers of this file.
func (f *file) intern(container string) uint8 {
	i := slices.Index(f.containers, container)
	if i < 0 {
		i = len(f.containers)
		f.containers = append(f.containers, container)
	}
	return uint8(i)
}

func hexSum(into *[32]byte, s string) { hex.Decode(into[:], []byte(s)) }

// note marks the certificate that was recorded last.
func (f *file) note(code string) {
	if n := f.placed.len(); n > 0 {
		f.placed.at(n - 1).note(code)
	}
}

// bad records one object of the file that could not be assessed.
func (f *file) bad(stage scan.Stage, reason scan.Reason, detail string) {
	if f.spot != nil {
		detail = f.spot.alias + ": " + detail
	}
	f.report(f.index, stage, reason, detail)
	f.index++
	f.budget.objects--
}

// object records one thing that is no certificate, numbered within its kind.
func (f *file) object(kind string, facts *scan.Object, e entry) {
	if !f.room() {
		return
	}
	if kind == scan.ObjectPrivateKey {
		f.hasKey, facts.Mode = true, f.permissions()
		if spki := [32]byte{}; facts.SPKISHA256 != "" {
			hexSum(&spki, facts.SPKISHA256)
			f.keys = append(f.keys, spki)
		}
	}
	f.budget.objects--
	alias, line := cleanAlias(e.alias), e.line
	if f.spot != nil {
		e.container = f.spot.container
		if line == 0 {
			line = f.spot.line
		}
		alias = inSpot(f.spot.alias, alias)
	}
	f.emit(&scan.Observation{Target: f.target, Path: f.path, Index: f.number(kind), Alias: alias, Container: e.container,
		Object: kind, Line: line, Notes: e.notes, Facts: facts, ObservedAt: f.now})
}

// inSpot is the alias of what has one of its own inside a string of structured
// text.
func inSpot(spot, alias string) string {
	if spot == "" || alias == "" {
		return spot + alias
	}
	return spot + "/" + alias
}

// permissions are octal, as chmod takes them; empty for standard input.
func (f *file) permissions() string {
	if f.disk == nil {
		return ""
	}
	return fmt.Sprintf("%04o", f.mode)
}

// badObject records one thing that is no certificate and could not be assessed.
func (f *file) badObject(kind string, stage scan.Stage, reason scan.Reason, detail string) {
	if f.spot != nil {
		detail = f.spot.alias + ": " + detail
	}
	f.trouble++
	f.budget.objects--
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

// room is false, with a record, when the file has more objects than the bound,
// when its time is over, and when the scan was interrupted.
func (f *file) room() bool {
	if !f.full && f.budget.objects <= 0 {
		f.full = true
		f.report(-1, scan.StageLimit, scan.ReasonTooMany, fmt.Sprintf("more than %d objects", f.opt.Limits.Objects))
	}
	return f.onTime() && !f.full
}

// onTime is false, with a record, when the file's time is over or the scan was
// interrupted.
func (f *file) onTime() bool {
	switch {
	case f.late:
		return false
	case f.ctx.Err() != nil:
		f.report(-1, scan.StageScan, scan.ReasonInterrupted, "")
	case time.Now().After(f.end):
		f.report(-1, scan.StageLimit, scan.ReasonTimeout, fmt.Sprintf("it took longer than %v", f.opt.Limits.Time))
	default:
		return true
	}
	f.late, f.full = true, true
	return false
}

// read recognises and reads the content and returns the file's outcome.
func (f *file) read() scan.Outcome {
	if ownOutput(f.content) {
		return scan.OutcomeOwnOutput
	}
	if c := f.recognise(); c != nil {
		f.readAs(c)
	}
	return f.outcome()
}

// recognise finds the container that the content is; nil where it is none.
func (f *file) recognise() *container {
	for i := range f.opt.containers {
		if c := &f.opt.containers[i]; c.recognises(f.content) {
			return c
		}
	}
	return nil
}

// outcome places what was found and tells what became of the file.
func (f *file) outcome() scan.Outcome {
	f.place()
	switch {
	case f.placed.len()+f.inner > 0:
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
	for i := range f.placed.len() {
		p := f.placed.at(i)
		o := scan.Observation{Target: f.target, Path: f.path, Index: int(p.index), Use: usesOf[p.use], UseBasis: basesOf[p.basis],
			Container: f.containers[p.container], Object: scan.ObjectCertificate, SHA256: hex.EncodeToString(p.sum[:]),
			Line: int(p.line), ObservedAt: f.now}
		if p.more != nil {
			o.Alias, o.Notes = p.more.alias, p.more.notes
		}
		f.emit(&o)
	}
}

// tellUses applies DESIGN's word "use" to what one file can tell.
func (f *file) tellUses() {
	anchors := slices.ContainsFunc(f.opt.Anchors, func(glob string) bool {
		return scan.MatchGlob(glob, f.path) || f.outer != "" && scan.MatchGlob(glob, f.outer)
	})
	held := map[uint64]bool{}
	for _, spki := range f.keys {
		held[maphash.Bytes(f.opt.seed, spki[:])] = true
	}
	issued := f.tellIssuers()
	bundle := !issued && !f.hasKey && f.distinct() > 1
	for i := range f.placed.len() {
		p := f.placed.at(i)
		switch {
		case anchors:
			p.tell(scan.UseAnchor, scan.UseByConfiguration)
		case p.is(isParsed) && held[p.spki]:
			p.tell(scan.UseIdentity, scan.UseByKey)
		case p.told(): // by what it issued, or by its store
		case f.opt.roots[p.sum]:
			p.tell(scan.UseAnchor, scan.UseByStore)
		case bundle && !p.is(isAlone):
			p.tell(scan.UseAnchor, scan.UseByBundle)
		default:
			p.tell(byDefault(p), scan.UseByDefault)
		}
	}
}

// byDefault is the use of a stored certificate that no place explains.
func byDefault(p *placed) scan.Use {
	switch {
	case p.is(isSelfIssued):
		return scan.UseUnknown
	case p.is(isCA):
		return scan.UseChain
	}
	return scan.UseIdentity
}

func (f *file) distinct() int {
	n := f.placed.len()
	for i := 1; i < n; i++ {
		if f.placed.at(i).sum != f.placed.at(0).sum {
			return 2 // more than one is all that is asked
		}
	}
	return min(n, 1)
}

// maxIssuerTries bounds the signatures that are checked for one candidate
// issuer: a hostile file may hold thousands that claim the same issuer.
const maxIssuerTries = 8

// tellIssuers marks the members that issued another member, as their
// signatures show, and tells whether there is any.
func (f *file) tellIssuers() bool {
	parents := f.possibleIssuers()
	tries := make([]uint8, len(parents))
	any := false
	for child := 0; len(parents) > 0 && child < f.placed.len() && f.onTime(); child++ {
		c := f.placed.at(child)
		if !c.is(isParsed) || c.is(isSelfIssued) { // another certificate of the same name and key is no issuer
			continue
		}
		first, _ := slices.BinarySearchFunc(parents, c.issuer, func(n uint32, name uint64) int {
			return cmp.Compare(f.placed.at(int(n)).subject, name)
		})
		for i := first; i < len(parents) && i < first+maxIssuerTries; i++ {
			p := f.placed.at(int(parents[i]))
			if p.subject != c.issuer {
				break
			}
			if p.sum == c.sum || p.told() || tries[i] >= maxIssuerTries {
				continue
			}
			tries[i]++
			if f.issued(p, c) {
				p.tell(scan.UseChain, scan.UseByIssuing)
				any = true
			}
		}
	}
	return any
}

// possibleIssuers lists the certificates that may have issued another, by the
// hash of their name, and those of one name in the order of the file.
func (f *file) possibleIssuers() (parents []uint32) {
	if f.placed.len() < 2 {
		return nil
	}
	for i := range f.placed.len() {
		if p := f.placed.at(i); p.is(isParsed) && (p.is(isCA) || p.is(isSelfIssued)) {
			parents = append(parents, uint32(i))
		}
	}
	slices.SortFunc(parents, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(f.placed.at(int(a)).subject, f.placed.at(int(b)).subject), cmp.Compare(a, b))
	})
	return parents
}

// issued checks the child's signature under the parent's key. Where the
// algorithm cannot be checked the names decide.
func (f *file) issued(parent, child *placed) bool {
	if parent.is(isLost) || child.is(isLost) {
		return true
	}
	p, c := f.again(parent), f.again(child)
	return p != nil && c != nil && scan.Signed(c, p) != scan.No
}

// again takes a certificate of this file out of it a second time.
func (f *file) again(p *placed) []byte {
	if p.is(isKept) {
		return f.kept[p.at : p.at+int64(p.size)]
	}
	var text []byte
	if f.whole != nil {
		text = f.whole[p.at : p.at+int64(p.size)]
	} else {
		text = make([]byte, p.size)
		if n, _ := f.disk.ReadAt(text, p.at); n < len(text) {
			return nil
		}
	}
	if p.is(isArmoured) {
		var err error
		if text, err = appendBase64(nil, text); err != nil {
			return nil
		}
	}
	cert, _, ok := scan.NextTLV(text)
	if !ok {
		return nil
	}
	return cert.Full
}
