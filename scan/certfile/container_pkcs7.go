package certfile

import (
	"errors"
	"fmt"

	"certaudit/scan"
)

// pkcs7Container reads CMS (RFC 5652), definite or indefinite length: the
// certificates of signed and of enveloped data.
func pkcs7Container() container {
	return container{name: "pkcs7-der", title: "PKCS #7 or CMS, binary", recognises: func(b []byte) bool {
		inner, ok := insideSequence(b)
		return ok && startsWithCMS(inner)
	}, read: func(f *file) {
		der, rest, err := f.toDER(f.content)
		if err != nil {
			f.refuseObject(err, "pkcs7-der", 0)
			return
		}
		f.cms(der, entry{container: "pkcs7-der"}, maxNestedCMS)
		f.trailing(len(f.content) - len(rest))
	}}
}

// pkcs7Labels are the PEM labels of CMS (RFC 7468 section 8 and 9, and Netscape's).
var pkcs7Labels = map[string]bool{"PKCS7": true, "CMS": true, "PKCS #7 SIGNED DATA": true}

// maxNestedCMS bounds signed data inside signed data.
const maxNestedCMS = 4

// pemCMS reads one PEM block of CMS.
func (f *file) pemCMS(b block) {
	const container = "pkcs7-pem"
	if !b.closed {
		f.refuseObject(fmt.Errorf("%w: BEGIN %s has no END of that name", errTruncated, b.label), container, b.line)
		return
	}
	text, err := appendBase64(nil, f.content[b.body.from:b.body.to])
	if err != nil {
		f.refuseObject(damaged(err.Error()), container, b.line)
		return
	}
	der, rest, err := f.toDER(text)
	if err != nil {
		f.refuseObject(err, container, b.line)
		return
	}
	before := f.placed.len()
	f.cms(der, entry{container: container, line: b.line}, maxNestedCMS)
	if len(rest) > 0 && f.placed.len() > before {
		f.note("trailing_data")
	}
}

// refuseObject records one damaged object of the file.
func (f *file) refuseObject(err error, container string, line int) {
	stage, reason := scan.StageDecode, scan.ReasonCorrupt
	switch {
	case errors.Is(err, errTruncated):
		reason = scan.ReasonTruncated
	case errors.Is(err, errDeep):
		stage, reason = scan.StageLimit, scan.ReasonTooDeep
	}
	detail := container + ": " + err.Error()
	if line > 0 {
		detail = fmt.Sprintf("line %d: %s", line, detail)
	}
	f.bad(stage, reason, detail)
}

// cms records the certificates of a ContentInfo in DER (RFC 5652 section 3).
func (f *file) cms(der []byte, e entry, depth int) {
	outer := derReader{rest: der}
	info := derReader{rest: outer.take(tagSequence)}
	kind := string(info.take(tagOID))
	wrapped := derReader{rest: info.take(tagExplicit0)}
	var certificates, lists, content []byte
	contentType := ""
	failed := outer.failed || info.failed
	switch kind {
	case oidSignedData:
		body := derReader{rest: wrapped.take(tagSequence)}
		body.number()
		body.take(tagSet)
		encapsulated := derReader{rest: body.take(tagSequence)}
		contentType = string(encapsulated.take(tagOID))
		if explicit, ok := encapsulated.optional(tagExplicit0); ok {
			content = explicit
		}
		certificates, _ = body.optional(tagExplicit0)
		lists, _ = body.optional(tagExplicit1)
		failed = failed || wrapped.failed || body.failed || encapsulated.failed
	case oidSignedAndEnveloped:
		body := derReader{rest: wrapped.take(tagSequence)}
		body.number()
		body.take(tagSet)
		body.take(tagSet)
		body.take(tagSequence)
		certificates, _ = body.optional(tagExplicit0)
		lists, _ = body.optional(tagExplicit1)
		failed = failed || wrapped.failed || body.failed
	case oidEnvelopedData, oidAuthEnvelopedData:
		body := derReader{rest: wrapped.take(tagSequence)}
		body.number()
		originator, _ := body.optional(tagExplicit0)
		in := derReader{rest: originator}
		certificates, _ = in.optional(tagExplicit0)
		lists, _ = in.optional(tagExplicit1)
		failed = failed || wrapped.failed || body.failed || in.failed
	}
	if failed {
		f.refuseObject(damaged("it is not built as its content type says"), e.container, e.line)
		return
	}
	f.certificateSet(certificates, e)
	f.revocationSet(lists, e)
	if contentType == oidSignedData && depth > 0 {
		f.nestedCMS(content, e, depth-1)
	}
}

// certificateSet records the certificates of a CertificateSet. Its other
// choices, attribute certificates and the obsolete extended ones, have a tag of
// their own (RFC 5652 section 10.2.3).
func (f *file) certificateSet(set []byte, e entry) {
	in := derReader{rest: set}
	for f.room() {
		c, ok := in.next()
		if !ok {
			break
		}
		if c.Tag == tagSequence {
			f.store(c.Full, e)
		}
	}
	if in.failed {
		f.refuseObject(damaged("its set of certificates ends inside one"), e.container, e.line)
	}
}

// revocationSet records the revocation lists of RevocationInfoChoices. Its other
// choice, which holds OCSP responses, has a tag of its own (RFC 5652 section
// 10.2.1).
func (f *file) revocationSet(set []byte, e entry) {
	in := derReader{rest: set}
	for f.room() {
		l, ok := in.next()
		if !ok {
			break
		}
		if l.Tag == tagSequence {
			f.derObject(scan.ObjectCRL, l.Full, e.container+": ", e)
		}
	}
	if in.failed {
		f.badObject(scan.ObjectCRL, scan.StageDecode, scan.ReasonTruncated, e.container+": its set of revocation lists ends inside one")
	}
}

// nestedCMS reads signed data that was itself signed: in an OCTET STRING, or as
// PKCS #7 version 1.5 has it, bare.
func (f *file) nestedCMS(content []byte, e entry, depth int) {
	in := derReader{rest: content}
	if octets, ok := in.optional(tagOctets); ok {
		der, _, err := f.toDER(octets)
		if err != nil {
			f.refuseObject(err, e.container, e.line)
			return
		}
		f.cms(der, e, depth)
	}
}
