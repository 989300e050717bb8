package certfile

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
)

// openCCM decrypts and checks CCM (RFC 3610) of a cipher with blocks of 16
// bytes; the tag of 4 to 16 bytes stands at the end of sealed. What is not
// authentic is errPassword. aad has less than 0xff00 bytes.
func openCCM(block cipher.Block, nonce, sealed, aad []byte, tagSize int) ([]byte, error) {
	const size = 16
	lengthSize := size - 1 - len(nonce)
	if lengthSize < 2 || lengthSize > 8 || tagSize < 4 || tagSize > size || tagSize%2 != 0 || len(sealed) < tagSize || len(aad) >= 0xff00 {
		return nil, damaged("parameters of CCM")
	}
	if n := len(sealed) - tagSize; lengthSize < 4 && n>>(8*lengthSize) > 0 {
		return nil, damaged("more content than CCM's nonce leaves room for")
	}
	// The first block of the key stream belongs to the tag (section 2.3).
	var counter [size]byte
	counter[0] = byte(lengthSize - 1)
	copy(counter[1:], nonce)
	stream := cipher.NewCTR(block, counter[:])
	var mask [size]byte
	stream.XORKeyStream(mask[:], mask[:])
	plain := make([]byte, len(sealed)-tagSize)
	stream.XORKeyStream(plain, sealed[:len(plain)])

	// The first block of the CBC-MAC (section 2.2).
	var x [size]byte
	x[0] = byte((tagSize-2)/2<<3 | (lengthSize - 1))
	if len(aad) > 0 {
		x[0] |= 1 << 6
	}
	copy(x[1:], nonce)
	for i, n := size-1, len(plain); i > len(nonce); i, n = i-1, n>>8 {
		x[i] = byte(n)
	}
	block.Encrypt(x[:], x[:])
	if len(aad) > 0 {
		cbcMAC(block, &x, append(binary.BigEndian.AppendUint16(nil, uint16(len(aad))), aad...))
	}
	cbcMAC(block, &x, plain)
	subtle.XORBytes(x[:], x[:], mask[:])
	if subtle.ConstantTimeCompare(x[:tagSize], sealed[len(plain):]) != 1 {
		return nil, errPassword
	}
	return plain, nil
}

// cbcMAC goes on over b, padded with zeros.
func cbcMAC(block cipher.Block, x *[16]byte, b []byte) {
	for len(b) > 0 {
		n := subtle.XORBytes(x[:], x[:], b)
		block.Encrypt(x[:], x[:])
		b = b[n:]
	}
}

// unwrapPadded is AES key wrap with padding (RFC 5649 section 4.2), which
// protects whatever has less than 2^32 bytes. What is not authentic is
// errPassword.
func unwrapPadded(block cipher.Block, wrapped []byte) ([]byte, error) {
	const half = 8
	if len(wrapped) < 2*half || len(wrapped)%half != 0 {
		return nil, damaged("size of what is wrapped")
	}
	out := bytes.Clone(wrapped)
	if len(out) == 2*half {
		block.Decrypt(out, out)
	} else {
		unwrapBlocks(block, out)
	}
	size := int64(binary.BigEndian.Uint32(out[4:]))
	plain := out[half:]
	if !bytes.HasPrefix(out, []byte("\xa6\x59\x59\xa6")) || size > int64(len(plain)) || size <= int64(len(plain)-half) {
		return nil, errPassword
	}
	if len(bytes.Trim(plain[size:], "\x00")) > 0 {
		return nil, errPassword
	}
	return plain[:size], nil
}

// unwrapBlocks is the inverse of RFC 3394 section 2.2.1, in place and without
// its check: A stands first, then R[1] to R[n].
func unwrapBlocks(block cipher.Block, out []byte) {
	const half = 8
	n := len(out)/half - 1
	var b [2 * half]byte
	copy(b[:half], out)
	for t := 6 * n; t > 0; t-- {
		r := out[half*((t-1)%n+1):][:half]
		binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])^uint64(t))
		copy(b[half:], r)
		block.Decrypt(b[:], b[:])
		copy(r, b[half:])
	}
	copy(out, b[:half])
}
