package tlsprobe

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// A keyLog keeps the one secret that opens the server's first encrypted
// messages of TLS 1.3, from what crypto/tls writes in the format of
// SSLKEYLOGFILE. It exists because crypto/tls drops a Certificate message
// that it cannot parse, and an audit must still see it. The secret belongs to
// one handshake that carries no data, and stays in memory.
type keyLog struct{ secret []byte }

func (k *keyLog) Write(line []byte) (int, error) {
	fields := bytes.Fields(line)
	if len(fields) == 3 && string(fields[0]) == "SERVER_HANDSHAKE_TRAFFIC_SECRET" {
		secret, err := hex.DecodeString(string(fields[2]))
		if err != nil {
			return 0, err
		}
		k.secret = secret
	}
	return len(line), nil
}

func (k *keyLog) get(*flight) []byte { return k.secret }

// recordKeys open the records of one direction: RFC 8446 section 5.
type recordKeys struct {
	aead cipher.AEAD
	iv   []byte
	seq  uint64
}

// newRecordKeys derives the keys of RFC 8446 section 7.3. It returns nil where
// the secret is not known, or does not fit the suite, or the suite is another
// than the three that are in use.
func newRecordKeys(suite uint16, secret []byte) *recordKeys {
	h := suiteHash(suite)
	if h == nil || len(secret) != h().Size() {
		return nil
	}
	switch suite {
	case tls.TLS_AES_128_GCM_SHA256:
		return recordKeysOf(h, secret, 16, newGCM)
	case tls.TLS_AES_256_GCM_SHA384:
		return recordKeysOf(h, secret, 32, newGCM)
	}
	return recordKeysOf(h, secret, chacha20poly1305.KeySize, chacha20poly1305.New)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func recordKeysOf(h func() hash.Hash, secret []byte, size int, cipherOf func([]byte) (cipher.AEAD, error)) *recordKeys {
	key, err := expandLabel(h, secret, "key", nil, size)
	if err != nil {
		return nil
	}
	iv, err := expandLabel(h, secret, "iv", nil, 12)
	if err != nil {
		return nil
	}
	aead, err := cipherOf(key)
	if err != nil {
		return nil
	}
	return &recordKeys{aead: aead, iv: iv}
}

// expandLabel is HKDF-Expand-Label of RFC 8446 section 7.1.
func expandLabel(h func() hash.Hash, secret []byte, label string, context []byte, size int) ([]byte, error) {
	info := binary.BigEndian.AppendUint16(nil, uint16(size))
	info = append(info, byte(len("tls13 ")+len(label)))
	info = append(info, "tls13 "+label...)
	info = append(info, byte(len(context)))
	return hkdf.Expand(h, secret, string(append(info, context...)), size)
}

// open decrypts a record and takes the padding off.
func (k *recordKeys) open(head, body []byte) (typ byte, plain []byte, ok bool) {
	nonce := bytes.Clone(k.iv)
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^k.seq)
	k.seq++
	plain, err := k.aead.Open(nil, nonce, body, head)
	if err != nil {
		return 0, nil, false
	}
	plain = bytes.TrimRight(plain, "\x00")
	if len(plain) == 0 {
		return 0, nil, false
	}
	return plain[len(plain)-1], plain[:len(plain)-1], true
}
