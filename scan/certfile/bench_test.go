package certfile

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"certaudit/scan"
)

// benchFolder writes n files of one certificate each, signed by one authority.
func benchFolder(b *testing.B, n int) string {
	b.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Bench CA", Organization: []string{"Bench"}}, IsCA: true}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	for i := range n {
		name := fmt.Sprintf("host-%05d.example.test", i)
		leaf := &x509.Certificate{SerialNumber: big.NewInt(int64(i) + 1<<40), Subject: pkix.Name{Country: []string{"DE"}, Organization: []string{"Example"}, CommonName: name},
			NotBefore: testNow, NotAfter: testNow.AddDate(1, 0, 0), DNSNames: []string{name, "www." + name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &rsaKey.PublicKey, caKey)
		if err != nil {
			b.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.pem", i)), text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// BenchmarkScan is a whole scan of 1,000 files into evidence; one operation is
// one file.
func BenchmarkScan(b *testing.B) {
	dir := benchFolder(b, 1000)
	targets := []scan.Target{{Arg: dir, Path: dir}}
	now := func() time.Time { return testNow }
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += 1000 {
		w, err := scan.NewWriter(io.Discard, scan.RunRecord{})
		if err != nil {
			b.Fatal(err)
		}
		src := New(Options{Targets: targets, Now: now})
		if _, err := scan.Run(context.Background(), targets, map[scan.TargetKind]scan.Source{scan.PathTarget: src}, scan.Options{FileWorkers: 2, Now: now}, w); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBundle is one file of 1,000 certificates; one operation is one
// certificate.
func BenchmarkBundle(b *testing.B) {
	dir := benchFolder(b, 1000)
	var all bytes.Buffer
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			b.Fatal(err)
		}
		all.Write(text)
	}
	bundle := filepath.Join(b.TempDir(), "bundle.pem")
	if err := os.WriteFile(bundle, all.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += 1000 {
		if n := len(observeAll(b, Options{}, bundle)); n != 2001 {
			b.Fatal(n)
		}
	}
}
