package revoke

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"certaudit/scan"
)

// The messages of RFC 6960 section 4.2.1, as far as they matter. What follows
// in a sequence is passed over, as encoding/asn1 does.
type (
	responseMessage struct {
		Status asn1.Enumerated
		Bytes  responseBytes `asn1:"explicit,tag:0,optional"`
	}
	responseBytes struct {
		Type asn1.ObjectIdentifier
		Body []byte
	}
	basicResponse struct {
		Data         responseData
		Algorithm    asn1.RawValue
		Signature    asn1.RawValue
		Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	responseData struct {
		Raw        asn1.RawContent
		Version    int `asn1:"optional,default:0,explicit,tag:0"`
		Responder  asn1.RawValue
		ProducedAt time.Time `asn1:"generalized"`
		Responses  []singleResponse
		Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
	}
	singleResponse struct {
		ID         certID
		Good       asn1.Flag        `asn1:"tag:0,optional"`
		Revoked    revokedInfo      `asn1:"tag:1,optional"`
		Unknown    asn1.Flag        `asn1:"tag:2,optional"`
		ThisUpdate time.Time        `asn1:"generalized"`
		NextUpdate time.Time        `asn1:"generalized,explicit,tag:0,optional"`
		Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
	}
	certID struct {
		Hash     pkix.AlgorithmIdentifier
		NameHash []byte
		KeyHash  []byte
		Serial   *big.Int
	}
	revokedInfo struct {
		Time   time.Time       `asn1:"generalized"`
		Reason asn1.Enumerated `asn1:"explicit,tag:0,optional"`
	}
)

var oidBasicResponse = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}

// responseCodes are what a responder says instead of an answer.
var responseCodes = map[asn1.Enumerated]string{1: codeBadRequest, 2: codeResponder, 3: codeTryLater, 5: codeSigRequired, 6: codeUnauthorised}

// maxResponders bounds the certificates of a response that are looked at.
const maxResponders = 16

// ReadOCSP says what an OCSP response says of a certificate. It counts only
// where Verified is Yes: it is signed with the issuer's key, or with that of a
// responder whose certificate the issuer itself signed for OCSP and that was
// valid when the response was (RFC 6960 section 4.2.2.2). Otherwise Error is a
// code, and a status that stands beside it is a claim. Times are not judged.
func ReadOCSP(response, certificate, issuer []byte) scan.Revocation {
	r := scan.Revocation{Method: methodOCSP, SHA256: digest(response)}
	basic, code := parseResponse(response)
	if code != "" {
		return refuse(r, code)
	}
	r.ProducedAt = basic.Data.ProducedAt.UTC()
	single, ok := basic.about(certificate, issuer)
	if !ok {
		return refuse(r, codeWrongCert)
	}
	if !single.read(&r) {
		return refuse(r, codeMalformed)
	}
	signer, code := basic.signer(issuer, single.ThisUpdate)
	if code == "" {
		code = signatureCode(signer, basic.Algorithm.FullBytes, basic.Data.Raw, basic.Signature.Bytes)
	}
	if !bytes.Equal(signer, issuer) && signer != nil {
		r.Signer = digest(signer)
	}
	if code == "" && (hasCritical(basic.Data.Extensions) || hasCritical(single.Extensions)) {
		code = codeCritical
	}
	if code != "" {
		return refuse(r, code)
	}
	r.Verified = scan.Yes
	return r
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// SCTs counts the signed certificate timestamps that a response has for a
// certificate (RFC 6962 section 3.3).
func SCTs(response, certificate, issuer []byte) int {
	basic, code := parseResponse(response)
	if code != "" {
		return 0
	}
	single, _ := basic.about(certificate, issuer)
	for _, e := range single.Extensions {
		if e.Id.Equal(oidSCTs) {
			var list []byte
			if _, err := asn1.Unmarshal(e.Value, &list); err == nil {
				return countSCTs(list)
			}
		}
	}
	return 0
}

var oidSCTs = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}

// countSCTs counts the entries of a SignedCertificateTimestampList, each and
// the whole with two bytes of length before it.
func countSCTs(list []byte) (n int) {
	if len(list) < 2 || int(list[0])<<8|int(list[1]) != len(list)-2 {
		return 0
	}
	for list = list[2:]; len(list) >= 2; n++ {
		size := int(list[0])<<8 | int(list[1])
		if size > len(list)-2 {
			return n
		}
		list = list[2+size:]
	}
	return n
}

func parseResponse(response []byte) (*basicResponse, string) {
	var m responseMessage
	if rest, err := asn1.Unmarshal(response, &m); err != nil || len(rest) > 0 {
		return nil, codeMalformed
	}
	if m.Status != 0 {
		if code, ok := responseCodes[m.Status]; ok {
			return nil, code
		}
		return nil, codeMalformed
	}
	basic := new(basicResponse)
	rest, err := asn1.Unmarshal(m.Bytes.Body, basic)
	if !m.Bytes.Type.Equal(oidBasicResponse) || err != nil || len(rest) > 0 || basic.Signature.Tag != asn1.TagBitString {
		return nil, codeMalformed
	}
	return basic, ""
}

// about finds the answer for a certificate. Of several for it, the latest
// counts.
func (b *basicResponse) about(certificate, issuer []byte) (found singleResponse, ok bool) {
	c, okCert := scan.OutlineOf(certificate)
	i, okIssuer := scan.OutlineOf(issuer)
	if !okCert || !okIssuer {
		return found, false
	}
	for _, s := range b.Data.Responses {
		if s.ID.names(c, i) && (!ok || s.ThisUpdate.After(found.ThisUpdate)) {
			found, ok = s, true
		}
	}
	return found, ok
}

// idHashes are those that a CertID may have.
var idHashes = map[string]crypto.Hash{
	"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

func hashOf(h crypto.Hash, b []byte) []byte {
	d := h.New()
	d.Write(b)
	return d.Sum(nil)
}

// names tells whether a CertID means a certificate. The name that is hashed is
// the one that the certificate has of its issuer (RFC 6960 section 4.1.1), or
// the issuer of itself where they are encoded in two ways.
func (id *certID) names(c, issuer scan.CertificateOutline) bool {
	h, ok := idHashes[id.Hash.Algorithm.String()]
	if !ok || !h.Available() || id.Serial == nil || id.Serial.Cmp(integer(c.Serial)) != 0 {
		return false
	}
	return bytes.Equal(id.KeyHash, hashOf(h, issuer.PublicKey)) &&
		(bytes.Equal(id.NameHash, hashOf(h, c.Issuer)) || bytes.Equal(id.NameHash, hashOf(h, issuer.Subject)))
}

// integer reads the content of an INTEGER in two's complement.
func integer(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// read is false where the answer has no status, or two.
func (s *singleResponse) read(r *scan.Revocation) bool {
	r.ThisUpdate, r.NextUpdate = s.ThisUpdate.UTC(), utc(s.NextUpdate)
	revoked := !s.Revoked.Time.IsZero()
	switch {
	case bool(s.Good) && !revoked && !bool(s.Unknown):
		r.Status = statusGood
	case revoked && !bool(s.Good) && !bool(s.Unknown):
		r.Status, r.RevokedAt, r.Reason = statusRevoked, s.Revoked.Time.UTC(), reasonName(int(s.Revoked.Reason))
	case bool(s.Unknown) && !bool(s.Good) && !revoked:
		r.Status = statusUnknown
	default:
		return false
	}
	return true
}

// utc leaves the zero time as it is.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func hasCritical(list []pkix.Extension) bool {
	return slices.ContainsFunc(list, func(e pkix.Extension) bool { return e.Critical })
}

// signer finds the certificate that the responder's name or key means: the
// issuer's, or one that came along and may speak for the issuer.
func (b *basicResponse) signer(issuer []byte, asOf time.Time) ([]byte, string) {
	if b.respondsAs(issuer) {
		return issuer, ""
	}
	for _, raw := range b.Certificates[:min(len(b.Certificates), maxResponders)] {
		if b.respondsAs(raw.FullBytes) {
			return raw.FullBytes, b.authorised(raw.FullBytes, issuer, asOf)
		}
	}
	return nil, codeNotAuthorised
}

// respondsAs tells whether the ResponderID means a certificate: by name, or by
// the SHA-1 of its key.
func (b *basicResponse) respondsAs(der []byte) bool {
	const byName, byKey = 1, 2
	c, ok := scan.OutlineOf(der)
	if !ok || b.Data.Responder.Class != asn1.ClassContextSpecific {
		return false
	}
	switch b.Data.Responder.Tag {
	case byName:
		return bytes.Equal(b.Data.Responder.Bytes, c.Subject)
	case byKey:
		e, _, ok := scan.NextTLV(b.Data.Responder.Bytes)
		sum := sha1.Sum(c.PublicKey)
		return ok && bytes.Equal(e.Content, sum[:])
	}
	return false
}

// authorised checks a delegated responder: its certificate comes from the
// issuer directly, is for signing OCSP, and was valid when the response was
// signed, and still when what it says was known: who got hold of an old key may
// date a signature back, but has no recent news.
func (b *basicResponse) authorised(responder, issuer []byte, asOf time.Time) string {
	c, i := scan.Derive(responder), scan.Derive(issuer)
	at := b.Data.ProducedAt
	switch {
	case !c.Dated() || c.Issuer != i.Subject || !slices.Contains(c.ExtKeyUsage, "OCSPSigning"),
		at.Before(c.NotBefore) || at.After(c.NotAfter) || asOf.After(c.NotAfter),
		strings.HasPrefix(c.SignatureAlgorithm, "MD"),
		scan.Signed(responder, issuer) != scan.Yes:
		return codeNotAuthorised
	}
	return ""
}

// request asks about one certificate. SHA-1 names the issuer, which every
// responder understands (RFC 5019 section 2.1.1); nothing rests on it.
func request(certificate, issuer []byte) ([]byte, bool) {
	c, ok := scan.OutlineOf(certificate)
	i, okIssuer := scan.OutlineOf(issuer)
	if !ok || !okIssuer {
		return nil, false
	}
	r := ocsp.Request{HashAlgorithm: crypto.SHA1, IssuerNameHash: hashOf(crypto.SHA1, c.Issuer),
		IssuerKeyHash: hashOf(crypto.SHA1, i.PublicKey), SerialNumber: integer(c.Serial)}
	der, err := r.Marshal()
	return der, err == nil
}
