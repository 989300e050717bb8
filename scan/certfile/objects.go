package certfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"certaudit/scan"
)

// labelled tells what a PEM block holds that is no certificate, by its label
// (RFC 7468, openssl's PEM_read_bio family): "" for parameters and whatever
// else is none of our objects.
func labelled(label string) string {
	switch {
	case label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST":
		return scan.ObjectCSR
	case label == "X509 CRL":
		return scan.ObjectCRL
	case strings.HasSuffix(label, "PRIVATE KEY"):
		return scan.ObjectPrivateKey
	case strings.HasSuffix(label, "PUBLIC KEY"):
		return scan.ObjectPublicKey
	}
	return ""
}

const labelOpenSSH = "OPENSSH PRIVATE KEY"

// byLabel holds what the label alone tells of a private key.
func byLabel(label string) *scan.Object {
	switch label {
	case "RSA PRIVATE KEY":
		return &scan.Object{Format: scan.FormatPKCS1, KeyAlgorithm: "RSA"}
	case "EC PRIVATE KEY":
		return &scan.Object{Format: scan.FormatSEC1, KeyAlgorithm: "ECDSA"}
	case "DSA PRIVATE KEY":
		return &scan.Object{Format: scan.FormatDSA, KeyAlgorithm: "DSA"}
	case "PRIVATE KEY":
		return &scan.Object{Format: scan.FormatPKCS8}
	case "ENCRYPTED PRIVATE KEY":
		return &scan.Object{Format: scan.FormatPKCS8, Encrypted: scan.Yes}
	case labelOpenSSH:
		return &scan.Object{Format: scan.FormatOpenSSH}
	}
	if strings.HasPrefix(label, "ENCRYPTED ") {
		return &scan.Object{Encrypted: scan.Yes}
	}
	return new(scan.Object)
}

// pemObject reads one PEM block that is neither a certificate nor CMS.
func (f *file) pemObject(b block) {
	kind := labelled(b.label)
	if kind == "" {
		return
	}
	private := kind == scan.ObjectPrivateKey
	f.hasKey = f.hasKey || private // damaged or not, a key is here
	e := entry{container: "pem", line: b.line}
	if b.label == labelOpenSSH {
		e.container = "openssh"
	}
	body := f.content[b.body.from:b.body.to]
	cipher, headed := legacyCipher(body)
	switch {
	case b.opened > 1:
		f.badObject(kind, scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: %d BEGIN lines in a row without an END", b.line, b.opened))
		return
	case !b.closed:
		f.badObject(kind, scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: BEGIN %s has no END of that name", b.line, b.label))
		return
	case private && (f.opt.NoPrivateKeys || headed):
		facts := byLabel(b.label)
		if headed {
			facts.Encrypted, facts.Encryption = scan.Yes, cipher
		}
		f.object(kind, facts, e)
		return
	}
	der, err := decodeBody(body)
	defer clear(der)
	where := fmt.Sprintf("line %d: ", b.line)
	switch {
	case err != nil:
		f.badObject(kind, scan.StageDecode, scan.ReasonCorrupt, where+err.Error())
	case len(der) == 0:
		f.badObject(kind, scan.StageDecode, scan.ReasonCorrupt, where+"no data between BEGIN and END")
	case b.label == labelOpenSSH:
		o, reason := scan.DeriveSSHPrivateKey(der)
		f.keyOr(kind, o, reason, where+"OpenSSH private key", e)
	case private && der[0] != tagSequence && byLabel(b.label).Encrypted == scan.Yes: // in a form of its maker's own
		f.object(kind, byLabel(b.label), e)
	default:
		f.derObject(kind, der, where, e)
	}
}

// legacyCipher reads the headers of RFC 1421 section 4.6.1, with which openssl's
// older formats say that the body is encrypted, and how.
func legacyCipher(body []byte) (cipher string, encrypted bool) {
	for line := range bytes.Lines(body) {
		name, value, isHeader := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case len(bytes.TrimSpace(line)) == 0:
			if encrypted {
				return cipher, true
			}
		case !isHeader:
			return cipher, encrypted
		case string(bytes.TrimSpace(name)) == "Proc-Type":
			encrypted = bytes.HasSuffix(value, []byte("ENCRYPTED"))
		case string(bytes.TrimSpace(name)) == "DEK-Info":
			algorithm, _, _ := bytes.Cut(value, []byte(","))
			cipher = cleanAlias(string(algorithm))
		}
	}
	return cipher, encrypted
}

// decodeBody decodes a PEM body that may hold a secret: into one buffer, which
// the caller clears. Headers are left out.
func decodeBody(body []byte) ([]byte, error) {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Decode(out, body)
	if err == nil {
		return out[:n], nil
	}
	clear(out)
	packed := packBody(body)
	n, err = base64.StdEncoding.Decode(packed, packed) // in place: output never overtakes input
	if err != nil {
		clear(packed)
		return nil, err
	}
	clear(packed[n:])
	return packed[:n], nil
}

// derObject records one object in DER, or why it is none. where begins the
// detail.
func (f *file) derObject(kind string, der []byte, where string, e entry) {
	if kind == scan.ObjectPrivateKey && f.opt.NoPrivateKeys {
		f.object(kind, new(scan.Object), e)
		return
	}
	if o, ok := scan.DeriveObject(kind, der); ok {
		f.object(kind, o, e)
		return
	}
	if _, _, complete := scan.NextTLV(der); !complete && len(der) > 0 && der[0] == tagSequence {
		f.badObject(kind, scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("%s%d bytes that end inside an element", where, len(der)))
		return
	}
	f.badObject(kind, scan.StageParse, scan.ReasonCorrupt, fmt.Sprintf("%s%d bytes that have not the outline", where, len(der)))
}

// keyOr records a key, or the reason why it could not be read.
func (f *file) keyOr(kind string, o *scan.Object, reason scan.Reason, what string, e entry) {
	switch reason {
	case "":
		f.object(kind, o, e)
	case scan.ReasonTruncated:
		f.badObject(kind, scan.StageDecode, reason, what)
	default:
		f.badObject(kind, scan.StageParse, reason, what)
	}
}

// objectStart tells what DER begins with that is no certificate, complete or
// cut; "" for anything else.
func objectStart(b []byte) string {
	if len(b) == 0 || b[0] != tagSequence {
		return ""
	}
	if kind := scan.ObjectKind(b); kind != "" {
		return kind
	}
	if _, _, complete := scan.NextTLV(b); complete {
		return ""
	}
	return cutObject(b)
}

// cutObject is objectStart for an object whose end is missing: enough of it has
// to be there that nothing else begins like it.
func cutObject(b []byte) string {
	inner, ok := insideSequence(b)
	if !ok {
		return ""
	}
	first, rest, ok := scan.NextTLV(inner)
	switch {
	case !ok:
		return cutSigned(inner)
	case first.Tag == tagInteger && len(first.Content) == 1:
		return cutKey(first.Content[0], rest)
	case first.Tag == tagSequence && bytes.HasPrefix(first.Content, []byte{tagOID}) && bytes.HasPrefix(rest, []byte{tagBitString}):
		return scan.ObjectPublicKey
	case first.Tag == tagSequence && bytes.HasPrefix(rest, []byte{tagOctets}) && scan.Protects(first.Content):
		return scan.ObjectPrivateKey
	}
	return cutSigned(inner)
}

// cutKey knows the beginnings of PKCS #8, PKCS #1 and SEC 1 keys behind their
// version.
func cutKey(version byte, rest []byte) string {
	next, after, ok := scan.NextTLV(rest)
	const leastModulus = 64 // bytes
	switch {
	case version > 1:
	case ok && next.Tag == tagSequence && bytes.HasPrefix(next.Content, []byte{tagOID}) && bytes.HasPrefix(after, []byte{tagOctets}),
		ok && next.Tag == tagInteger && len(next.Content) >= leastModulus && version == 0,
		ok && next.Tag == tagOctets && version == 1 && (bytes.HasPrefix(after, []byte{tagExplicit0}) || bytes.HasPrefix(after, []byte{tagExplicit1})):
		return scan.ObjectPrivateKey
	}
	return ""
}

// cutSigned knows the beginnings of a request and of a revocation list, whose
// first element is what is signed.
func cutSigned(b []byte) string {
	info, ok := insideSequence(b)
	if !ok {
		return ""
	}
	e, rest, ok := scan.NextTLV(info)
	if !ok {
		return ""
	}
	if e.Tag == tagInteger {
		if e, rest, ok = scan.NextTLV(rest); !ok {
			return ""
		}
	}
	second, after, complete := scan.NextTLV(rest)
	switch {
	case e.Tag != tagSequence:
	case bytes.HasPrefix(e.Content, []byte{tagSet}): // a subject; its key may be cut
		if spki, ok := insideSequence(rest); ok {
			if algorithm, ok := insideSequence(spki); ok && bytes.HasPrefix(algorithm, []byte{tagOID}) {
				return scan.ObjectCSR
			}
		}
	case bytes.HasPrefix(e.Content, []byte{tagOID}) && complete && second.Tag == tagSequence: // an algorithm, an issuer
		if bytes.HasPrefix(after, []byte{tagUTCTime}) || bytes.HasPrefix(after, []byte{tagTime}) {
			return scan.ObjectCRL
		}
	}
	return ""
}

// derObjects is a container of DER objects of one kind, or of several one after
// the other.
func derObjects(kind, title string) container {
	return container{name: "der", title: title, recognises: func(b []byte) bool { return objectStart(b) == kind }, read: readObjects}
}

func readObjects(f *file) {
	at := 0
	for f.room() {
		rest := f.content[at:]
		kind := objectStart(rest)
		if kind == "" {
			break
		}
		e, _, complete := scan.NextTLV(rest)
		if !complete {
			f.badObject(kind, scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("der: %d bytes that the file ends inside", len(rest)))
			return
		}
		f.derObject(kind, e.Full, "der: ", entry{container: "der"})
		at += len(e.Full)
	}
	f.trailing(at)
}
