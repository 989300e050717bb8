package certfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"slices"

	"certaudit/scan"
)

// pkcs12Container reads PFX (RFC 7292 section 4): version 3, then a
// ContentInfo. The outer length may lie beyond the content of a damaged file.
func pkcs12Container() container {
	return container{name: "pkcs12", title: "PKCS #12 store", recognises: func(b []byte) bool {
		inner, ok := insideSequence(b)
		if !ok || !bytes.HasPrefix(inner, []byte{tagInteger, 1, 3}) {
			return false
		}
		info, ok := insideSequence(inner[3:])
		return ok && startsWithCMS(info)
	}, read: readPKCS12}
}

// A pfx is one store being read.
type pfx struct {
	f          *file
	candidates []candidate // the one that the MAC confirms first
	given      bool
	checked    bool // the MAC confirmed the content
	closed     bool // a part could not be opened: what it holds is unknown
	inside     bool // an encrypted part is being read
	opened     *candidate
	certs      []pfxCertificate
	keyIDs     map[string]bool // localKeyId of the private keys
	keys       []pfxKey
	tried      int // keys that were decrypted
	bags       int
}

type pfxCertificate struct {
	der          []byte
	alias, keyID string
	trusted      bool
}

// A pfxKey is a private key as the store has it. Which certificate it belongs to
// is told by its localKeyId, or by its public half.
type pfxKey struct {
	shrouded     bool
	sealed       bool // protected by the store's password
	value        []byte
	alias, keyID string
}

func readPKCS12(f *file) {
	der, rest, err := f.toDER(f.content)
	if err != nil {
		f.refuseObject(err, "pkcs12", 0)
		return
	}
	p := &pfx{f: f, keyIDs: map[string]bool{}}
	p.candidates, p.given = f.candidates()
	outer := derReader{rest: der}
	body := derReader{rest: outer.take(tagSequence)}
	body.number()
	safe, err := authenticatedSafe(body.take(tagSequence))
	mac, hasMAC := body.optional(tagSequence)
	if err == nil && body.failed {
		err = damaged("what follows the content")
	}
	if err != nil {
		f.refuse(err, p.given)
		return
	}
	if hasMAC {
		err = p.checkMAC(mac, safe)
	}
	switch {
	case errors.Is(err, errPassword) || errors.Is(err, errIterations):
		p.readSafe(safe, err)
	case err != nil && !errors.Is(err, errUnsupported):
		f.refuse(err, p.given)
		return
	default:
		p.readSafe(safe, nil)
	}
	p.place(hasMAC)
	f.trailing(len(f.content) - len(rest))
}

// authenticatedSafe takes the content off its ContentInfo: plain, or inside
// signed data in the public-key integrity mode.
func authenticatedSafe(info []byte) ([]byte, error) {
	in := derReader{rest: info}
	kind := string(in.take(tagOID))
	wrapped := derReader{rest: in.take(tagExplicit0)}
	if kind == oidSignedData {
		body := derReader{rest: wrapped.take(tagSequence)}
		body.number()
		body.take(tagSet)
		inner := derReader{rest: body.take(tagSequence)}
		kind = string(inner.take(tagOID))
		wrapped = derReader{rest: inner.take(tagExplicit0), failed: wrapped.failed || body.failed || inner.failed}
	}
	if in.failed || kind != oidData {
		return nil, damaged("the outermost content")
	}
	content := wrapped.take(tagOctets)
	if wrapped.failed {
		return nil, damaged("the outermost content")
	}
	return content, nil
}

// checkMAC finds the password that the MAC confirms (RFC 7292 section 4, RFC
// 9579) and puts it first. The others stay: a store may have another password
// for its content, and some writers mix the empty one with none.
func (p *pfx) checkMAC(mac, content []byte) error {
	in := derReader{rest: mac}
	info := derReader{rest: in.take(tagSequence)}
	oid, parameters := info.algorithm()
	want, salt := info.take(tagOctets), in.take(tagOctets)
	rounds := 1
	if len(in.rest) > 0 {
		rounds = in.number()
	}
	if in.failed || info.failed {
		return damaged("the MAC's parameters")
	}
	for i := range p.candidates {
		c := &p.candidates[i]
		ok, err := p.f.macConfirms(oid, parameters, *c, salt, rounds, want, content)
		if err != nil {
			return err
		}
		if ok {
			p.checked, p.opened = true, c
			p.candidates = slices.Concat(p.candidates[i:i+1], p.candidates[:i], p.candidates[i+1:])
			return nil
		}
	}
	return fmt.Errorf("%w: the MAC does not match", errPassword)
}

func (f *file) macConfirms(oid string, parameters derReader, c candidate, salt []byte, rounds int, want, content []byte) (bool, error) {
	var newHash func() hash.Hash
	var key []byte
	var err error
	if oid == oidPBMAC1 {
		in := derReader{rest: parameters.take(tagSequence)}
		kdf, kdfParameters := in.algorithm()
		scheme, _ := in.algorithm()
		if in.failed {
			return false, damaged("the MAC's parameters")
		}
		known := false
		if newHash, known = digests[scheme]; !known {
			return false, unsupported("MAC", scheme)
		}
		key, err = f.deriveKey(kdf, kdfParameters, c.text, 0, true)
	} else {
		known := false
		if newHash, known = digests[oid]; !known {
			return false, unsupported("MAC", oid)
		}
		key, err = f.pkcs12Key(newHash, c.bmp(), salt, rounds, forMAC, newHash().Size())
	}
	if err != nil {
		return false, err
	}
	if len(want) != newHash().Size() {
		return false, damaged("size of the MAC")
	}
	return macMatches(newHash, key, want, content), nil
}

// readSafe goes over the AuthenticatedSafe (RFC 7292 section 4.1). With sealed
// set, encrypted parts stay closed for that reason.
func (p *pfx) readSafe(safe []byte, sealed error) {
	der, _, err := p.f.toDER(safe)
	if err != nil {
		p.f.refuse(err, p.given)
		return
	}
	outer := derReader{rest: der}
	parts := derReader{rest: outer.take(tagSequence)}
	for p.f.room() {
		part, ok := parts.next()
		if !ok {
			break
		}
		if err := p.readPart(part.Content, sealed); err != nil {
			p.closed = true
			p.f.refuse(err, p.given)
			if errors.Is(err, errIterations) || sealed != nil {
				sealed = errSaid // once is enough
			}
		}
	}
	if outer.failed || parts.failed {
		p.f.refuse(damaged("the list of its parts"), p.given)
	}
}

// errSaid closes the further parts without another record.
var errSaid = errors.New("said already")

func (p *pfx) readPart(info []byte, sealed error) error {
	in := derReader{rest: info}
	kind := string(in.take(tagOID))
	wrapped := derReader{rest: in.take(tagExplicit0)}
	switch kind {
	case oidData:
		content := wrapped.take(tagOctets)
		if in.failed || wrapped.failed {
			return damaged("a part in the clear")
		}
		der, _, err := p.f.toDER(content)
		if err != nil {
			return err
		}
		return p.readBags(der, maxNestedBags)
	case oidEncryptedData:
		body := derReader{rest: wrapped.take(tagSequence)}
		body.number()
		encrypted := derReader{rest: body.take(tagSequence)}
		encrypted.take(tagOID)
		oid, parameters := encrypted.algorithm()
		data := encrypted.octets()
		if in.failed || wrapped.failed || body.failed || encrypted.failed {
			return damaged("an encrypted part")
		}
		if sealed == errSaid {
			p.closed = true
			return nil
		}
		if sealed != nil {
			return sealed
		}
		return p.openPart(oid, parameters, data)
	case oidEnvelopedData:
		return fmt.Errorf("%w: a part for the holder of a private key", errUnsupported)
	}
	return unsupported("content", kind)
}

// openPart decrypts a part with the first candidate under which it makes sense.
func (p *pfx) openPart(oid string, parameters derReader, data []byte) error {
	for i := range p.candidates {
		c := &p.candidates[i]
		plain, err := p.f.decrypt(oid, parameters, data, *c)
		switch {
		case errors.Is(err, errPassword):
			continue
		case err != nil:
			return err
		}
		der, rest, err := p.f.toDER(plain)
		if err != nil || len(rest) > 0 || der[0] != tagSequence {
			continue // the padding of a wrong password is right once in 256
		}
		if p.opened == nil {
			p.opened = c
		}
		p.inside = true
		defer func() { p.inside = false }()
		return p.readBags(der, maxNestedBags)
	}
	return fmt.Errorf("%w: an encrypted part", errPassword)
}

const (
	maxNestedBags = 8
	maxPFXKeys    = 1000 // private keys of one store that are decrypted to tell what they are
)

// readBags goes over SafeContents in DER (RFC 7292 section 4.2).
func (p *pfx) readBags(der []byte, depth int) error {
	outer := derReader{rest: der}
	bags := derReader{rest: outer.take(tagSequence)}
	for {
		bag, ok := bags.next()
		if !ok {
			break
		}
		if p.bags++; p.bags > p.f.opt.Limits.Objects {
			p.f.report(-1, scan.StageLimit, scan.ReasonTooMany, "")
			return nil
		}
		if err := p.readBag(bag.Content, depth); err != nil {
			return err
		}
	}
	if outer.failed || bags.failed {
		return damaged("a list of bags")
	}
	return nil
}

func (p *pfx) readBag(bag []byte, depth int) error {
	in := derReader{rest: bag}
	kind := string(in.take(tagOID))
	value := in.take(tagExplicit0)
	var attributes []byte
	if len(in.rest) > 0 {
		attributes = in.take(tagSet)
	}
	if in.failed {
		return damaged("a bag")
	}
	about := bagAttributes(attributes)
	switch kind {
	case oidCertBag:
		return p.certBag(value, about)
	case oidKeyBag, oidShroudedKeyBag:
		p.f.hasKey = true
		if about.keyID != "" {
			p.keyIDs[about.keyID] = true
		}
		shrouded := kind == oidShroudedKeyBag
		p.keys = append(p.keys, pfxKey{shrouded, shrouded || p.inside, value, about.alias, about.keyID})
	case oidCRLBag:
		return p.crlBag(value, about.alias)
	case oidSafeContentsBag:
		if depth == 0 {
			return damaged("bags nested too deep")
		}
		return p.readBags(value, depth-1)
	}
	return nil // a secret, or what a later standard adds
}

// crlBag reads RFC 7292 section 4.2.4.
func (p *pfx) crlBag(value []byte, alias string) error {
	outer := derReader{rest: value}
	bag := derReader{rest: outer.take(tagSequence)}
	kind := string(bag.take(tagOID))
	wrapped := derReader{rest: bag.take(tagExplicit0)}
	der := wrapped.take(tagOctets)
	switch {
	case outer.failed || bag.failed || wrapped.failed:
		return damaged("a revocation list's bag")
	case kind != oidX509CRL:
		p.f.badObject(scan.ObjectCRL, scan.StageDecode, scan.ReasonUnsupported, "pkcs12: a revocation list that is not X.509")
	default:
		p.f.derObject(scan.ObjectCRL, der, "pkcs12: ", entry{container: "pkcs12", alias: alias})
	}
	return nil
}

func (p *pfx) certBag(value []byte, about pfxCertificate) error {
	outer := derReader{rest: value}
	bag := derReader{rest: outer.take(tagSequence)}
	kind := string(bag.take(tagOID))
	wrapped := derReader{rest: bag.take(tagExplicit0)}
	if outer.failed || bag.failed {
		return damaged("a certificate's bag")
	}
	if kind != oidX509Bag {
		p.f.bad(scan.StageDecode, scan.ReasonUnsupported, "pkcs12: a certificate that is not X.509")
		return nil
	}
	about.der = wrapped.take(tagOctets)
	if wrapped.failed {
		return damaged("a certificate's bag")
	}
	p.certs = append(p.certs, about)
	return nil
}

// bagAttributes reads friendlyName, localKeyId and Java's mark of a trusted
// certificate (RFC 7292 section 4.2, PKCS #9).
func bagAttributes(set []byte) pfxCertificate {
	var about pfxCertificate
	in := derReader{rest: set}
	for {
		attribute, ok := in.next()
		if !ok {
			return about
		}
		a := derReader{rest: attribute.Content}
		oid := string(a.take(tagOID))
		values := derReader{rest: a.take(tagSet)}
		switch oid {
		case oidFriendlyName:
			about.alias = bmpString(values.take(tagBMP))
		case oidLocalKeyID:
			about.keyID = string(values.take(tagOctets))
		case oidTrustedKeyUsage:
			about.trusted = true
		}
	}
}

// place records the certificates. A store in which every part is open and no
// key lies is a trust store.
func (p *pfx) place(hasMAC bool) {
	p.placeKeys()
	first := p.f.placed.len()
	for _, c := range p.certs {
		if !p.f.room() {
			break
		}
		e := entry{container: "pkcs12", alias: c.alias}
		switch {
		case c.keyID != "" && p.keyIDs[c.keyID]:
			e.use, e.basis = scan.UseIdentity, scan.UseByKey
		case c.trusted || !p.f.hasKey && !p.closed:
			e.use, e.basis = scan.UseAnchor, scan.UseByStore
		}
		p.f.store(c.der, e)
	}
	if p.opened != nil && p.opened.common {
		p.f.noteFrom(first, noteDefaultPassword)
	}
	if hasMAC && !p.checked {
		p.f.noteFrom(first, noteIntegrity)
	}
}

// placeKeys records the private keys.
func (p *pfx) placeKeys() {
	byID := map[string][]byte{}
	for _, c := range p.certs {
		if c.keyID != "" && byID[c.keyID] == nil {
			byID[c.keyID] = c.der
		}
	}
	for i := range p.keys {
		k := &p.keys[i]
		e := entry{container: "pkcs12", alias: k.alias}
		facts := p.keyFacts(k, byID[k.keyID])
		if facts == nil {
			p.f.badObject(scan.ObjectPrivateKey, scan.StageParse, scan.ReasonCorrupt, "pkcs12: a bag that holds no private key")
			continue
		}
		if k.sealed && p.opened != nil && p.opened.common {
			e.notes = []string{noteDefaultPassword}
		}
		p.f.object(scan.ObjectPrivateKey, facts, e)
	}
}

// keyFacts tells what a private key is by the certificate that has its
// localKeyId; where there is none, by its public half. It is nil for what is no
// private key.
func (p *pfx) keyFacts(k *pfxKey, certificate []byte) *scan.Object {
	protected := scan.Answered(k.sealed)
	if p.f.opt.NoPrivateKeys {
		return &scan.Object{Encrypted: protected}
	}
	facts, ok := scan.DerivePrivateKey(k.value) // without a password
	if !ok {
		return nil
	}
	encryption := facts.Encryption
	if of, ok := scan.DeriveCertificateKey(certificate); ok {
		facts = of
	} else if k.shrouded {
		if opened := p.decryptKey(k.value); opened != nil {
			facts = opened
		}
	}
	facts.Format, facts.Encrypted, facts.Encryption = scan.FormatPKCS8, protected, encryption
	return facts
}

// decryptKey gives the facts of a key under the first password that opens it.
// The key itself is dropped at once.
func (p *pfx) decryptKey(value []byte) *scan.Object {
	if p.closed && len(p.certs) == 0 { // no password opens the rest either
		return nil
	}
	outer := derReader{rest: value}
	in := derReader{rest: outer.take(tagSequence)}
	oid, parameters := in.algorithm()
	data := in.take(tagOctets)
	if p.tried++; in.failed || p.tried > maxPFXKeys {
		return nil
	}
	for i := range p.candidates {
		c := &p.candidates[i]
		plain, err := p.f.decrypt(oid, parameters, data, *c)
		if errors.Is(err, errIterations) {
			return nil
		} else if err != nil {
			continue
		}
		facts, ok := scan.DerivePrivateKey(plain)
		clear(plain)
		if ok {
			if p.opened == nil {
				p.opened = c
			}
			return facts
		}
	}
	return nil
}
