//go:build linux || darwin || freebsd

package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"
)

// packDate stands in the stores, so that they do not hang on the clock.
var packDate = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// pack writes the PEM certificates of a folder, the first of each file, as trust
// stores of so many each: out/jks, out/pkcs12 and out/pkcs7.
func pack(dir, out, password string, each, most int) error {
	var certs []*x509.Certificate
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || len(certs) == most {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(data)
		if block == nil {
			return nil
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		certs = append(certs, c)
		return nil
	})
	if err != nil {
		return err
	}
	kinds := map[string]func([]*x509.Certificate, string) ([]byte, error){"jks": packJKS, "pkcs12": packPKCS12, "pkcs7": packPKCS7}
	for kind, encode := range kinds {
		if err := os.MkdirAll(filepath.Join(out, kind), 0o700); err != nil {
			return err
		}
		for n := 0; n*each < len(certs); n++ {
			b, err := encode(certs[n*each:min((n+1)*each, len(certs))], password)
			if err != nil {
				return fmt.Errorf("encode %s: %w", kind, err)
			}
			if err := os.WriteFile(filepath.Join(out, kind, fmt.Sprintf("%05d.%s", n, kind)), b, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

func packJKS(certs []*x509.Certificate, password string) ([]byte, error) {
	ks := keystore.New(keystore.WithOrderedAliases())
	for i, c := range certs {
		e := keystore.TrustedCertificateEntry{CreationTime: packDate, Certificate: keystore.Certificate{Type: "X509", Content: c.Raw}}
		if err := ks.SetTrustedCertificateEntry(fmt.Sprintf("cert-%d", i), e); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err := ks.Store(&b, []byte(password))
	return b.Bytes(), err
}

func packPKCS12(certs []*x509.Certificate, password string) ([]byte, error) {
	return pkcs12.Modern.EncodeTrustStore(certs, password)
}

func packPKCS7(certs []*x509.Certificate, _ string) ([]byte, error) {
	var all []byte
	for _, c := range certs {
		all = append(all, c.Raw...)
	}
	return pkcs7.DegenerateCertificate(all)
}
