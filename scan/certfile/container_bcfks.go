package certfile

import (
	"crypto/aes"
	"errors"
	"fmt"

	"certaudit/scan"
)

// bcfksContainer reads Bouncy Castle's FIPS keystore (org.bouncycastle.asn1.bc
// and BcFKSKeyStoreSpi): an ObjectStore of store data, usually encrypted, and of
// an integrity check that derives its own key.
func bcfksContainer() container {
	return container{name: "bcfks", title: "Bouncy Castle FIPS keystore (BCFKS)", recognises: beginsBCFKS, read: readBCFKS}
}

// beginsBCFKS looks at the beginning only, so that a store that is cut off is
// still known: encrypted by PBES2 three sequences deep; or in the clear, a
// version, an algorithm and a date two deep.
func beginsBCFKS(b []byte) bool {
	store, ok := insideSequences(b, 2)
	if !ok {
		return false
	}
	open := derReader{rest: store}
	if version, ok := open.optional(tagInteger); ok {
		open.algorithm()
		open.take(tagTime)
		return !open.failed && len(version) == 1
	}
	scheme, ok := insideSequence(store)
	in := derReader{rest: scheme}
	if !ok || string(in.take(tagOID)) != oidPBES2 {
		return false
	}
	derivation, ok := insideSequences(in.rest, 2)
	in = derReader{rest: derivation}
	kdf := string(in.take(tagOID))
	return ok && (kdf == oidPBKDF2 || kdf == oidScrypt)
}

// insideSequences steps over the headers of several sequences that begin
// together.
func insideSequences(b []byte, depth int) ([]byte, bool) {
	ok := true
	for ; depth > 0 && ok; depth-- {
		b, ok = insideSequence(b)
	}
	return b, ok
}

// What a key is derived for; the text goes behind the password.
const (
	bcfksForStore     = "STORE_ENCRYPTION"
	bcfksForIntegrity = "INTEGRITY_CHECK"
)

// A bcfks is one store being read.
type bcfks struct {
	f          *file
	candidates []candidate
	given      bool
	opened     *candidate
}

func readBCFKS(f *file) {
	der, rest, err := f.toDER(f.content)
	if err != nil {
		f.refuseObject(err, "bcfks", 0)
		return
	}
	s, first := &bcfks{f: f}, f.placed.len()
	s.candidates, s.given = f.candidates()
	outer := derReader{rest: der}
	store := derReader{rest: outer.take(tagSequence)}
	data, _ := store.next()
	check, complete := store.next()
	if outer.failed || store.failed || !complete || data.Tag != tagSequence {
		f.refuseObject(damaged("it is no store data with an integrity check"), "bcfks", 0)
		return
	}
	plain, err := s.open(data.Content)
	if err == nil {
		err = s.objects(plain)
	}
	confirmed := false
	switch {
	case check.Tag == tagExplicit0:
		s.signers(check.Content)
	case err == nil:
		confirmed = s.confirms(check, data.Full)
	}
	if err != nil {
		f.refuse(err, s.given)
	}
	if s.opened != nil && s.opened.common {
		f.noteFrom(first, noteDefaultPassword)
	}
	if !confirmed {
		f.noteFrom(first, noteIntegrity)
	}
	f.trailing(len(f.content) - len(rest))
}

// open gives the content of ObjectStoreData. Both ciphers tell the right
// password themselves.
func (s *bcfks) open(data []byte) ([]byte, error) {
	in := derReader{rest: data}
	if len(in.rest) > 0 && in.rest[0] == tagInteger {
		return data, nil
	}
	scheme, parameters := in.algorithm()
	encrypted := in.take(tagOctets)
	pbes2 := derReader{rest: parameters.take(tagSequence)}
	kdf, kdfParameters := pbes2.algorithm()
	oid, cipherParameters := pbes2.algorithm()
	switch {
	case in.failed || pbes2.failed:
		return nil, damaged("parameters of the encryption")
	case scheme != oidPBES2:
		return nil, unsupported("encryption", scheme)
	}
	derivers, err := s.f.bcfksDerivers(kdf, kdfParameters)
	if err != nil {
		return nil, err
	}
	for i := range s.candidates {
		c := &s.candidates[i]
		for _, derive := range derivers {
			if c.absent {
				continue
			}
			key, err := derive(c.bouncyFor(bcfksForStore), 256/8, false)
			if err != nil {
				return nil, err
			}
			plain, err := s.decrypt(oid, cipherParameters, key, encrypted)
			switch {
			case errors.Is(err, errPassword):
				continue
			case err != nil:
				return nil, err
			}
			s.opened = c
			outer := derReader{rest: plain}
			inner := outer.take(tagSequence)
			if outer.failed {
				return nil, damaged("what was encrypted")
			}
			return inner, nil
		}
	}
	return nil, fmt.Errorf("%w: bcfks", errPassword)
}

// bouncyFor is the password for one purpose: both as PKCS #12 hashes them.
func (c candidate) bouncyFor(purpose string) []byte {
	return append(c.bouncy(), candidate{text: []byte(purpose)}.bmp()...)
}

// A deriver derives a key of a size; sized is for a size that the parameters
// must name.
type deriver func(password []byte, size int, sized bool) ([]byte, error)

// bcfksDerivers gives the ways to derive a key. Bouncy Castle hands scrypt its
// block size for the parallelisation as well (BcFKSKeyStoreSpi.generateKey, up
// to this day); where they differ, the way that the parameters say comes first.
func (f *file) bcfksDerivers(kdf string, parameters derReader) ([]deriver, error) {
	if kdf != oidScrypt {
		return []deriver{func(password []byte, size int, sized bool) ([]byte, error) {
			return f.deriveKey(kdf, parameters, password, size, sized)
		}}, nil
	}
	named, err := scryptParameters(parameters)
	if err != nil {
		return nil, err
	}
	costs := []scryptCost{named}
	if named.p != named.r {
		own := named
		own.p = own.r
		costs = append(costs, own)
	}
	var all []deriver
	for _, cost := range costs {
		all = append(all, func(password []byte, size int, sized bool) ([]byte, error) {
			return f.scryptKey(cost, password, size, sized)
		})
	}
	return all, nil
}

// decrypt undoes AES-256-CCM (RFC 5084 section 3.1) or AES-256-KWP (RFC 5649).
func (s *bcfks) decrypt(oid string, parameters derReader, key, encrypted []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, damaged(err.Error())
	}
	switch oid {
	case oidAES256CCM:
		in := derReader{rest: parameters.take(tagSequence)}
		nonce := in.take(tagOctets)
		tagSize := in.optionalNumber()
		if parameters.failed || in.failed {
			return nil, damaged("parameters of CCM")
		}
		if tagSize == 0 {
			tagSize = 12 // the default of the ASN.1
		}
		return openCCM(block, nonce, encrypted, nil, tagSize)
	case oidAES256KWP:
		if !s.f.spend(len(encrypted) / 8) { // six passes, one block cipher call for eight bytes in each
			return nil, errIterations
		}
		return unwrapPadded(block, encrypted)
	}
	return nil, unsupported("cipher", oid)
}

// The types of objects (BcFKSKeyStoreSpi). A protected key was encrypted before
// the store got it.
const (
	bcfksCertificate         = 0
	bcfksPrivateKey          = 1
	bcfksSecretKey           = 2
	bcfksProtectedPrivateKey = 3
	bcfksProtectedSecretKey  = 4
)

// objects goes over the content of ObjectStoreData.
func (s *bcfks) objects(data []byte) error {
	in := derReader{rest: data}
	in.number()
	in.algorithm()
	in.take(tagTime)
	in.take(tagTime)
	list := derReader{rest: in.take(tagSequence)}
	for s.f.room() {
		object, ok := list.next()
		if !ok {
			break
		}
		if err := s.object(object.Content); err != nil {
			s.f.bad(scan.StageDecode, scan.ReasonCorrupt, "bcfks: "+err.Error())
		}
	}
	if in.failed || list.failed {
		return damaged("the list of objects")
	}
	return nil
}

func (s *bcfks) object(object []byte) error {
	in := derReader{rest: object}
	kind, alias := in.number(), string(in.take(tagUTF8))
	in.take(tagTime)
	in.take(tagTime)
	data := in.take(tagOctets)
	if in.failed {
		return damaged("an object")
	}
	switch kind {
	case bcfksCertificate:
		s.f.store(data, entry{container: "bcfks", alias: alias, use: scan.UseAnchor, basis: scan.UseByStore})
	case bcfksPrivateKey, bcfksProtectedPrivateKey:
		return s.privateKey(data, alias)
	case bcfksSecretKey, bcfksProtectedSecretKey:
	default:
		return damaged(fmt.Sprintf("no object has the type %d", kind))
	}
	return nil
}

// privateKey reads EncryptedPrivateKeyData: the key, and its chain.
func (s *bcfks) privateKey(data []byte, alias string) error {
	s.f.hasKey = true
	outer := derReader{rest: data}
	in := derReader{rest: outer.take(tagSequence)}
	key, _ := in.next()
	chain := derReader{rest: in.take(tagSequence)}
	var own []byte // the key's certificate
	for first := true; s.f.room(); first = false {
		c, ok := chain.next()
		if !ok {
			break
		}
		e := entry{container: "bcfks", alias: alias, use: scan.UseChain, basis: scan.UseByChainPosition}
		if first {
			e.use, e.basis = scan.UseIdentity, scan.UseByKey
			own = c.Full
		}
		s.f.store(c.Full, e)
	}
	s.f.sealedKey(key.Full, own, entry{container: "bcfks", alias: alias})
	if outer.failed || in.failed || chain.failed {
		return damaged("a private key's chain")
	}
	return nil
}

// confirms tells whether the password that opened the store confirms its MAC;
// a store in the clear takes any that does.
func (s *bcfks) confirms(check scan.TLV, data []byte) bool {
	in := derReader{rest: check.Content, failed: check.Tag != tagSequence}
	scheme, _ := in.algorithm()
	kdf, kdfParameters := in.algorithm()
	want := in.take(tagOctets)
	newHash, known := digests[scheme]
	if in.failed || !known || len(want) != newHash().Size() {
		return false
	}
	derivers, err := s.f.bcfksDerivers(kdf, kdfParameters)
	if err != nil {
		return false
	}
	for i := range s.candidates {
		c := &s.candidates[i]
		for _, derive := range derivers {
			if c.absent || s.opened != nil && s.opened != c {
				continue
			}
			key, err := derive(c.bouncyFor(bcfksForIntegrity), 0, true)
			if err != nil {
				return false
			}
			if macMatches(newHash, key, want, data) {
				s.opened = c
				return true
			}
		}
	}
	return false
}

// signers records the certificates of a SignatureCheck, which stands instead of
// the MAC. The signature confirms nothing here: nobody said whose it should be.
func (s *bcfks) signers(check []byte) {
	outer := derReader{rest: check}
	in := derReader{rest: outer.take(tagSequence)}
	in.algorithm()
	explicit, _ := in.optional(tagExplicit0)
	certificates := derReader{rest: explicit}
	if len(explicit) > 0 {
		certificates = derReader{rest: certificates.take(tagSequence)}
	}
	for s.f.room() {
		c, ok := certificates.next()
		if !ok {
			break
		}
		s.f.store(c.Full, entry{container: "bcfks"})
	}
	if outer.failed || in.failed || certificates.failed {
		s.f.refuseObject(damaged("the signature's certificates"), "bcfks", 0)
	}
}
