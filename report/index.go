package report

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// The index is what an audit keeps in memory of its evidence: a few hundred
// bytes for each distinct certificate, each placement and each other object,
// whatever their size.
type index struct {
	bySum      map[[32]byte]uint32
	certs      chunks[certEntry]
	placements chunks[placement]
	objects    chunks[objectEntry]
	authorities
	revocations
	endpoints
	byKey   []uint32          // see keyedCertificates
	private []uint32          // see privateKeys
	places  map[keyID][]Place // of a few private keys
	buf     []byte            // for single lines read again
	sources []*source
	several map[host]bool // host:port with several addresses, each an endpoint of its own

	upgraded map[host]string // protocol that is upgraded to TLS at a host:port
}

// none marks the end of a list of placements.
const none = math.MaxUint32

// A certEntry is one distinct certificate. TestEntrySizes holds the sizes of
// the entries: they are what an audit of a million certificates costs.
type certEntry struct {
	sum                 [32]byte
	key                 keyID
	at                  int64 // offset of its record, in
	source              uint16
	seen                uint16 // the last source that had it
	issuedBy            uint32 // the certificate in scope that issued it, or none
	notBefore, notAfter int64  // Unix seconds
	subject, issuer     nameID
	first, last         uint32 // placements, linked by next
	count               uint32
	failures            uint32
	worst               policies.Severity
	parsed, exact       bool
	dated               bool // both ends of the validity are known
	isCA, selfIssued    bool
	issuerVerifies      verified
}

// A placement is one certificate in one place.
type placement struct {
	cert   uint32
	next   uint32
	at     int64 // offset of its record, in
	source uint16
	use    useBits
	open   bool // no place explains its use; other records may
	bundle bool // an anchor only because nothing in its bundle explains it better
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
		e := ix.certs.at(n)
		again := e.seen == uint16(source)
		e.seen = uint16(source)
		return !again
	}
	e := certEntry{sum: c.Sum(), at: at, source: uint16(source), seen: uint16(source), issuedBy: none, first: none, last: none,
		parsed: c.Parsed, dated: c.Dated(), exact: c.Exact(), isCA: c.IsCA, selfIssued: c.SelfIssued}
	if e.dated {
		e.notBefore, e.notAfter = c.NotBefore.Unix(), c.NotAfter.Unix()
	}
	n := uint32(ix.certs.len())
	if c.Parsed {
		e.subject, e.issuer = nameIDOf(c.Subject), nameIDOf(c.Issuer)
		e.key, _ = keyIDOf(c.SPKISHA256)
		if e.mayIssue() {
			ix.addAuthority(n, &e, c.DER)
		}
	}
	ix.bySum[e.sum] = n
	ix.certs.add(e)
	return true
}

// mayIssue is what a certificate must be to be looked at as an issuer.
func (e *certEntry) mayIssue() bool { return e.parsed && (e.isCA || e.selfIssued) }

// A nameID stands for a distinguished name: 64 bits of the SHA-256 of its
// text, so that nobody can make a name that is taken for a given other one.
type nameID uint64

func nameIDOf(name string) nameID {
	sum := sha256.Sum256([]byte(name))
	return nameID(binary.BigEndian.Uint64(sum[:]))
}

// A keyID stands for a public key: the first half of the SHA-256 of its
// subjectPublicKeyInfo, as many bits as a finding's id has. To make a key that
// is taken for a given other one takes 2^128 tries, to make two that are taken
// for each other 2^64; so equal ones are the same key, and nothing is read
// again to compare. The zero value is no key.
type keyID [16]byte

// keyIDOf reads a spki_sha256; ok is false where it is none.
func keyIDOf(spkiSHA256 string) (k keyID, ok bool) {
	var sum [32]byte
	if len(spkiSHA256) != 2*len(sum) {
		return k, false
	}
	if _, err := hex.Decode(sum[:], []byte(spkiSHA256)); err != nil {
		return k, false
	}
	return keyID(sum[:len(k)]), true
}

// addPlacement is false where the certificate has no record before it.
func (ix *index) addPlacement(o *scan.Observation, source int, at int64) bool {
	n, ok := ix.find(o.SHA256)
	if !ok {
		return false
	}
	id := uint32(ix.placements.len())
	ix.placements.add(placement{cert: n, next: none, at: at, source: uint16(source), use: bitOf(o.Use),
		open: o.UseBasis == scan.UseByDefault, bundle: o.UseBasis == scan.UseByBundle, served: o.Endpoint != ""})
	e := ix.certs.at(n)
	if e.first == none {
		e.first = id
	} else {
		ix.placements.at(e.last).next = id
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
	if !ok || !ix.certs.at(n).dated {
		return time.Time{}, time.Time{}, false
	}
	e := ix.certs.at(n)
	return time.Unix(e.notBefore, 0).UTC(), time.Unix(e.notAfter, 0).UTC(), true
}

// uses unites the uses of a certificate's placements.
func (ix *index) uses(e *certEntry) (all useBits) {
	for p := e.first; p != none; p = ix.placements.at(p).next {
		all |= ix.placements.at(p).use
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
	return ix.observationAt(p.source, p.at)
}

func (ix *index) observationAt(source uint16, at int64) (*scan.Observation, error) {
	rec, buf, err := scan.ReadAt(ix.sources[source].in, at, true, ix.buf)
	ix.buf = buf
	if err != nil {
		return nil, ix.sources[source].wrap(err)
	}
	o, ok := rec.(*scan.Observation)
	if !ok {
		return nil, ix.sources[source].wrap(errMoved)
	}
	return o, nil
}
