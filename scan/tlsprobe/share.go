package tlsprobe

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"hash"
)

// A share is our half of one key exchange of TLS 1.3. It opens the server's
// first encrypted messages, so that an answer to a hello of ours shows the
// certificates and their signature. No handshake is ever finished with it.
type share struct {
	group  uint16
	public []byte
	agree  func(theirs []byte) ([]byte, error) // RFC 8446 section 7.4
}

// entry is the KeyShareEntry of a ClientHello; nothing for no share.
func (s *share) entry() []byte {
	if s == nil {
		return nil
	}
	return append16(binary.BigEndian.AppendUint16(nil, s.group), s.public)
}

// newShare makes a share of a group by its number; nil where there is no
// arithmetic for it here.
func newShare(group uint16) *share {
	switch group {
	case uint16(tls.X25519):
		return curveShare(group, ecdh.X25519())
	case uint16(tls.CurveP256):
		return curveShare(group, ecdh.P256())
	case uint16(tls.CurveP384):
		return curveShare(group, ecdh.P384())
	case uint16(tls.CurveP521):
		return curveShare(group, ecdh.P521())
	case uint16(tls.X25519MLKEM768):
		return hybridShare(group, newKEM768(), curveShare(0, ecdh.X25519()), true)
	case 4587:
		return hybridShare(group, newKEM768(), curveShare(0, ecdh.P256()), false)
	case 4589:
		return hybridShare(group, newKEM1024(), curveShare(0, ecdh.P384()), false)
	}
	return nil
}

func curveShare(group uint16, curve ecdh.Curve) *share {
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil
	}
	return &share{group: group, public: key.PublicKey().Bytes(), agree: func(theirs []byte) ([]byte, error) {
		peer, err := curve.NewPublicKey(theirs)
		if err != nil {
			return nil, err
		}
		return key.ECDH(peer)
	}}
}

// A kem is our half of ML-KEM (FIPS 203).
type kem struct {
	public      []byte
	ciphertext  int // bytes
	decapsulate func(ciphertext []byte) ([]byte, error)
}

func newKEM768() *kem {
	key, err := mlkem.GenerateKey768()
	if err != nil {
		return nil
	}
	return &kem{key.EncapsulationKey().Bytes(), mlkem.CiphertextSize768, key.Decapsulate}
}

func newKEM1024() *kem {
	key, err := mlkem.GenerateKey1024()
	if err != nil {
		return nil
	}
	return &kem{key.EncapsulationKey().Bytes(), mlkem.CiphertextSize1024, key.Decapsulate}
}

// hybridShare joins the two halves in the order that draft-ietf-tls-ecdhe-mlkem
// section 4 gives each group: X25519 comes last, the NIST curves first.
func hybridShare(group uint16, k *kem, c *share, kemFirst bool) *share {
	if k == nil || c == nil {
		return nil
	}
	join := func(kem, curve []byte) []byte {
		if kemFirst {
			return append(append([]byte{}, kem...), curve...)
		}
		return append(append([]byte{}, curve...), kem...)
	}
	return &share{group: group, public: join(k.public, c.public), agree: func(theirs []byte) ([]byte, error) {
		at := k.ciphertext
		if !kemFirst {
			at = len(theirs) - k.ciphertext
		}
		if at <= 0 || at >= len(theirs) {
			return nil, fmt.Errorf("a share of %d bytes", len(theirs))
		}
		ciphertext, point := theirs[:at], theirs[at:]
		if !kemFirst {
			ciphertext, point = point, ciphertext
		}
		shared, err := k.decapsulate(ciphertext)
		if err != nil {
			return nil, err
		}
		agreed, err := c.agree(point)
		return join(shared, agreed), err
	}}
}

// serverSecret is the server's handshake traffic secret (RFC 8446 section 7.1)
// after a hello with this share and the server's answer; nil where they do not
// fit.
func (s *share) serverSecret(hello []byte, f *flight) []byte {
	if s == nil || f.shareGroup != s.group {
		return nil
	}
	shared, err := s.agree(f.share)
	if err != nil {
		return nil
	}
	h := suiteHash(f.suite)
	if h == nil {
		return nil
	}
	size := h().Size()
	early, err := hkdf.Extract(h, make([]byte, size), nil)
	if err != nil {
		return nil
	}
	derived, err := deriveSecret(h, early, "derived", nil)
	if err != nil {
		return nil
	}
	handshake, err := hkdf.Extract(h, shared, derived)
	if err != nil {
		return nil
	}
	secret, _ := deriveSecret(h, handshake, "s hs traffic", append(append([]byte{}, hello...), f.message...))
	return secret
}

// deriveSecret is Derive-Secret of RFC 8446 section 7.1.
func deriveSecret(h func() hash.Hash, secret []byte, label string, messages []byte) ([]byte, error) {
	d := h()
	d.Write(messages)
	return expandLabel(h, secret, label, d.Sum(nil), d.Size())
}

// suiteHash is the hash of a suite whose records can be opened here.
func suiteHash(suite uint16) func() hash.Hash {
	switch suite {
	case tls.TLS_AES_128_GCM_SHA256, tls.TLS_CHACHA20_POLY1305_SHA256:
		return sha256.New
	case tls.TLS_AES_256_GCM_SHA384:
		return sha512.New384
	}
	return nil
}
