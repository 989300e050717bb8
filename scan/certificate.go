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
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Derive gives the facts of one certificate. It never fails: one that the
// standard parser refuses is read by our own lenient one, which notes what is
// odd; what even that refuses keeps its fingerprint and its bytes, with
// ParseNotes saying so. der is kept, not copied.
func Derive(der []byte) *Certificate {
	c, _ := DeriveX509(der)
	return c
}

// DeriveX509 is Derive for callers that go on to verify with the parsed form,
// which is nil when the standard parser refused.
func DeriveX509(der []byte) (*Certificate, *x509.Certificate) {
	c := &Certificate{sum: sha256.Sum256(der), DER: der}
	c.SHA256 = hex.EncodeToString(c.sum[:])
	x, err := x509.ParseCertificate(der)
	o, ok := readOutline(der)
	// Below version 3 the standard parser passes over extensions.
	if err == nil && (!ok || x.Version == 3 || bytes.IndexByte(o.tail, tagExtensions) < 0) {
		c.standard(x)
		c.standardNotes(x, o)
		return c, x
	}
	if err != nil {
		c.Detail = strings.TrimPrefix(err.Error(), "x509: ")
	}
	if !ok {
		c.ParseNotes = []string{ParseNoteRefused}
		return c, nil
	}
	c.lenient(o)
	c.fingerprints(o.spki.Full)
	if err != nil && len(c.ParseNotes) == 0 {
		c.ParseNotes = []string{noteUnexplained}
	}
	return c, x
}

// standard fills in the facts that the standard parser gives, and the rest.
func (c *Certificate) standard(x *x509.Certificate) {
	c.Parsed = true
	subject := formatName(x.RawSubject)
	issuer := subject
	if c.SelfIssued = bytes.Equal(x.RawSubject, x.RawIssuer); !c.SelfIssued {
		issuer = formatName(x.RawIssuer)
	}
	c.names(subject, issuer)
	c.Serial = x.SerialNumber.Text(16)
	c.NotBefore, c.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	c.KeyAlgorithm, c.KeyBits, c.KeyCurve = keyFacts(x)
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
	c.fingerprints(x.RawSubjectPublicKeyInfo)
	c.standardExtras(x)
}

// names fills in the names.
func (c *Certificate) names(subject, issuer nameText) {
	c.Subject, c.SubjectCN, c.SubjectAttributes = subject.rfc4514, subject.cn, subject.attributes
	c.Issuer, c.IssuerCN, c.IssuerAttributes = issuer.rfc4514, issuer.cn, issuer.attributes
}

// fingerprints are the digests beside SHA256.
func (c *Certificate) fingerprints(spki []byte) {
	key, old := sha256.Sum256(spki), sha1.Sum(c.DER)
	c.SPKISHA256, c.SHA1 = hex.EncodeToString(key[:]), hex.EncodeToString(old[:])
}

// standardExtras are the facts beyond those that every audit needs.
func (c *Certificate) standardExtras(x *x509.Certificate) {
	c.Version = x.Version
	if x.KeyUsage != 0 {
		for i, name := range keyUsageNames {
			if x.KeyUsage&(1<<i) != 0 {
				c.KeyUsage = append(c.KeyUsage, name)
			}
		}
	}
	if x.BasicConstraintsValid && x.MaxPathLen >= 0 {
		limit := x.MaxPathLen // a copy: x must not live as long as the record
		c.PathLength = &limit
	}
	for _, p := range x.Policies {
		c.Policies = append(c.Policies, p.String())
	}
	c.OCSPURLs, c.IssuerURLs, c.CRLURLs = x.OCSPServer, x.IssuingCertificateURL, x.CRLDistributionPoints
	for i := range x.Extensions {
		c.standardExtension(&x.Extensions[i])
	}
	if key, ok := x.PublicKey.(*rsa.PublicKey); ok {
		c.RSAExponent, c.SecurityBits = strconv.Itoa(key.E), factoringStrength(c.KeyBits)
	} else {
		c.keyExtras(x.RawSubjectPublicKeyInfo)
	}
	c.SignatureAlgorithmDraft = draftNames[c.SignatureAlgorithm]
}

// The extensions that the standard parser leaves to its caller.
var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidTLSFeature     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}
	oidSCTList        = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
)

func (c *Certificate) standardExtension(e *pkix.Extension) {
	switch {
	case e.Id.Equal(oidSubjectAltName):
		names, _, _ := enter(e.Value, tagSequence)
		for ok := true; len(names) > 0 && ok; {
			var name TLV
			if name, names, ok = NextTLV(names); ok && name.Tag == nameOther {
				c.readOtherName(name)
			}
		}
	case e.Id.Equal(oidTLSFeature):
		c.readTLSFeature(e.Value)
	case e.Id.Equal(oidSCTList):
		c.readSCTs(e.Value)
	}
}

// standardNotes are objections of RFC 5280 that the standard parser does not
// make. Dates in a form that it should not have read are read again.
func (c *Certificate) standardNotes(x *x509.Certificate, o outline) {
	var notes noteSet
	if o.trailing || len(o.tail) > 0 && !endsWithExtensions(o.tail) {
		notes.add(noteTrailingData)
	}
	if x.SerialNumber.Sign() == 0 {
		notes.add(noteZeroSerial)
	}
	if x.SerialNumber.BitLen() >= 8*maxSerialBytes { // the sign takes a bit
		notes.add(noteLongSerial)
	}
	if !plainValidity(o.validity.Content) {
		c.NotBefore, c.NotAfter = readValidity(&notes, o.validity.Content)
	}
	if _, ok := x.PublicKey.(*rsa.PublicKey); ok && c.KeyBits < minRSABits {
		notes.add(noteSmallRSA)
	}
	c.ParseNotes = notes
}

// endsWithExtensions tells whether the last element of TBSCertificate is its
// extensions or a unique identifier.
func endsWithExtensions(tail []byte) bool {
	for {
		e, rest, ok := NextTLV(tail)
		if !ok || len(rest) == 0 {
			return ok && (e.Tag == tagExtensions || e.Tag&^0x20 == 0x81 || e.Tag&^0x20 == 0x82)
		}
		tail = rest
	}
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
	if parent.PublicKey == nil || parent.PublicKeyAlgorithm == x509.DSA || child.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return signedOutline(child.Raw, parent.Raw)
	}
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	if err == nil {
		return Yes
	}
	if key, ok := parent.PublicKey.(*rsa.PublicKey); ok {
		if hash, digest, ok := pkcs1Digest(child); ok {
			return Answered(verifyPKCS1v15(key.N, big.NewInt(int64(key.E)), hash, digest, child.Signature))
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

// digestInfo are the DER prefixes of RFC 8017 section 9.2 note 1, and of
// the SHA-3 hashes by the same pattern.
var digestInfo = map[crypto.Hash]string{
	crypto.MD5:        "\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10",
	crypto.SHA1:       "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
	crypto.SHA256:     "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
	crypto.SHA384:     "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
	crypto.SHA512:     "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
	crypto.SHA224:     "\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1c",
	crypto.SHA512_224: "\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x05\x05\x00\x04\x1c",
	crypto.SHA512_256: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x06\x05\x00\x04\x20",
	crypto.SHA3_224:   "\x30\x2d\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x07\x05\x00\x04\x1c",
	crypto.SHA3_256:   "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x08\x05\x00\x04\x20",
	crypto.SHA3_384:   "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x09\x05\x00\x04\x30",
	crypto.SHA3_512:   "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x0a\x05\x00\x04\x40",
}

// maxRSABits bounds the arithmetic that a hostile key can ask for.
const (
	maxRSABits      = 16384
	maxExponentBits = 64
)

// verifyPKCS1v15 is RFC 8017 section 8.2.2 for the keys and hashes that the
// standard library declines: it says whether a signature matches, which is a
// fact; whether such a signature is acceptable is for the policy.
func verifyPKCS1v15(n, e *big.Int, hash crypto.Hash, digest, sig []byte) bool {
	k := (n.BitLen() + 7) / 8
	if len(sig) != k || e.Sign() <= 0 || e.BitLen() > maxExponentBits {
		return false
	}
	suffix := append([]byte(digestInfo[hash]), digest...)
	if k < len(suffix)+11 {
		return false
	}
	want := bytes.Repeat([]byte{0xff}, k)
	want[0], want[1], want[k-len(suffix)-1] = 0, 1, 0
	copy(want[k-len(suffix):], suffix)
	m := new(big.Int).Exp(new(big.Int).SetBytes(sig), e, n)
	return subtle.ConstantTimeCompare(m.FillBytes(make([]byte, k)), want) == 1
}
