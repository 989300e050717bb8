package certfile

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newAES(t testing.TB, key string) cipher.Block {
	t.Helper()
	block, err := aes.NewCipher(unhex(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return block
}

// TestCCM: packet vectors 1, 2, 3, 4 and 7 of RFC 3610 section 8, and example 1
// of NIST SP 800-38C, whose tag has 4 bytes.
func TestCCM(t *testing.T) {
	const packets = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
	for name, c := range map[string]struct {
		key, nonce, aad, plain, sealed string
		tag                            int
	}{
		"packet 1": {packets, "00000003020100a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
			"588c979a61c663d2f066d0c2c0f989806d5f6b61dac384 17e8d12cfdf926e0", 8},
		"packet 2": {packets, "00000004030201a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
			"72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3b a091d56e10400916", 8},
		"packet 3": {packets, "00000005040302a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
			"51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da859657 4adaa76fbd9fb0c5", 8},
		"packet 4": {packets, "00000006050403a0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e",
			"a28c6865939a9a79faaa5c4c2a9d4a91cdac8c 96c861b9c9e61ef1", 8},
		"packet 7": {packets, "00000009080706a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
			"0135d1b2c95f41d5d1d4fec185d166b8094e999dfed96c 048c56602c97acbb7490", 10},
		"38C, 1": {"404142434445464748494a4b4c4d4e4f", "10111213141516", "0001020304050607", "20212223", "7162015b 4dac255d", 4},
	} {
		block, nonce, aad, sealed := newAES(t, c.key), unhex(t, c.nonce), unhex(t, c.aad), unhex(t, c.sealed)
		got, err := openCCM(block, nonce, sealed, aad, c.tag)
		if want := unhex(t, c.plain); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v, want %x", name, got, err, want)
		}
		for i := range sealed {
			damaged := bytes.Clone(sealed)
			damaged[i] ^= 0x10
			if _, err := openCCM(block, nonce, damaged, aad, c.tag); !errors.Is(err, errPassword) {
				t.Errorf("%s, byte %d turned over: %v", name, i, err)
			}
		}
		if _, err := openCCM(block, nonce, sealed, aad[1:], c.tag); !errors.Is(err, errPassword) {
			t.Errorf("%s, other data beside it: %v", name, err)
		}
	}
}

func TestCCMParameters(t *testing.T) {
	block := newAES(t, "404142434445464748494a4b4c4d4e4f")
	for name, c := range map[string]struct{ nonce, tag, sealed int }{
		"nonce of 6 bytes":                 {6, 8, 20},
		"nonce of 14 bytes":                {14, 8, 20},
		"tag of 2 bytes":                   {12, 2, 20},
		"tag of 5 bytes":                   {12, 5, 20},
		"tag of 18 bytes":                  {12, 18, 20},
		"shorter than the tag":             {12, 8, 7},
		"too long for a length of 2 bytes": {13, 8, 1<<16 + 8},
	} {
		if _, err := openCCM(block, make([]byte, c.nonce), make([]byte, c.sealed), nil, c.tag); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openCCM(block, make([]byte, 13), make([]byte, 1<<16+7), nil, 8); !errors.Is(err, errPassword) {
		t.Errorf("the longest content: %v", err)
	}
}

// TestUnwrapPadded: the two examples of RFC 5649 section 6.
func TestUnwrapPadded(t *testing.T) {
	block := newAES(t, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8")
	for plain, wrapped := range map[string]string{
		"c37b7e6492584340bed12207808941155068f738": "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
		"466f7250617369": "afbeb0f07dfbf5419200f2ccb50bb24f",
	} {
		got, err := unwrapPadded(block, unhex(t, wrapped))
		if err != nil || hex.EncodeToString(got) != plain {
			t.Errorf("%x, %v, want %s", got, err, plain)
		}
		for i := range len(wrapped) / 2 {
			b := unhex(t, wrapped)
			b[i] ^= 1
			if _, err := unwrapPadded(block, b); !errors.Is(err, errPassword) {
				t.Errorf("%s, byte %d turned over: %v", plain, i, err)
			}
		}
	}
	for _, size := range []int{0, 8, 15, 17, 20} {
		if _, err := unwrapPadded(block, make([]byte, size)); !errors.Is(err, errDamaged) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}
