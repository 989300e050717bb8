package certfile

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha1"
	"fmt"

	//lint:ignore SA1019 the format is bound to this cipher; nothing is encrypted here
	"golang.org/x/crypto/twofish"

	"certaudit/scan"
)

// uberContainer reads Bouncy Castle's UBER (BcKeyStoreSpi.BouncyCastleStore):
// BKS's header, and then BKS's entries and their SHA-1, encrypted together by
// PBEWithSHAAndTwofish-CBC. It is asked behind BKS.
func uberContainer() container {
	return container{name: "uber", title: "Bouncy Castle UBER keystore", recognises: startsLikeBouncyCastle, read: readUBER}
}

// uberHead is as much as tells the first entry: a tag, an alias, a date.
const uberHead = (1 + 2 + maxAlias + 8 + twofish.BlockSize) / twofish.BlockSize * twofish.BlockSize

// readUBER opens the store with the first candidate under which it begins with
// an entry, which no wrong password makes plausible. The digest comes last: a
// store that is damaged or cut off has none that fits.
func readUBER(f *file) {
	r := byteReader{all: f.content}
	r.uint(4) // version
	salt, rounds := r.block(), r.uint(4)
	encrypted := f.content[r.at:]
	whole := encrypted[:len(encrypted)-len(encrypted)%twofish.BlockSize]
	all, given := f.candidates()
	if r.failed || len(whole) == 0 {
		f.refuse(fmt.Errorf("%w: uber: no entries", errTruncated), given)
		return
	}
	for _, c := range all {
		if c.absent {
			continue
		}
		block, iv, err := f.uberCipher(c, salt, rounds)
		if err != nil {
			f.refuse(err, given)
			return
		}
		plain := make([]byte, len(whole))
		head := min(len(whole), uberHead)
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain[:head], whole[:head])
		if !uberBegins(plain[:head]) {
			continue
		}
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, whole)
		first := f.placed.len()
		f.uberEntries(plain, len(whole) < len(encrypted))
		if c.common {
			f.noteFrom(first, noteDefaultPassword)
		}
		return
	}
	f.refuse(fmt.Errorf("%w: uber", errPassword), given)
}

// uberCipher derives key and initialisation vector.
func (f *file) uberCipher(c candidate, salt []byte, rounds int) (cipher.Block, []byte, error) {
	const keySize = 32
	key, err := f.pkcs12Key(sha1.New, c.bouncy(), salt, rounds, forKey, keySize)
	if err != nil {
		return nil, nil, err
	}
	iv, err := f.pkcs12Key(sha1.New, c.bouncy(), salt, rounds, forIV, twofish.BlockSize)
	if err != nil {
		return nil, nil, err
	}
	block, err := twofish.NewCipher(key)
	if err != nil {
		return nil, nil, damaged(err.Error())
	}
	return block, iv, nil
}

// uberBegins is true where plain begins with an entry. Of an empty store only
// the digest can tell: its tag alone comes up once in 256 wrong passwords.
func uberBegins(plain []byte) bool {
	if plain[0] == bksEnd {
		sum := sha1.Sum(plain[:1])
		return bytes.HasPrefix(plain[1:], sum[:])
	}
	return bksFirstEntry(plain)
}

// uberEntries reads what was decrypted: entries, their SHA-1, padding.
func (f *file) uberEntries(plain []byte, cut bool) {
	r := byteReader{all: plain}
	if !f.bksEntries(&r, "uber") {
		return
	}
	sum := sha1.Sum(plain[:r.at])
	digest := r.bytes(sha1.Size)
	switch {
	case r.failed || cut:
		f.bad(scan.StageDecode, scan.ReasonTruncated, "uber: it ends before the last entry or the digest")
	case !bytes.Equal(sum[:], digest):
		f.bad(scan.StageDecode, scan.ReasonCorrupt, "uber: the digest is not that of the entries")
	}
}
