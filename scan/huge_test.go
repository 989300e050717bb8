package scan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

// TestHugeKey reads a self-issued certificate whose modulus has a million bits:
// checking its signature would take minutes, so that it is left unchecked.
func TestHugeKey(t *testing.T) {
	for _, bits := range []int{16384, 20_000, 1_000_000} {
		der := hugeCertificate(t, bits)
		begun := time.Now()
		c := Derive(der)
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%d bits: %v", bits, took)
		} else {
			t.Log(bits, took)
		}
		if !c.Parsed || c.KeyBits != bits || c.SelfSigned == Yes || (bits > 16384) != (c.SelfSigned == Unasked) {
			t.Errorf("%d bits: parsed %t, %d bits, self-signed %d", bits, c.Parsed, c.KeyBits, c.SelfSigned)
		}
	}
}

// hugeCertificate is self-issued, with an RSA key and a signature of that size.
func hugeCertificate(t *testing.T, bits int) []byte {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	n.SetBit(n, 0, 1)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "huge"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsa.PublicKey{N: n, E: 65537}, signer)
	if err != nil {
		t.Fatal(err)
	}
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		t.Fatal(err)
	}
	// The algorithm stands in the signed part too: ecdsa-with-SHA256 becomes
	// sha256WithRSAEncryption in both.
	rsaAlgorithm := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, Parameters: asn1.NullRawValue}
	var tbs []asn1.RawValue
	for rest := outer.TBS.Bytes; len(rest) > 0; {
		var v asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &v); err != nil {
			t.Fatal(err)
		}
		tbs = append(tbs, v)
	}
	alg, err := asn1.Marshal(rsaAlgorithm)
	if err != nil {
		t.Fatal(err)
	}
	tbs[2] = asn1.RawValue{FullBytes: alg}
	body, err := asn1.Marshal(tbs)
	if err != nil {
		t.Fatal(err)
	}
	outer.TBS, outer.Algorithm = asn1.RawValue{FullBytes: body}, rsaAlgorithm
	signature := make([]byte, (bits+7)/8)
	signature[len(signature)-1] = 2
	outer.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	der, err = asn1.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
