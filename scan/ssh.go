package scan

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
)

// sshMagic begins the body of an OPENSSH PRIVATE KEY (openssh's PROTOCOL.key).
const sshMagic = "openssh-key-v1\x00"

// An sshReader takes fields off SSH's wire format (RFC 4251 section 5). It
// stays failed behind the end.
type sshReader struct {
	rest   []byte
	failed bool
}

func (r *sshReader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *sshReader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *sshReader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// string takes bytes behind their length; an mpint (RFC 4251 section 5) is one
// as well.
func (r *sshReader) string() []byte { return r.take(uint64(r.uint32())) }

// The names of SSH key types (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC
// 8709, openssh's PROTOCOL.u2f and PROTOCOL.certkeys).
const (
	sshCertificateSuffix = "-cert-v01@openssh.com"
	sshSecurityKeySuffix = "@openssh.com"
)

var sshCurves = map[string]string{"nistp256": idP256, "nistp384": idP384, "nistp521": idP521}

// DeriveSSHKey gives the facts of one public key or certificate in SSH's wire
// format, which is what base64 stands for in authorized_keys, known_hosts and
// .pub files. reason is empty when it could: ReasonTruncated, ReasonCorrupt, or
// ReasonUnsupported for a type that is not known here. A certificate's
// signature is not checked.
func DeriveSSHKey(blob []byte) (o *Object, reason Reason) {
	r := sshReader{rest: blob}
	kind := string(r.string())
	bare, isCertificate := strings.CutSuffix(kind, sshCertificateSuffix)
	if isCertificate {
		r.string() // nonce
		if strings.HasPrefix(bare, "sk-") {
			bare += sshSecurityKeySuffix
		}
	}
	o = &Object{Format: FormatOpenSSH}
	spki, reason := r.sshKey(bare)
	if reason != "" {
		return nil, reason
	}
	var notes noteSet
	o.key(&notes, spki)
	if isCertificate {
		if reason = o.sshCertificate(&notes, &r); reason != "" {
			return nil, reason
		}
	} else if len(r.rest) > 0 {
		notes.add(noteTrailingData)
	}
	o.ParseNotes = notes
	return o, ""
}

// sshKey reads the fields of one type of key into a subjectPublicKeyInfo.
func (r *sshReader) sshKey(kind string) (spki []byte, reason Reason) {
	switch curve, isEC := strings.CutPrefix(strings.TrimSuffix(strings.TrimPrefix(kind, "sk-"), sshSecurityKeySuffix), "ecdsa-sha2-"); {
	case kind == "ssh-rsa" || kind == "rsa-sha2-256" || kind == "rsa-sha2-512":
		e, n := r.string(), r.string()
		spki = encodeRSA(n, e)
	case kind == "ssh-dss":
		p, q, g, y := r.string(), r.string(), r.string(), r.string()
		group := encode(tagSequence, encodeUnsigned(p), encodeUnsigned(q), encodeUnsigned(g))
		spki = encodeSPKI(encodeAlgorithm(idDSA, group), encodeUnsigned(y))
	case isEC && sshCurves[curve] != "":
		named, point := r.string(), r.string()
		if !r.failed && string(named) != curve {
			return nil, ReasonCorrupt
		}
		spki = encodeEC(sshCurves[curve], point)
	case kind == "ssh-ed25519" || kind == "sk-ssh-ed25519@openssh.com":
		spki = encodeSPKI(encodeAlgorithm(idEd25519), r.string())
	case kind == "ssh-ed448":
		spki = encodeSPKI(encodeAlgorithm(idEd448), r.string())
	case r.failed || kind == "":
		return nil, ReasonTruncated
	default:
		return nil, ReasonUnsupported
	}
	if strings.HasPrefix(kind, "sk-") {
		r.string() // the application
	}
	if r.failed {
		return nil, ReasonTruncated
	}
	return spki, ""
}

// sshCertificate reads what a certificate has behind its key (openssh's
// PROTOCOL.certkeys).
func (o *Object) sshCertificate(notes *noteSet, r *sshReader) Reason {
	o.SSHSerial = decimal(r.uint64())
	switch r.uint32() {
	case 1:
		o.SSHKind = "user"
	case 2:
		o.SSHKind = "host"
	default:
		if !r.failed {
			return ReasonCorrupt
		}
	}
	o.SSHKeyID = latinOrUTF8(r.string())
	principals := sshReader{rest: r.string()}
	for len(principals.rest) > 0 && !principals.failed {
		if name := principals.string(); !principals.failed {
			o.SSHPrincipals = append(o.SSHPrincipals, latinOrUTF8(name))
		}
	}
	after, before := r.uint64(), r.uint64()
	r.string() // critical options
	r.string() // extensions
	r.string() // reserved
	signer := sshReader{rest: r.string()}
	r.string() // signature
	if r.failed || principals.failed {
		return ReasonTruncated
	}
	if len(r.rest) > 0 {
		notes.add(noteTrailingData)
	}
	if spki, reason := signer.sshKey(string(signer.string())); reason == "" {
		o.SSHSignerSHA256 = digest(spki)
	} else {
		notes.add(noteBadKey)
	}
	o.NotBefore, o.NotAfter = sshTimes(notes, after, before)
	return ""
}

// sshTimes turns the first second of validity and the first one behind it into
// the first and the last. Zero and the greatest number mean no limit.
func sshTimes(notes *noteSet, after, before uint64) (notBefore, notAfter time.Time) {
	const latest = 253402300799 // the last second of the year 9999
	if after > latest {
		notes.add(noteBadDate)
	} else if after > 0 {
		notBefore = time.Unix(int64(after), 0).UTC()
	}
	switch {
	case before == 1<<64-1:
	case before > latest:
		notes.add(noteBadDate)
	default:
		notAfter = time.Unix(int64(before)-1, 0).UTC()
	}
	return notBefore, notAfter
}

// DeriveSSHPrivateKey gives what anyone may know of one private key in
// openssh's own form (PROTOCOL.key): the public key stands in it in the clear,
// also where the private one is encrypted. The private part is not looked at.
// Reasons are those of DeriveSSHKey.
func DeriveSSHPrivateKey(raw []byte) (o *Object, reason Reason) {
	body, isKey := bytes.CutPrefix(raw, []byte(sshMagic))
	if !isKey {
		return nil, ReasonCorrupt
	}
	r := sshReader{rest: body}
	cipher, derivation := latinOrUTF8(r.string()), latinOrUTF8(r.string())
	r.string() // options of the derivation
	r.uint32() // keys; more than one was never made
	public, private := r.string(), r.string()
	if r.failed || len(private) == 0 {
		return nil, ReasonTruncated
	}
	if o, reason = DeriveSSHKey(public); reason != "" {
		return nil, reason
	}
	o.Encrypted = Answered(cipher != "none")
	if o.Encrypted == Yes {
		o.Encryption = strings.TrimSuffix(cipher+" "+derivation, " none")
	}
	return o, ""
}
