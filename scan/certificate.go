package scan

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
)

// ParseNoteRefused marks a certificate that the parser does not accept; its
// facts are absent, and Detail has the parser's words.
const ParseNoteRefused = "refused"

// Derive gives the facts of one certificate. It never fails: a certificate
// that the parser refuses keeps its fingerprint and its bytes, with
// ParseNotes saying so. der is kept, not copied.
func Derive(der []byte) *Certificate {
	c, _ := DeriveX509(der)
	return c
}

// DeriveX509 is Derive for callers that go on to verify with the parsed form,
// which is nil when the parser refused.
func DeriveX509(der []byte) (*Certificate, *x509.Certificate) {
	c := &Certificate{sum: sha256.Sum256(der), DER: der}
	c.SHA256 = hex.EncodeToString(c.sum[:])
	x, err := x509.ParseCertificate(der)
	if err != nil {
		c.ParseNotes, c.Detail = []string{ParseNoteRefused}, strings.TrimPrefix(err.Error(), "x509: ")
		return c, nil
	}
	c.Parsed = true
	c.Subject, c.SubjectCN = formatName(x.RawSubject)
	c.SelfIssued = bytes.Equal(x.RawSubject, x.RawIssuer)
	if c.SelfIssued {
		c.Issuer, c.IssuerCN = c.Subject, c.SubjectCN
	} else {
		c.Issuer, c.IssuerCN = formatName(x.RawIssuer)
	}
	c.Serial = x.SerialNumber.Text(16)
	c.NotBefore, c.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	c.KeyAlgorithm, c.KeyBits, c.KeyCurve = keyFacts(x)
	spki := sha256.Sum256(x.RawSubjectPublicKeyInfo)
	c.SPKISHA256 = hex.EncodeToString(spki[:])
	c.SignatureAlgorithm = signatureName(x)
	c.IsCA = x.BasicConstraintsValid && x.IsCA
	c.SelfSigned = selfSigned(c.SelfIssued, x)
	c.DNSNames = x.DNSNames
	for _, ip := range x.IPAddresses {
		c.IPAddresses = append(c.IPAddresses, ip.String())
	}
	c.EmailAddresses = x.EmailAddresses
	for _, u := range x.URIs {
		c.URIs = append(c.URIs, u.String())
	}
	c.ExtKeyUsage = extKeyUsages(x)
	return c, x
}

// selfSigned verifies the signature under the certificate's own key. Names
// that differ settle it without arithmetic (RFC 5280 section 3.2).
func selfSigned(selfIssued bool, x *x509.Certificate) Answer {
	if !selfIssued {
		return No
	}
	return SignedBy(x, x)
}

// SignedBy says whether the child's signature verifies under the parent's key,
// whatever the parent's extensions allow and however old the algorithm;
// Unasked where the algorithm cannot be checked here.
func SignedBy(child, parent *x509.Certificate) Answer {
	if key, ok := parent.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return Unasked
	}
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	if err == nil {
		return Yes
	}
	if key, ok := parent.PublicKey.(*rsa.PublicKey); ok {
		if hash, digest, ok := pkcs1Digest(child); ok {
			return Answered(verifyPKCS1v15(key, hash, digest, child.Signature))
		}
	}
	if errors.Is(err, x509.ErrUnsupportedAlgorithm) || parent.PublicKey == nil || errors.As(err, new(x509.InsecureAlgorithmError)) {
		return Unasked
	}
	return No
}

// pkcs1Digest hashes what was signed, for the PKCS #1 v1.5 algorithms.
func pkcs1Digest(x *x509.Certificate) (crypto.Hash, []byte, bool) {
	var h crypto.Hash
	switch x.SignatureAlgorithm {
	case x509.MD5WithRSA:
		d := md5.Sum(x.RawTBSCertificate)
		return crypto.MD5, d[:], true
	case x509.SHA1WithRSA:
		d := sha1.Sum(x.RawTBSCertificate)
		return crypto.SHA1, d[:], true
	case x509.SHA256WithRSA:
		h = crypto.SHA256
	case x509.SHA384WithRSA:
		h = crypto.SHA384
	case x509.SHA512WithRSA:
		h = crypto.SHA512
	default:
		return 0, nil, false
	}
	d := h.New()
	d.Write(x.RawTBSCertificate)
	return h, d.Sum(nil), true
}

// digestInfo are the DER prefixes of RFC 8017 section 9.2 note 1.
var digestInfo = map[crypto.Hash]string{
	crypto.MD5:    "\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
	crypto.SHA1:   "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384: "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512: "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
}

// maxRSABits bounds the arithmetic that a hostile key can ask for.
const maxRSABits = 16384

// verifyPKCS1v15 is RFC 8017 section 8.2.2 for the keys and hashes that the
// standard library declines: it says whether a signature matches, which is a
// fact; whether such a signature is acceptable is for the policy.
func verifyPKCS1v15(key *rsa.PublicKey, hash crypto.Hash, digest, sig []byte) bool {
	k := key.Size()
	if len(sig) != k || key.E < 2 {
		return false
	}
	suffix := append([]byte(digestInfo[hash]), digest...)
	if k < len(suffix)+11 {
		return false
	}
	want := bytes.Repeat([]byte{0xff}, k)
	want[0], want[1], want[k-len(suffix)-1] = 0, 1, 0
	copy(want[k-len(suffix):], suffix)
	m := new(big.Int).Exp(new(big.Int).SetBytes(sig), big.NewInt(int64(key.E)), key.N)
	return subtle.ConstantTimeCompare(m.FillBytes(make([]byte, k)), want) == 1
}
