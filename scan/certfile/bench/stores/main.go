//go:build linux || darwin || freebsd

// Command stores does the least that reading a folder of keystores can cost:
// walk, read, decode with a bare library, parse with crypto/x509, forget.
// certaudit is measured against it.
//
//	stores [-j N] [-password TEXT] FOLDER
//	stores -pack OUT [-each N] [-most N] [-password TEXT] FOLDER
//
// The second form writes such folders, out of PEM certificates.
// It is a module of its own, so that certaudit needs none of the libraries.
package main

import (
	"bytes"
	"crypto/x509"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"
)

func main() {
	workers := flag.Int("j", runtime.GOMAXPROCS(0), "files read at once")
	password := flag.String("password", "changeit", "of every store")
	out := flag.String("pack", "", "folder to write stores to, made of the PEM certificates in FOLDER")
	each := flag.Int("each", 100, "certificates in one store")
	most := flag.Int("most", 20000, "certificates in all")
	flag.Parse()
	if flag.NArg() != 1 || *workers < 1 || *each < 1 || *most < 1 {
		fmt.Fprintln(os.Stderr, "usage: stores [-j N] [-password TEXT] [-pack OUT [-each N] [-most N]] FOLDER")
		os.Exit(2)
	}
	var err error
	if *out != "" {
		err = pack(flag.Arg(0), *out, *password, *each, *most)
	} else {
		err = run(flag.Arg(0), *password, *workers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stores:", err)
		os.Exit(1)
	}
}

// run prints one line: certificates, wall seconds, user and system CPU seconds.
// The first file that cannot be read ends it: a comparison with less than the
// whole folder would say nothing.
func run(dir, password string, workers int) error {
	start := time.Now()
	var parsed atomic.Int64
	var once sync.Once
	var failed error
	paths := make(chan string, 64*workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for path := range paths {
				n, err := count(path, password)
				parsed.Add(int64(n))
				if err != nil {
					once.Do(func() { failed = fmt.Errorf("%s: %w", path, err) })
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths <- path
		}
		return err
	})
	close(paths)
	wg.Wait()
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return fmt.Errorf("read the use of resources: %w", err)
	}
	cpu := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	fmt.Printf("certificates=%d wall=%.3f cpu=%.3f\n", parsed.Load(), time.Since(start).Seconds(), cpu.Seconds())
	return nil
}

// count decodes one store, by its content, and parses its certificates.
func count(path, password string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xfe\xed\xfe\xed")):
		return countJKS(data, password)
	case len(data) > 7 && data[0] == 0x30 && bytes.Contains(data[:8], []byte{2, 1, 3}): // a PFX begins with its version
		return countPKCS12(data, password)
	}
	p, err := pkcs7.Parse(data) // which parses the certificates too
	if err != nil {
		return 0, err
	}
	return len(p.Certificates), nil
}

func countJKS(data []byte, password string) (int, error) {
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(data), []byte(password)); err != nil {
		return 0, err
	}
	n := 0
	for _, alias := range ks.Aliases() {
		var chain []keystore.Certificate
		if ks.IsTrustedCertificateEntry(alias) {
			e, err := ks.GetTrustedCertificateEntry(alias)
			if err != nil {
				return n, err
			}
			chain = []keystore.Certificate{e.Certificate}
		} else {
			var err error
			if chain, err = ks.GetPrivateKeyEntryCertificateChain(alias); err != nil {
				return n, err
			}
		}
		for _, c := range chain {
			if _, err := x509.ParseCertificate(c.Content); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// countPKCS12 tells a trust store from a key with its chain by trying; the
// library parses the certificates itself.
func countPKCS12(data []byte, password string) (int, error) {
	trusted, err := pkcs12.DecodeTrustStore(data, password)
	if err == nil {
		return len(trusted), nil
	}
	_, _, chain, err := pkcs12.DecodeChain(data, password)
	return 1 + len(chain), err
}
