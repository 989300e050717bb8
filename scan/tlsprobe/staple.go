package tlsprobe

import (
	"bytes"
	"crypto/tls"

	"certaudit/scan"
)

// A staple is what a handshake of crypto/tls carries beside the certificates.
// It asks for both.
type staple struct {
	response []byte // OCSP, RFC 6066 section 8; nil for none
	scts     int    // in the extension of RFC 6962 section 3.3.1
}

func stapleOf(cs *tls.ConnectionState) *staple {
	return &staple{cs.OCSPResponse, len(cs.SignedCertificateTimestamps)}
}

// codeNoIssuer says that a response cannot be verified for want of the issuer's
// certificate.
const codeNoIssuer = "issuer_unknown"

// stapled fills in what the stapled response says, and counts timestamps.
func (v *visit) stapled(e *scan.Endpoint, s *staple, chain []*node, paths [][]*node) {
	if s == nil {
		return // a hello of ours, whose answer is not read for it
	}
	scts := s.scts
	e.SCTs = &scts
	if len(s.response) == 0 || v.p.staple == nil {
		return
	}
	issuer := issuerOf(chain, paths)
	if issuer == nil {
		e.OCSPVerified, e.OCSPError = scan.No, codeNoIssuer
		return
	}
	said, more := v.p.staple(s.response, chain[0].facts.DER, issuer.facts.DER)
	scts += more
	e.OCSPStatus, e.OCSPVerified, e.OCSPError = said.Status, said.Verified, said.Error
	e.OCSPProducedAt, e.OCSPThisUpdate, e.OCSPNextUpdate = said.ProducedAt, said.ThisUpdate, said.NextUpdate
}

// issuerOf is the certificate whose key verifies the leaf: the next one of a
// path, or one that was sent.
func issuerOf(chain []*node, paths [][]*node) *node {
	for _, path := range paths {
		if len(path) > 1 {
			return path[1]
		}
	}
	leaf, _, ok := scan.Names(chain[0].facts.DER)
	for _, n := range chain[1:] {
		_, subject, known := scan.Names(n.facts.DER)
		if ok && known && bytes.Equal(leaf, subject) && scan.Signed(chain[0].facts.DER, n.facts.DER) == scan.Yes {
			return n
		}
	}
	return nil
}
