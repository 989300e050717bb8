package report

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// The index is what an audit keeps in memory of its evidence: a few hundred
// bytes for each distinct certificate and each placement, whatever their size.
type index struct {
	bySum      map[[32]byte]uint32
	certs      []certEntry
	placements []placement
	buf        []byte // for single lines read again
	sources    []*source
}

// none marks the end of a list of placements.
const none = math.MaxUint32

// A certEntry is one distinct certificate.
type certEntry struct {
	sum                 [32]byte
	at                  int64 // offset of its record, in
	source              uint16
	seen                uint16 // the last source that had it
	notBefore, notAfter int64  // Unix seconds
	subject, issuer     uint64
	first, last         uint32 // placements, linked by next
	count               uint32
	failures            uint32
	worst               policies.Severity
	parsed, exact       bool
	dated               bool // both ends of the validity are known
	isCA, selfIssued    bool
}

// A placement is one certificate in one place.
type placement struct {
	cert   uint32
	next   uint32
	at     int64 // offset of its record, in
	source uint16
	use    useBits
	open   bool // no place explains its use; other records may
	served bool // by an endpoint
}

// useBits has one bit for each use.
type useBits uint8

func bitOf(u scan.Use) useBits {
	for i, known := range scan.Uses() {
		if u == known {
			return 1 << i
		}
	}
	return bitOf(scan.UseUnknown)
}

func (b useBits) use() scan.Use {
	for i, u := range scan.Uses() {
		if b&(1<<i) != 0 {
			return u
		}
	}
	return scan.UseUnknown
}

// addCertificate is false where the same evidence file has the certificate
// already; several files may hold it, and the first counts.
func (ix *index) addCertificate(c *scan.Certificate, source int, at int64) bool {
	if n, known := ix.bySum[c.Sum()]; known {
		e := &ix.certs[n]
		again := e.seen == uint16(source)
		e.seen = uint16(source)
		return !again
	}
	e := certEntry{sum: c.Sum(), at: at, source: uint16(source), seen: uint16(source), first: none, last: none,
		parsed: c.Parsed, dated: c.Dated(), exact: c.Exact(), isCA: c.IsCA, selfIssued: c.SelfIssued}
	if e.dated {
		e.notBefore, e.notAfter = c.NotBefore.Unix(), c.NotAfter.Unix()
	}
	if c.Parsed {
		e.subject, e.issuer = nameHash(c.Subject), nameHash(c.Issuer)
	}
	ix.bySum[e.sum] = uint32(len(ix.certs))
	ix.certs = append(ix.certs, e)
	return true
}

// nameHash only narrows a search that signatures then decide.
func nameHash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// addPlacement is false where the certificate has no record before it.
func (ix *index) addPlacement(o *scan.Observation, source int, at int64) bool {
	n, ok := ix.find(o.SHA256)
	if !ok {
		return false
	}
	id := uint32(len(ix.placements))
	ix.placements = append(ix.placements, placement{cert: n, next: none, at: at, source: uint16(source),
		use: bitOf(o.Use), open: o.UseBasis == scan.UseByDefault, served: o.Endpoint != ""})
	e := &ix.certs[n]
	if e.first == none {
		e.first = id
	} else {
		ix.placements[e.last].next = id
	}
	e.last = id
	e.count++
	return true
}

func (ix *index) find(sha256 string) (uint32, bool) {
	var sum [32]byte
	if len(sha256) != 2*len(sum) {
		return 0, false
	}
	if _, err := hex.Decode(sum[:], []byte(sha256)); err != nil {
		return 0, false
	}
	n, ok := ix.bySum[sum]
	return n, ok
}

// Validity satisfies policies.Estate.
func (ix *index) Validity(sha256 string) (notBefore, notAfter time.Time, ok bool) {
	n, ok := ix.find(sha256)
	if !ok || !ix.certs[n].dated {
		return time.Time{}, time.Time{}, false
	}
	e := &ix.certs[n]
	return time.Unix(e.notBefore, 0).UTC(), time.Unix(e.notAfter, 0).UTC(), true
}

// uses unites the uses of a certificate's placements.
func (ix *index) uses(e *certEntry) (all useBits) {
	for p := e.first; p != none; p = ix.placements[p].next {
		all |= ix.placements[p].use
	}
	return all
}

// isIdentity is true for what rules about identities judge: an unknown use is
// judged as one.
func isIdentity(uses useBits) bool {
	return uses&(bitOf(scan.UseIdentity)|bitOf(scan.UseUnknown)) != 0
}

// certificate reads a certificate's record again.
func (ix *index) certificate(e *certEntry) (*scan.Certificate, error) {
	rec, buf, err := scan.ReadAt(ix.sources[e.source].in, e.at, e.exact, ix.buf)
	ix.buf = buf
	if err != nil {
		return nil, ix.sources[e.source].wrap(err)
	}
	c, ok := rec.(*scan.Certificate)
	if !ok {
		return nil, ix.sources[e.source].wrap(errMoved)
	}
	return c, nil
}

// observation reads a placement's record again.
func (ix *index) observation(p *placement) (*scan.Observation, error) {
	rec, buf, err := scan.ReadAt(ix.sources[p.source].in, p.at, true, ix.buf)
	ix.buf = buf
	if err != nil {
		return nil, ix.sources[p.source].wrap(err)
	}
	o, ok := rec.(*scan.Observation)
	if !ok {
		return nil, ix.sources[p.source].wrap(errMoved)
	}
	return o, nil
}
