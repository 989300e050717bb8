package revoke

import (
	"bytes"
	"encoding/asn1"
	"slices"
	"time"

	"certaudit/scan"
)

// Tags of a list (RFC 5280 section 5.1).
const (
	tagBoolean    = 0x01
	tagInteger    = 0x02
	tagBitString  = 0x03
	tagOctets     = 0x04
	tagOID        = 0x06
	tagEnumerated = 0x0a
	tagSequence   = 0x30
	tagExtensions = 0xa0
)

// Encoded object identifiers of extensions, under 2.5.29.
const (
	extNumber      = "\x55\x1d\x14"
	extReason      = "\x55\x1d\x15"
	extDelta       = "\x55\x1d\x1b"
	extScope       = "\x55\x1d\x1c"
	extEntryIssuer = "\x55\x1d\x1d"
	extPoints      = "\x55\x1d\x1f"
	extAuthority   = "\x55\x1d\x23"
)

// A list is a revocation list taken apart. Its entries stay as they are
// encoded: a list of a million costs its own bytes.
type list struct {
	facts      *scan.Object
	tbs        []byte
	algorithm  []byte
	signature  []byte // with the byte of unused bits
	entries    []byte
	extensions []byte // content of the sequence
	scope      scope
	fault      string // why it counts for nobody: a code
}

// A scope is what a list says it covers: the issuing distribution point of RFC
// 5280 section 5.2.5.
type scope struct {
	named                     bool     // it has a distribution point's name
	names                     [][]byte // encoded general names of it
	users, cas, attributes    bool
	someReasons, otherIssuers bool
}

// ReadCRL says what a revocation list says of a certificate. It counts only
// where Verified is Yes: the issuer itself signed it, may sign lists, and the
// list covers the certificate. Otherwise Error is a code. Times are not judged.
func ReadCRL(der, certificate, issuer []byte) scan.Revocation {
	l := parseList(der)
	o, _ := scan.OutlineOf(certificate)
	w := &wanted{serial: serialKey(o.Serial), isCA: scan.Derive(certificate).IsCA, der: func() []byte { return certificate }}
	l.answer(issuer, []*wanted{w})
	return w.said
}

// A wanted certificate is looked for in a list.
type wanted struct {
	serial string // see serialKey
	isCA   bool
	der    func() []byte // asked for where the list names a distribution point
	said   scan.Revocation
}

// answer sets what the list says of each certificate of one issuer.
func (l *list) answer(issuer []byte, all []*wanted) {
	code := l.authentic(issuer)
	template := l.template()
	looked := map[string][]*wanted{}
	for _, w := range all {
		w.said = template
		switch {
		case code != "":
			w.said = refuse(template, code)
		case !l.scope.covers(w):
			w.said = refuse(template, codeOutOfScope)
		default:
			w.said.Status, w.said.Verified = statusGood, scan.Yes
			if l.scope.someReasons {
				w.said = refuse(template, codeReasons)
			}
			looked[w.serial] = append(looked[w.serial], w)
		}
	}
	if len(looked) > 0 && !l.look(looked) {
		for _, same := range looked {
			for _, w := range same {
				w.said = refuse(template, codeMalformed)
			}
		}
	}
}

// template has what is the same for every certificate.
func (l *list) template() scan.Revocation {
	r := scan.Revocation{Method: methodCRL}
	if l.facts != nil {
		r.SHA256, r.ThisUpdate, r.NextUpdate = l.facts.SHA256, l.facts.ThisUpdate, l.facts.NextUpdate
	}
	return r
}

// parseList takes a list apart; what it says is true only once it is authentic.
func parseList(der []byte) *list {
	l := new(list)
	var ok bool
	if l.facts, ok = scan.DeriveRevocationList(der); !ok || l.facts.ThisUpdate.IsZero() || !l.split(der) {
		l.fault = codeMalformed
		return l
	}
	l.fault = l.readExtensions()
	return l
}

// A taker takes elements off a sequence; it is not ok from the first one that
// is missing or has another tag.
type taker struct {
	rest []byte
	ok   bool
}

func (t *taker) take(tag byte) scan.TLV {
	e, rest, ok := scan.NextTLV(t.rest)
	if !ok || e.Tag != tag || !t.ok {
		t.ok = false
		return scan.TLV{}
	}
	t.rest = rest
	return e
}

// maybe takes an element that may be absent.
func (t *taker) maybe(tag byte) (scan.TLV, bool) {
	if !t.ok || len(t.rest) == 0 || t.rest[0] != tag {
		return scan.TLV{}, false
	}
	e := t.take(tag)
	return e, t.ok
}

func isDate(tag byte) bool { return tag == asn1.TagUTCTime || tag == asn1.TagGeneralizedTime }

// split is false where something of RFC 5280 section 5.1 is out of place.
func (l *list) split(der []byte) bool {
	file := taker{der, true}
	whole := taker{file.take(tagSequence).Content, file.ok}
	tbs := whole.take(tagSequence)
	algorithm := whole.take(tagSequence)
	l.tbs, l.algorithm, l.signature = tbs.Full, algorithm.Full, whole.take(tagBitString).Content
	t := taker{tbs.Content, whole.ok && len(whole.rest) == 0 && len(file.rest) == 0}
	t.maybe(tagInteger)
	inner := t.take(tagSequence)
	t.take(tagSequence) // issuer
	for range 2 {
		if len(t.rest) > 0 && isDate(t.rest[0]) {
			t.take(t.rest[0])
		}
	}
	if e, ok := t.maybe(tagSequence); ok {
		l.entries = e.Content
	}
	if e, ok := t.maybe(tagExtensions); ok {
		x := taker{e.Content, true}
		l.extensions = x.take(tagSequence).Content
		t.ok = x.ok && len(x.rest) == 0
	}
	return t.ok && len(t.rest) == 0 && bytes.Equal(inner.Full, algorithm.Full)
}

// An extension is one of a list, an entry or a certificate.
type extension struct {
	oid      string
	critical bool
	value    []byte
}

// eachExtension is false where one of a sequence's extensions is damaged.
func eachExtension(seq []byte, visit func(extension)) bool {
	for t := (taker{seq, true}); len(t.rest) > 0; {
		one := taker{t.take(tagSequence).Content, t.ok}
		e := extension{oid: string(one.take(tagOID).Content)}
		if flag, ok := one.maybe(tagBoolean); ok {
			e.critical = len(bytes.Trim(flag.Content, "\x00")) > 0
		}
		e.value = one.take(tagOctets).Content
		if !one.ok || len(one.rest) > 0 {
			return false
		}
		visit(e)
	}
	return true
}

// readExtensions gives a code where the list is of a kind that does not stand
// for itself, or says what is not understood.
func (l *list) readExtensions() (code string) {
	fail := func(c string) {
		if code == "" {
			code = c
		}
	}
	ok := eachExtension(l.extensions, func(e extension) {
		switch e.oid {
		case extNumber, extAuthority:
		case extDelta:
			fail(codeDelta)
		case extScope:
			if !l.scope.read(e.value) {
				fail(codeMalformed)
			} else if l.scope.otherIssuers {
				fail(codeIndirect)
			}
		default:
			if e.critical {
				fail(codeCritical)
			}
		}
	})
	if !ok {
		return codeMalformed
	}
	return code
}

// read takes an IssuingDistributionPoint apart.
func (s *scope) read(value []byte) bool {
	const point, users, cas, some, others, attributes = 0xa0, 0x81, 0x82, 0x83, 0x84, 0x85
	file := taker{value, true}
	t := taker{file.take(tagSequence).Content, file.ok}
	if e, ok := t.maybe(point); ok {
		s.named = true
		s.names = pointNames(e.Content)
	}
	flag := func(tag byte) bool {
		e, ok := t.maybe(tag)
		return ok && len(bytes.Trim(e.Content, "\x00")) > 0
	}
	s.users, s.cas = flag(users), flag(cas)
	if _, ok := t.maybe(some); ok {
		s.someReasons = true
	}
	s.otherIssuers, s.attributes = flag(others), flag(attributes)
	return t.ok && len(t.rest) == 0 && len(file.rest) == 0
}

// maxPointNames bounds what is compared.
const maxPointNames = 64

// pointNames lists the names of a DistributionPointName: the general names of
// fullName, or nameRelativeToCRLIssuer as one.
func pointNames(name []byte) (names [][]byte) {
	const full = 0xa0
	e, _, ok := scan.NextTLV(name)
	if !ok {
		return nil
	}
	if e.Tag != full {
		return [][]byte{e.Full}
	}
	for b := e.Content; len(b) > 0 && len(names) < maxPointNames; {
		var n scan.TLV
		if n, b, ok = scan.NextTLV(b); !ok {
			break
		}
		names = append(names, n.Full)
	}
	return names
}

// covers tells whether the list is for a certificate (RFC 5280 section 6.3.3
// step b). One that names a distribution point is only for certificates that
// name the same.
func (s *scope) covers(w *wanted) bool {
	switch {
	case s.attributes, s.users && w.isCA, s.cas && !w.isCA:
		return false
	case !s.named:
		return true
	}
	own := certificatePoints(w.der())
	return slices.ContainsFunc(s.names, func(name []byte) bool {
		return slices.ContainsFunc(own, func(other []byte) bool { return bytes.Equal(name, other) })
	})
}

// certificatePoints lists the names of a certificate's distribution points.
// One without any has the name of its issuer.
func certificatePoints(der []byte) (names [][]byte) {
	const point, directoryName = 0xa0, 0xa4
	value, ok := scan.ExtensionValue(der, extPoints)
	if !ok {
		o, _ := scan.OutlineOf(der)
		name, _ := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: directoryName & 0x1f, IsCompound: true, Bytes: o.Issuer})
		return [][]byte{name}
	}
	file := taker{value, true}
	for t := (taker{file.take(tagSequence).Content, file.ok}); t.ok && len(t.rest) > 0 && len(names) < maxPointNames; {
		p := taker{t.take(tagSequence).Content, t.ok}
		if e, ok := p.maybe(point); ok {
			names = append(names, pointNames(e.Content)...)
		}
	}
	return names
}

// authentic gives a code unless an issuer signed the list and may sign lists.
func (l *list) authentic(issuer []byte) string {
	if l.facts == nil {
		return l.fault
	}
	i := scan.Derive(issuer)
	switch {
	case l.fault == codeMalformed:
		return l.fault
	case !i.Parsed || i.Subject != l.facts.Issuer:
		return codeWrongIssuer
	case len(i.KeyUsage) > 0 && !slices.Contains(i.KeyUsage, "cRLSign"):
		return codeNotAuthorised
	}
	if code := signatureCode(issuer, l.algorithm, l.tbs, l.signature); code != "" {
		return code
	}
	return l.fault
}

// serialKey stands for a serial number, by the content of its INTEGER.
func serialKey(content []byte) string { return string(minimal(content)) }

// minimal is an INTEGER's content the one way that DER has.
func minimal(content []byte) []byte {
	for len(content) > 1 && content[0] == 0 && content[1] < 0x80 {
		content = content[1:]
	}
	return content
}

// look goes over the entries once; it is false where one is damaged.
func (l *list) look(all map[string][]*wanted) bool {
	for b := l.entries; len(b) > 0; {
		e, rest, ok := scan.NextTLV(b)
		if !ok || e.Tag != tagSequence {
			return false
		}
		b = rest
		serial, tail, ok := scan.NextTLV(e.Content)
		if !ok || serial.Tag != tagInteger {
			return false
		}
		same := all[string(minimal(serial.Content))] // no copy is made of it
		if same == nil {
			continue
		}
		when, reason, code := readEntry(tail)
		for _, w := range same {
			if code != "" {
				w.said = refuse(l.template(), code)
				continue
			}
			w.said = l.template()
			w.said.Status, w.said.Verified, w.said.Error = statusRevoked, scan.Yes, ""
			w.said.RevokedAt, w.said.Reason = when, reason
		}
	}
	return true
}

// readEntry reads what follows the serial number of an entry.
func readEntry(tail []byte) (when time.Time, reason, code string) {
	date, rest, ok := scan.NextTLV(tail)
	if !ok || !isDate(date.Tag) {
		return when, "", codeMalformed
	}
	if _, err := asn1.Unmarshal(date.Full, &when); err != nil {
		return when, "", codeMalformed
	}
	t := taker{rest, true}
	seq, _ := t.maybe(tagSequence)
	reason = reasonName(0)
	ok = eachExtension(seq.Content, func(e extension) {
		switch e.oid {
		case extReason:
			n, _, ok := scan.NextTLV(e.value)
			if !ok || n.Tag != tagEnumerated || len(n.Content) != 1 {
				code = codeMalformed
				return
			}
			if n.Content[0] == removeFromCRL {
				code = codeDelta
			}
			reason = reasonName(int(n.Content[0]))
		case extEntryIssuer:
			code = codeIndirect
		}
	})
	if !ok {
		code = codeMalformed
	}
	return when.UTC(), reason, code
}
