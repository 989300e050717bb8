package report

import (
	"crypto/x509"

	"certaudit/scan"
)

// maxChildren bounds the signatures that are checked to find out whether a
// certificate issued another.
const maxChildren = 8

// resolveUses settles the placements that no place explained, in this order: a
// certificate whose private key is in scope is an identity; one that issued
// another one in scope is part of a chain; a self-issued one takes the use of
// its other placements when they agree. What remains stays as the scan told it.
func (ix *index) resolveUses() error {
	ix.settleByKey()
	children := ix.childrenByIssuer()
	for n := range uint32(ix.certs.len()) {
		e := ix.certs.at(n)
		if !e.parsed || !ix.hasOpen(e) {
			continue
		}
		if e.mayIssue() {
			issued, err := ix.issuedAnother(n, children[e.subject])
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

// settleByKey makes a certificate whose private key is in scope, in whatever
// file and of whatever target, an identity (DESIGN "use": held with its private
// key, in the same store or elsewhere in scope) at each stored placement that
// nothing else explains: where the scan fell back on its default, and where it
// took a member of a bundle for an anchor because nothing in the bundle issued
// anything. The key explains such a placement better, and comes before the
// certificates that it issued, as it does within one file.
//
// What a place says outright stays: an entry of a trust store, a given root or
// a path that the configuration calls anchors is an anchor; a file in which the
// certificate stands behind what it issued has it as part of a chain; and the
// order that a server sent is the server's.
func (ix *index) settleByKey() {
	if len(ix.privateKeys()) == 0 {
		return
	}
	for n := range uint32(ix.certs.len()) {
		e := ix.certs.at(n)
		if len(ix.privateKeysWith(e.key)) == 0 {
			continue
		}
		for p := e.first; p != none; p = ix.placements.at(p).next {
			if pl := ix.placements.at(p); (pl.open || pl.bundle) && !pl.served {
				pl.use, pl.open = bitOf(scan.UseIdentity), false
			}
		}
	}
}

// childrenByIssuer lists, for the names of certificates with an open use, a few
// certificates that claim that issuer.
func (ix *index) childrenByIssuer() map[nameID][]uint32 {
	wanted := map[nameID][]uint32{}
	for n := range uint32(ix.certs.len()) {
		if e := ix.certs.at(n); e.mayIssue() && ix.hasOpen(e) {
			wanted[e.subject] = nil
		}
	}
	if len(wanted) == 0 {
		return wanted
	}
	for n := range uint32(ix.certs.len()) {
		e := ix.certs.at(n)
		if !e.parsed || e.first == none || e.selfIssued { // a re-issued root is no child
			continue
		}
		if list, ok := wanted[e.issuer]; ok && len(list) <= maxChildren {
			wanted[e.issuer] = append(list, n)
		}
	}
	return wanted
}

func (ix *index) hasOpen(e *certEntry) bool {
	for p := e.first; p != none; p = ix.placements.at(p).next {
		if ix.placements.at(p).open {
			return true
		}
	}
	return false
}

func (ix *index) settledUses(e *certEntry) (all useBits) {
	for p := e.first; p != none; p = ix.placements.at(p).next {
		if !ix.placements.at(p).open {
			all |= ix.placements.at(p).use
		}
	}
	return all
}

func (ix *index) settle(e *certEntry, use useBits) {
	for p := e.first; p != none; p = ix.placements.at(p).next {
		if ix.placements.at(p).open {
			ix.placements.at(p).use = use
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
	c, err := ix.certificate(ix.certs.at(n))
	if err != nil {
		return nil, err
	}
	x, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return nil, nil
	}
	return x, nil
}
