package report

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"sort"

	"certaudit/scan"
)

// An authority is a certificate that may have issued others.
type authority struct {
	name nameID // its subject
	id   uint64 // stands for its subject key identifier; 0 where it has none
	cert uint32
}

// authorities finds the issuers of certificates by name and key identifier.
type authorities struct {
	list    []authority // sorted once it is searched
	sorted  bool
	proven  map[authority]uint32         // by name and id: the key that proved to be meant, where there were several
	parents map[uint32]*x509.Certificate // a few, parsed
}

const (
	maxLooked  = 64 // entries of one name that are looked at
	maxParents = 64 // parsed certificates that are kept
)

// identifier stands for a key identifier; 0 for an empty one.
func identifier(id []byte) uint64 {
	if len(id) == 0 {
		return 0
	}
	sum := sha256.Sum256(id)
	return max(1, binary.BigEndian.Uint64(sum[:]))
}

func (ix *index) addAuthority(n uint32, e *certEntry, der []byte) {
	subject, _ := scan.KeyIdentifiers(der)
	ix.authorities.list = append(ix.authorities.list, authority{name: e.subject, id: identifier(subject), cert: n})
}

func (a authority) compare(b authority) int {
	return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id), cmp.Compare(a.cert, b.cert))
}

// named is the part of the list with a name and, unless any is true, an id.
func (a *authorities) named(name nameID, id uint64, any bool) []authority {
	if !a.sorted {
		slices.SortFunc(a.list, authority.compare)
		a.sorted = true
	}
	from := sort.Search(len(a.list), func(i int) bool {
		x := a.list[i]
		return x.name > name || x.name == name && (any || x.id >= id)
	})
	rest := a.list[from:]
	to := sort.Search(len(rest), func(i int) bool { x := rest[i]; return x.name != name || !any && x.id != id })
	return rest[:to]
}

// findIssuer tells which certificate in scope issued another: one that may
// issue, that has the issuer's name, and whose key identifier is the one that
// the certificate names (one without an identifier where there is no such). A
// self-signed certificate is its own issuer.
//
// Name and identifier are claims. They decide alone only where all that fit
// have one key; where several keys fit, the one that verifies the signature is
// meant. Checking every signature would nearly double what an audit costs, so
// that this is left to formats that ask; see InventoryRow.CheckIssuer.
func (ix *index) findIssuer(n uint32, c *scan.Certificate) error {
	e := ix.certs.at(n)
	switch {
	case !e.parsed || e.first == none:
		return nil
	case c.SelfSigned == scan.Yes:
		e.issuedBy, e.issuerVerifies = n, verifiedAs(scan.Yes)
		return nil
	}
	_, claimed := scan.KeyIdentifiers(c.DER)
	want := authority{name: e.issuer, id: identifier(claimed)}
	fits := ix.fitting(n, ix.authorities.named(want.name, want.id, want.id == 0))
	if len(fits) == 0 && want.id != 0 {
		want.id = 0
		fits = ix.fitting(n, ix.authorities.named(want.name, 0, false))
	}
	switch len(fits) {
	case 0:
		return nil
	case 1:
		e.issuedBy = fits[0]
		return nil
	}
	return ix.chooseIssuer(e, c, want, fits)
}

// fitting takes the certificates in scope of a list, the first of each key.
func (ix *index) fitting(child uint32, list []authority) []uint32 {
	var fits []uint32
	for _, a := range list[:min(len(list), maxLooked)] {
		p := ix.certs.at(a.cert)
		if a.cert == child || p.first == none {
			continue
		}
		same := func(n uint32) bool { return ix.certs.at(n).key == p.key }
		if i := slices.IndexFunc(fits, same); i >= 0 {
			fits[i] = min(fits[i], a.cert)
		} else if len(fits) < maxChildren {
			fits = append(fits, a.cert)
		}
	}
	return fits
}

// chooseIssuer checks signatures, the key that the last such certificate was
// signed with first.
func (ix *index) chooseIssuer(e *certEntry, c *scan.Certificate, want authority, fits []uint32) error {
	if i := slices.Index(fits, ix.authorities.proven[want]); i > 0 {
		fits[0], fits[i] = fits[i], fits[0]
	}
	unchecked := uint32(none)
	for _, n := range fits {
		answer, err := ix.signedBy(c, n)
		if err != nil {
			return err
		}
		if answer == scan.Yes {
			e.issuedBy, e.issuerVerifies = n, verifiedAs(answer)
			if ix.authorities.proven == nil {
				ix.authorities.proven = map[authority]uint32{}
			}
			ix.authorities.proven[want] = n
			return nil
		}
		if answer == scan.Unasked {
			unchecked = min(unchecked, n)
		}
	}
	e.issuedBy = unchecked
	return nil
}

// verified is whether the key of a certificate's issuer verifies its signature:
// 0 until somebody asks, then the answer.
type verified uint8

func verifiedAs(a scan.Answer) verified { return verified(a) + 1 }

// issuerVerifies checks the signature, once for each certificate.
func (ix *index) issuerVerifies(e *certEntry, c *scan.Certificate) (scan.Answer, error) {
	if e.issuedBy == none {
		return scan.Unasked, nil
	}
	if e.issuerVerifies == 0 {
		answer, err := ix.signedBy(c, e.issuedBy)
		if err != nil {
			return scan.Unasked, err
		}
		e.issuerVerifies = verifiedAs(answer)
	}
	return scan.Answer(e.issuerVerifies - 1), nil
}

// signedBy says whether a certificate's signature verifies under the key of
// another.
func (ix *index) signedBy(c *scan.Certificate, parent uint32) (scan.Answer, error) {
	p, known := ix.authorities.parents[parent]
	if !known {
		record, err := ix.certificate(ix.certs.at(parent))
		if err != nil {
			return scan.Unasked, err
		}
		if p, err = x509.ParseCertificate(record.DER); err != nil {
			return scan.Signed(c.DER, record.DER), nil
		}
		if ix.authorities.parents == nil || len(ix.authorities.parents) == maxParents {
			ix.authorities.parents = map[uint32]*x509.Certificate{}
		}
		ix.authorities.parents[parent] = p
	}
	child, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return scan.Signed(c.DER, p.Raw), nil
	}
	return scan.SignedBy(child, p), nil
}
