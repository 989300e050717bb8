package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"certaudit/scan"
)

// systemBundles are where Unix systems keep their trust store as one file. The
// file is read as any other: the platform's verifier is never asked.
var systemBundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
}

// loadRoots reads the trust anchors that --roots names: mozilla, system, or
// files of PEM or one DER certificate.
func loadRoots(names []string) (ders [][]byte, digests []scan.Digest, err error) {
	for _, name := range names {
		var set [][]byte
		dated := ""
		switch name {
		case "mozilla":
			for r := range bundle.Roots() {
				set = append(set, r.Certificate)
			}
			dated = bundleDate()
		case "system":
			set, err = systemRoots()
		default:
			set, err = rootFile(name)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("--roots %s: %w", name, err)
		}
		h := sha256.New()
		for _, der := range set {
			h.Write(der)
		}
		digests = append(digests, scan.Digest{Name: name, SHA256: hex.EncodeToString(h.Sum(nil)), Dated: dated, Count: len(set)})
		ders = append(ders, set...)
	}
	return ders, digests, nil
}

func systemRoots() ([][]byte, error) {
	for _, name := range systemBundles {
		set, err := rootFile(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return set, err
		}
	}
	return nil, fmt.Errorf("no trust store at %s; name its file instead", strings.Join(systemBundles, ", "))
}

func rootFile(name string) ([][]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if e, rest, ok := scan.NextTLV(text); ok && len(rest) == 0 && e.Tag == 0x30 {
		return [][]byte{text}, nil
	}
	var set [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "CERTIFICATE") {
			e, _, ok := scan.NextTLV(block.Bytes)
			if !ok {
				return nil, fmt.Errorf("a damaged certificate after %d good ones", len(set))
			}
			set = append(set, e.Full)
		}
	}
	if len(set) == 0 {
		return nil, errors.New("no certificate in PEM or DER")
	}
	return set, nil
}

// bundleModule carries its edition's date in its version.
const bundleModule = "golang.org/x/crypto/x509roots/fallback"

// bundleDate is the day of the embedded Mozilla list; "" where the build does
// not tell.
func bundleDate() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path != bundleModule {
			continue
		}
		parts := strings.Split(m.Version, "-") // v0.0.0-YYYYMMDDhhmmss-commit
		if len(parts) == 3 && len(parts[1]) == 14 {
			return parts[1][:4] + "-" + parts[1][4:6] + "-" + parts[1][6:8]
		}
	}
	return ""
}
