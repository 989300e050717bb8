package tlsprobe

import (
	"crypto/x509"
	"errors"
)

// A pair is a certificate, by its SHA-256, and a key that may have signed it,
// by the SHA-256 of its SPKI: other certificates of the same key need no
// second look.
type pair struct {
	child  [32]byte
	issuer string
}

func pairOf(child, issuer *node) pair { return pair{child.sum, issuer.facts.SPKISHA256} }

// signature verifies, within the bound on signatures, and remembers: for this
// search, and for other endpoints that have the same intermediates. What is
// remembered counts to the bound, so that the result does not depend on what
// was scanned before.
func (s *search) signature(child, issuer *node) PathError {
	key := pairOf(child, issuer)
	if why, ok := s.verified[key]; ok {
		return why
	}
	if len(s.verified) >= maxSignatures {
		s.cut = true
		return PathLimit
	}
	known, ok := s.shared.get(key)
	why := PathError(known)
	if !ok {
		why = checkSignature(child.x, issuer.x)
		s.shared.put(key, string(why))
	}
	s.verified[key] = why
	return why
}

// checkSignature is empty for a good and strong signature.
func checkSignature(child, issuer *x509.Certificate) PathError {
	if rsaBits(issuer) > maxRSABits {
		return PathLimit // the work grows with the square of the size
	}
	err := issuer.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	var insecure x509.InsecureAlgorithmError
	switch bits := rsaBits(issuer); {
	case errors.As(err, &insecure), bits > 0 && bits < 1024: // which crypto/rsa does not verify
		return PathWeakSignature
	case errors.Is(err, x509.ErrUnsupportedAlgorithm):
		return PathUnsupportedAlgorithm
	case err != nil:
		return PathBadSignature
	case isSHA1(child.SignatureAlgorithm):
		return PathWeakSignature
	}
	return ""
}

func isSHA1(a x509.SignatureAlgorithm) bool {
	return a == x509.SHA1WithRSA || a == x509.ECDSAWithSHA1 || a == x509.DSAWithSHA1
}
