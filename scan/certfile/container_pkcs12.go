package certfile

import (
	"bytes"
	"crypto/sha256"
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
	opened     *candidate
	certs      []pfxCertificate
	keyIDs     map[string]bool // localKeyId of the private keys
	keys       []pfxKey
	bags       int
}

type pfxCertificate struct {
	der          []byte
	alias, keyID string
	trusted      bool
}

// A pfxKey is a private key without a localKeyId; which certificate it belongs
// to is told by its public half.
type pfxKey struct {
	shrouded bool
	value    []byte
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
		return p.readBags(der, maxNestedBags)
	}
	return fmt.Errorf("%w: an encrypted part", errPassword)
}

const (
	maxNestedBags = 8
	maxPFXKeys    = 1000 // private keys of one store that are matched by their public half
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
		if len(p.keys) < maxPFXKeys {
			p.keys = append(p.keys, pfxKey{kind == oidShroudedKeyBag, value})
		}
	case oidSafeContentsBag:
		if depth == 0 {
			return damaged("bags nested too deep")
		}
		return p.readBags(value, depth-1)
	}
	return nil // a CRL, a secret, or what a later standard adds
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
	p.matchKeys()
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

// matchKeys derives the public halves of the private keys where some key or
// certificate has no localKeyId to go by. Keys are dropped at once.
func (p *pfx) matchKeys() {
	if len(p.keys) == 0 || len(p.certs) == 0 || len(p.keyIDs) == len(p.keys) && p.everyKeyIDMatches() {
		return
	}
	for _, k := range p.keys {
		if !k.shrouded {
			p.addKey(k.value)
			continue
		}
		outer := derReader{rest: k.value}
		in := derReader{rest: outer.take(tagSequence)}
		oid, parameters := in.algorithm()
		data := in.take(tagOctets)
		if in.failed {
			continue
		}
		for _, c := range p.candidates {
			if plain, err := p.f.decrypt(oid, parameters, data, c); err == nil {
				p.addKey(plain)
				clear(plain)
				break
			} else if errors.Is(err, errIterations) {
				return
			}
		}
	}
}

func (p *pfx) everyKeyIDMatches() bool {
	matched := map[string]bool{}
	for _, c := range p.certs {
		if p.keyIDs[c.keyID] {
			matched[c.keyID] = true
		}
	}
	return len(matched) == len(p.keyIDs)
}

func (p *pfx) addKey(pkcs8 []byte) {
	if spki, ok := publicHalf(pkcs8); ok {
		p.f.keys = append(p.f.keys, sha256.Sum256(spki))
	}
}
