package report

import (
	"crypto/x509"

	"certaudit/scan"
)

// maxChildren bounds the signatures that are checked to find out whether a
// certificate issued another.
const maxChildren = 8

// resolveUses settles the placements that no place explained: a certificate
// that issued another one in scope is part of a chain; a self-issued one takes
// the use of its other placements when they agree. What remains stays as the
// scan told it.
func (ix *index) resolveUses() error {
	children := ix.childrenByIssuer()
	for n := range ix.certs {
		e := &ix.certs[n]
		if !e.parsed || !ix.hasOpen(e) {
			continue
		}
		if e.isCA || e.selfIssued {
			issued, err := ix.issuedAnother(uint32(n), children[e.subject])
			if err != nil {
				return err
			}
			if issued {
				ix.settle(e, bitOf(scan.UseChain))
				continue
			}
		}
		if e.selfIssued {
			if agreed := ix.settledUses(e); agreed != 0 && agreed&(agreed-1) == 0 {
				ix.settle(e, agreed)
			}
		}
	}
	return nil
}

// childrenByIssuer lists, for the names of certificates with an open use, a few
// certificates that claim that issuer.
func (ix *index) childrenByIssuer() map[uint64][]uint32 {
	wanted := map[uint64][]uint32{}
	for n := range ix.certs {
		if e := &ix.certs[n]; e.parsed && (e.isCA || e.selfIssued) && ix.hasOpen(e) {
			wanted[e.subject] = nil
		}
	}
	if len(wanted) == 0 {
		return wanted
	}
	for n := range ix.certs {
		e := &ix.certs[n]
		if !e.parsed || e.first == none || e.selfIssued { // a re-issued root is no child
			continue
		}
		if list, ok := wanted[e.issuer]; ok && len(list) <= maxChildren {
			wanted[e.issuer] = append(list, uint32(n))
		}
	}
	return wanted
}

func (ix *index) hasOpen(e *certEntry) bool {
	for p := e.first; p != none; p = ix.placements[p].next {
		if ix.placements[p].open {
			return true
		}
	}
	return false
}

func (ix *index) settledUses(e *certEntry) (all useBits) {
	for p := e.first; p != none; p = ix.placements[p].next {
		if !ix.placements[p].open {
			all |= ix.placements[p].use
		}
	}
	return all
}

func (ix *index) settle(e *certEntry, use useBits) {
	for p := e.first; p != none; p = ix.placements[p].next {
		if ix.placements[p].open {
			ix.placements[p].use = use
		}
	}
}

// issuedAnother checks the claims by signature: a name alone must not move
// another record's scope.
func (ix *index) issuedAnother(parent uint32, children []uint32) (bool, error) {
	var issuer *x509.Certificate
	for _, n := range children {
		if n == parent {
			continue
		}
		if issuer == nil {
			var err error
			if issuer, err = ix.parsed(parent); err != nil || issuer == nil {
				return false, err
			}
		}
		child, err := ix.parsed(n)
		if err != nil {
			return false, err
		}
		if child != nil && scan.SignedBy(child, issuer) == scan.Yes {
			return true, nil
		}
	}
	return false, nil
}

// parsed reads a certificate in the form that signatures are checked with; nil
// where the parser refuses it.
func (ix *index) parsed(n uint32) (*x509.Certificate, error) {
	c, err := ix.certificate(&ix.certs[n])
	if err != nil {
		return nil, err
	}
	x, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return nil, nil
	}
	return x, nil
}
