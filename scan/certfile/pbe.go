package certfile

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rc4"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"
)

// maxSalt bounds a salt in bytes; real ones have 8 to 64.
const maxSalt = 1 << 16

// digests are the hashes of a MAC (RFC 7292 section 4, RFC 8018 appendix B.1),
// under the OID of the hash and of its HMAC.
var digests = map[string]func() hash.Hash{
	oidMD5:  md5.New,
	oidSHA1: sha1.New, oidHMACSHA1: sha1.New,
	oidSHA224: sha256.New224, oidHMACSHA224: sha256.New224,
	oidSHA256: sha256.New, oidHMACSHA256: sha256.New,
	oidSHA384: sha512.New384, oidHMACSHA384: sha512.New384,
	oidSHA512: sha512.New, oidHMACSHA512: sha512.New,
	oidSHA512x224: sha512.New512_224, oidHMACSHA512x224: sha512.New512_224,
	oidSHA512x256: sha512.New512_256, oidHMACSHA512x256: sha512.New512_256,
	oidHMACSHA3x256: func() hash.Hash { return sha3.New256() },
	oidHMACSHA3x384: func() hash.Hash { return sha3.New384() },
	oidHMACSHA3x512: func() hash.Hash { return sha3.New512() },
}

func unsupported(what, oid string) error {
	return fmt.Errorf("%w: %s %s", errUnsupported, what, hex.EncodeToString([]byte(oid)))
}

// The purposes of a derived key (RFC 7292 appendix B.3).
const (
	forKey = 1
	forIV  = 2
	forMAC = 3
)

// pkcs12Key derives size bytes (RFC 7292 appendix B.2).
func (f *file) pkcs12Key(newHash func() hash.Hash, password, salt []byte, rounds int, purpose byte, size int) ([]byte, error) {
	h := newHash()
	blocks := (size + h.Size() - 1) / h.Size()
	if rounds < 1 || len(salt) > maxSalt {
		return nil, damaged("parameters of a key derivation")
	}
	if rounds > f.opt.Limits.KDFIterations || !f.spend(rounds*blocks) {
		return nil, errIterations
	}
	v := h.BlockSize()
	diversifier := bytes.Repeat([]byte{purpose}, v)
	input := append(fillTo(salt, v), fillTo(password, v)...)
	var out []byte
	for {
		h.Reset()
		h.Write(diversifier)
		h.Write(input)
		a := h.Sum(nil)
		for range rounds - 1 {
			h.Reset()
			h.Write(a)
			a = h.Sum(a[:0])
		}
		if out = append(out, a...); len(out) >= size {
			return out[:size], nil
		}
		b := fillTo(a, v)[:v]
		for at := 0; at < len(input); at += v {
			carry := 1
			for i := v - 1; i >= 0; i-- {
				carry += int(input[at+i]) + int(b[i])
				input[at+i] = byte(carry)
				carry >>= 8
			}
		}
	}
}

// fillTo repeats b up to the next multiple of v bytes.
func fillTo(b []byte, v int) []byte {
	if len(b) == 0 {
		return nil
	}
	size := (len(b) + v - 1) / v * v
	return bytes.Repeat(b, size/len(b)+1)[:size]
}

// A pbes1 is a scheme that derives key and IV in PKCS #12's way (RFC 7292
// appendix C).
type pbes1 struct {
	keySize int
	cipher  func(key []byte) (cipher.Block, error) // nil for RC4
}

var pkcs12Schemes = map[string]pbes1{
	oidPBERC4x128: {16, nil},
	oidPBERC4x40:  {5, nil},
	oidPBE3DES:    {24, des.NewTripleDESCipher},
	oidPBE2DES: {16, func(key []byte) (cipher.Block, error) {
		return des.NewTripleDESCipher(append(key[:16:16], key[:8]...))
	}},
	oidPBERC2x128: {16, func(key []byte) (cipher.Block, error) { return newRC2(key, 128) }},
	oidPBERC2x40:  {5, func(key []byte) (cipher.Block, error) { return newRC2(key, 40) }},
}

// pkcs5Schemes are those of RFC 8018 section 6.1.
var pkcs5Schemes = map[string]struct {
	hash   func() hash.Hash
	cipher func(key []byte) (cipher.Block, error)
}{
	oidMD5DES:  {md5.New, des.NewCipher},
	oidSHA1DES: {sha1.New, des.NewCipher},
	oidMD5RC2:  {md5.New, func(key []byte) (cipher.Block, error) { return newRC2(key, 64) }},
	oidSHA1RC2: {sha1.New, func(key []byte) (cipher.Block, error) { return newRC2(key, 64) }},
}

// decrypt opens one encrypted part with one password.
func (f *file) decrypt(oid string, parameters derReader, encrypted []byte, c candidate) ([]byte, error) {
	if oid == oidPBES2 {
		return f.decryptPBES2(parameters, encrypted, c)
	}
	in := derReader{rest: parameters.take(tagSequence)}
	salt, rounds := in.take(tagOctets), in.number()
	if scheme, ok := pkcs5Schemes[oid]; ok {
		if in.failed || rounds < 1 || len(salt) > maxSalt {
			return nil, damaged("parameters of an encryption")
		}
		if !f.spend(rounds) {
			return nil, errIterations
		}
		key := pbkdf1(scheme.hash(), c.text, salt, rounds)
		return decryptCBC(scheme.cipher, key[:8], key[8:16], encrypted)
	}
	scheme, ok := pkcs12Schemes[oid]
	if !ok {
		return nil, unsupported("encryption", oid)
	}
	if in.failed {
		return nil, damaged("parameters of an encryption")
	}
	key, err := f.pkcs12Key(sha1.New, c.bmp(), salt, rounds, forKey, scheme.keySize)
	if err != nil {
		return nil, err
	}
	if scheme.cipher == nil {
		stream, err := rc4.NewCipher(key)
		if err != nil {
			return nil, damaged(err.Error())
		}
		out := make([]byte, len(encrypted))
		stream.XORKeyStream(out, encrypted)
		return out, nil
	}
	iv, err := f.pkcs12Key(sha1.New, c.bmp(), salt, rounds, forIV, 8)
	if err != nil {
		return nil, err
	}
	return decryptCBC(scheme.cipher, key, iv, encrypted)
}

// pbkdf1 is RFC 8018 section 5.1, all bytes of the last digest.
func pbkdf1(h hash.Hash, password, salt []byte, rounds int) []byte {
	h.Write(password)
	h.Write(salt)
	t := h.Sum(nil)
	for range rounds - 1 {
		h.Reset()
		h.Write(t)
		t = h.Sum(t[:0])
	}
	return t
}

// decryptPBES2 is RFC 8018 section 6.2.
func (f *file) decryptPBES2(parameters derReader, encrypted []byte, c candidate) ([]byte, error) {
	in := derReader{rest: parameters.take(tagSequence)}
	kdf, kdfParameters := in.algorithm()
	oid, cipherParameters := in.algorithm()
	if in.failed {
		return nil, damaged("parameters of an encryption")
	}
	keySize, newCipher, iv := 0, aes.NewCipher, []byte(nil)
	switch oid {
	case oidAES128:
		keySize = 16
	case oidAES192:
		keySize = 24
	case oidAES256:
		keySize = 32
	case oid3DES:
		keySize, newCipher = 24, des.NewTripleDESCipher
	case oidDES:
		keySize, newCipher = 8, des.NewCipher
	case oidRC2:
		return f.decryptRC2(kdf, kdfParameters, cipherParameters, encrypted, c)
	default:
		return nil, unsupported("cipher", oid)
	}
	if iv = cipherParameters.take(tagOctets); cipherParameters.failed {
		return nil, damaged("initialisation vector")
	}
	key, err := f.deriveKey(kdf, kdfParameters, c.text, keySize, false)
	if err != nil {
		return nil, err
	}
	return decryptCBC(newCipher, key, iv, encrypted)
}

// decryptRC2 reads RC2's parameters: a code of the effective key size, and the
// IV (RFC 8018 appendix B.2.3).
func (f *file) decryptRC2(kdf string, kdfParameters, parameters derReader, encrypted []byte, c candidate) ([]byte, error) {
	in := derReader{rest: parameters.take(tagSequence)}
	bits := map[int]int{160: 40, 120: 64, 58: 128}[in.number()]
	iv := in.take(tagOctets)
	if in.failed || bits == 0 {
		return nil, damaged("RC2 parameters")
	}
	key, err := f.deriveKey(kdf, kdfParameters, c.text, bits/8, false)
	if err != nil {
		return nil, err
	}
	return decryptCBC(func(key []byte) (cipher.Block, error) { return newRC2(key, bits) }, key, iv, encrypted)
}

// minMACKey is the least key size of PBMAC1 that a store may ask for (RFC 9579
// section 8); a shorter one would let anybody forge the MAC.
const minMACKey = 20

// deriveKey derives a key by PBKDF2 (RFC 8018 section 5.2) or scrypt (RFC 7914
// section 7.1). With sized the parameters must name the key's size, which
// PBMAC1 wants (RFC 9579 section 3).
func (f *file) deriveKey(kdf string, parameters derReader, password []byte, size int, sized bool) ([]byte, error) {
	if kdf == oidScrypt {
		s, err := scryptParameters(parameters)
		if err != nil {
			return nil, err
		}
		return f.scryptKey(s, password, size, sized)
	}
	if kdf != oidPBKDF2 {
		return nil, unsupported("key derivation", kdf)
	}
	in := derReader{rest: parameters.take(tagSequence)}
	salt, rounds := in.take(tagOctets), in.number()
	length := in.optionalNumber()
	newHash := sha1.New
	if !in.failed && len(in.rest) > 0 {
		oid, _ := in.algorithm()
		var ok bool
		if newHash, ok = digests[oid]; !ok {
			return nil, unsupported("key derivation with", oid)
		}
	}
	if parameters.failed || in.failed || rounds < 1 || len(salt) > maxSalt {
		return nil, damaged("parameters of a key derivation")
	}
	size, err := keySize(length, size, sized)
	if err != nil {
		return nil, err
	}
	blocks := (size + newHash().Size() - 1) / newHash().Size()
	if rounds > f.opt.Limits.KDFIterations || !f.spend(rounds*blocks) {
		return nil, errIterations
	}
	key, err := pbkdf2.Key(newHash, string(password), salt, rounds, size)
	if err != nil {
		return nil, damaged(err.Error())
	}
	return key, nil
}

// keySize holds the size that parameters name (0: none) against the one wanted.
func keySize(named, want int, sized bool) (int, error) {
	switch {
	case sized && (named < minMACKey || named > 64):
		return 0, damaged("key size of the MAC")
	case sized:
		return named, nil
	case named != 0 && named != want:
		return 0, damaged("key size")
	}
	return want, nil
}

// A scryptCost is scrypt's parameters (RFC 7914 section 7.1).
type scryptCost struct {
	salt            []byte
	n, r, p, length int // length 0: not named
}

// maxScrypt bounds scrypt's memory in bytes; 128·N·r is what it needs.
const maxScrypt = 64 << 20

func scryptParameters(parameters derReader) (scryptCost, error) {
	in := derReader{rest: parameters.take(tagSequence)}
	s := scryptCost{salt: in.take(tagOctets), n: in.number(), r: in.number(), p: in.number(), length: in.optionalNumber()}
	if parameters.failed || in.failed || s.n < 2 || s.r < 1 || s.p < 1 || len(s.salt) > maxSalt {
		return s, damaged("parameters of a key derivation")
	}
	return s, nil
}

// scryptKey counts the salsa cores, 4·N·r·p of them, as rounds.
func (f *file) scryptKey(s scryptCost, password []byte, size int, sized bool) ([]byte, error) {
	size, err := keySize(s.length, size, sized)
	if err != nil {
		return nil, err
	}
	bound := int64(f.opt.Limits.KDFIterations)
	cost := 4 * int64(s.n) * min(int64(s.r), bound) // each factor is below 2^31
	if cost > bound || 128*int64(s.n)*int64(s.r) > maxScrypt || int64(s.p) > bound/cost || !f.spend(int(cost)*s.p) {
		return nil, errIterations
	}
	key, err := scrypt.Key(password, s.salt, s.n, s.r, s.p, size)
	if err != nil {
		return nil, damaged(err.Error())
	}
	return key, nil
}

// decryptCBC decrypts and takes the padding off (RFC 8018 section 6.1.1 step
// 4), which also tells a wrong password in most cases.
func decryptCBC(newCipher func([]byte) (cipher.Block, error), key, iv, encrypted []byte) ([]byte, error) {
	block, err := newCipher(key)
	if err != nil {
		return nil, damaged(err.Error())
	}
	size := block.BlockSize()
	if len(iv) != size || len(encrypted) == 0 || len(encrypted)%size != 0 {
		return nil, damaged("size of what is encrypted")
	}
	out := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, encrypted)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > size || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, errPassword
	}
	return out[:len(out)-pad], nil
}

// macMatches checks an HMAC.
func macMatches(newHash func() hash.Hash, key, want []byte, content ...[]byte) bool {
	m := hmac.New(newHash, key)
	for _, c := range content {
		m.Write(c)
	}
	return hmac.Equal(m.Sum(nil), want)
}
