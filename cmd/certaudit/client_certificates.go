package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"software.sslmate.com/src/go-pkcs12"

	"certaudit/scan"
)

// clientFlags name the certificates to present to endpoints that ask for one.
type clientFlags struct {
	certs, keys []string               // [GLOB=]FILE
	configured  []clientCertificateFor // from the configuration
	loaded      []clientCertificate
}

// A clientCertificateFor is one line of the configuration's client_certificates.
type clientCertificateFor struct {
	Host string `yaml:"host"` // glob of host:port; empty for every endpoint
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"` // empty where the file of the certificate has it
}

// A clientCertificate is presented to the endpoints of its glob.
type clientCertificate struct {
	glob string
	host scan.HostGlob
	cert *tls.Certificate
}

func (f *clientFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.certs, "client-cert", nil, "[GLOB=]FILE: certificate to present to endpoints of that host:port, in PEM, with or without its key, or PKCS #12; repeatable, the first that fits counts")
	flags.StringArrayVar(&f.keys, "client-key", nil, "[GLOB=]FILE: key, in PEM, of the --client-cert with the same GLOB; repeatable")
}

// everyEndpoint is the glob of a file that none is written before.
const everyEndpoint = "*"

func cutGlob(s string) (glob, file string) {
	if glob, file, found := strings.Cut(s, "="); found {
		return glob, file
	}
	return everyEndpoint, s
}

// pairs joins certificates and keys: those of the flags, then those of the
// configuration.
func (f *clientFlags) pairs() ([]clientCertificateFor, error) {
	var all []clientCertificateFor
	for _, arg := range f.certs {
		glob, file := cutGlob(arg)
		all = append(all, clientCertificateFor{Host: glob, Cert: file})
	}
	for _, arg := range f.keys {
		glob, file := cutGlob(arg)
		i := 0
		for i < len(all) && (all[i].Host != glob || all[i].Key != "") {
			i++
		}
		if i == len(all) {
			return nil, fmt.Errorf("--client-key: there is no --client-cert for %q that it could belong to", glob)
		}
		all[i].Key = file
	}
	for i, c := range f.configured {
		if c.Cert == "" {
			return nil, fmt.Errorf("configuration: client_certificates, entry %d: no cert is named", i+1)
		}
		if c.Host == "" {
			c.Host = everyEndpoint
		}
		all = append(all, c)
	}
	return all, nil
}

// load reads the files, and gives what to present to an endpoint; nil where
// there is nothing.
func (f *clientFlags) load(passwords func(path string) [][]byte) (func(endpoint string) *tls.Certificate, error) {
	pairs, err := f.pairs()
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	for _, p := range pairs {
		host, err := scan.CompileHostGlob(p.Host)
		if err != nil {
			return nil, fmt.Errorf("client certificate %s: %w", p.Cert, err)
		}
		cert, err := loadClientCertificate(p, passwords)
		if err != nil {
			return nil, fmt.Errorf("client certificate %s: %w", p.Cert, err)
		}
		f.loaded = append(f.loaded, clientCertificate{p.Host, host, cert})
	}
	loaded := f.loaded
	return func(endpoint string) *tls.Certificate {
		for _, c := range loaded {
			if c.host.Match(endpoint) {
				return c.cert
			}
		}
		return nil
	}, nil
}

// maxClientFile bounds a client certificate's files, in bytes.
const maxClientFile = 1 << 20

// loadClientCertificate reads PEM or PKCS #12. No error has anything of the
// files in it.
func loadClientCertificate(p clientCertificateFor, passwords func(path string) [][]byte) (*tls.Certificate, error) {
	text, err := readBounded(p.Cert, maxClientFile)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		if p.Key != "" {
			return nil, errors.New("it is no PEM; a PKCS #12 file has its key inside, and takes no second file")
		}
		cert, err := openPKCS12(text, [][]byte{nil})
		if errors.Is(err, errNoPassword) {
			cert, err = openPKCS12(text, passwords(p.Cert))
		}
		return cert, err
	}
	key := text
	if p.Key != "" {
		if key, err = readBounded(p.Key, maxClientFile); err != nil {
			return nil, fmt.Errorf("its key: %w", err)
		}
	}
	if bytes.Contains(key, []byte("ENCRYPTED")) {
		return nil, errors.New("its key is encrypted; give a PKCS #12 file and its password")
	}
	cert, err := tls.X509KeyPair(text, key)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "tls: "))
	}
	return &cert, nil
}

var errNoPassword = errors.New("no password that was given opens it; see --password-file, --password-env and --password-command")

func openPKCS12(text []byte, passwords [][]byte) (*tls.Certificate, error) {
	for _, password := range passwords {
		key, leaf, chain, err := pkcs12.DecodeChain(text, string(password))
		if errors.Is(err, pkcs12.ErrIncorrectPassword) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("neither PEM nor PKCS #12: %w", err)
		}
		cert := &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
		for _, c := range chain {
			cert.Certificate = append(cert.Certificate, c.Raw)
		}
		return cert, nil
	}
	return nil, errNoPassword
}

// String lists globs with the SHA-256 of the certificates that are presented
// there.
func (f *clientFlags) String() string {
	var all []string
	for _, c := range f.loaded {
		sum := sha256.Sum256(c.cert.Certificate[0])
		all = append(all, c.glob+"="+hex.EncodeToString(sum[:]))
	}
	return strings.Join(all, " ")
}
