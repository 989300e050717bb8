// Command corpus writes reproducible PEM certificates for the benchmark, one per
// file in 256 subfolders, or all in one bundle: the same seed and count give the
// same bytes.
//
//	corpus -out DIR [-n 100000] [-seed 1] [-bundle]
//
// Keys come from a small pool: 60 % RSA-2048, 10 % RSA-4096, 25 % P-256 and
// 5 % Ed25519. No private key is written; all of them follow from the seed and
// protect nothing.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

func main() {
	out := flag.String("out", "", "folder to write; it must not exist")
	count := flag.Int("n", 100_000, "number of certificates")
	seed := flag.Uint64("seed", 1, "seed of every choice")
	bundle := flag.Bool("bundle", false, "write all certificates to DIR/bundle.pem")
	flag.Parse()
	if *out == "" || *count < 1 || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *count, *seed, *bundle); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run(out string, count int, seed uint64, bundle bool) error {
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	keys, err := newPool(seed)
	if err != nil {
		return err
	}
	iss, err := newIssuer(seed)
	if err != nil {
		return err
	}
	if bundle {
		return writeBundle(filepath.Join(out, "bundle.pem"), count, seed, iss, keys)
	}
	for shard := range shards {
		if err := os.Mkdir(filepath.Join(out, shardName(shard)), 0o755); err != nil {
			return err
		}
	}
	return inParallel(count, func(i int) error {
		der, err := iss.leaf(seed, i, keys)
		if err != nil {
			return fmt.Errorf("certificate %d: %w", i, err)
		}
		name := filepath.Join(out, shardName(i%shards), fmt.Sprintf("%06d.pem", i))
		return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	})
}

// writeBundle makes the certificates in parallel, some at a time, and writes them
// in order.
func writeBundle(name string, count int, seed uint64, iss *issuer, keys [][]crypto.PublicKey) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	const atOnce = 4096
	blocks := make([][]byte, atOnce)
	for first := 0; first < count; first += atOnce {
		n := min(atOnce, count-first)
		err := inParallel(n, func(i int) error {
			der, err := iss.leaf(seed, first+i, keys)
			blocks[i] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
			return err
		})
		if err != nil {
			return errors.Join(err, f.Close())
		}
		for _, b := range blocks[:n] {
			if _, err := f.Write(b); err != nil {
				return errors.Join(err, f.Close())
			}
		}
	}
	return f.Close()
}

const shards = 256

func shardName(i int) string { return fmt.Sprintf("%02x", i) }

// inParallel calls do(0) to do(n-1) on every core and returns the first error
// of each worker.
func inParallel(n int, do func(int) error) error {
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += workers {
				errs[w] = do(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// stream is a random source that depends on nothing but its arguments.
func stream(seed uint64, label string, n int) *rand.ChaCha8 {
	b := binary.LittleEndian.AppendUint64(nil, seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(n))
	return rand.NewChaCha8(sha256.Sum256(append(b, label...)))
}

// A kind of key, its share of the certificates in percent, and how many
// distinct keys share that part.
type kind struct {
	name  string
	share int
	keys  int
	make  func(*rand.ChaCha8) (crypto.PublicKey, error)
}

func kinds() []kind {
	return []kind{
		{"rsa2048", 60, 16, func(r *rand.ChaCha8) (crypto.PublicKey, error) { return rsaKey(r, 2048), nil }},
		{"rsa4096", 10, 4, func(r *rand.ChaCha8) (crypto.PublicKey, error) { return rsaKey(r, 4096), nil }},
		{"p256", 25, 32, func(r *rand.ChaCha8) (crypto.PublicKey, error) {
			k, err := p256Key(r)
			if err != nil {
				return nil, err
			}
			return k.Public(), nil
		}},
		{"ed25519", 5, 8, func(r *rand.ChaCha8) (crypto.PublicKey, error) {
			seed := make([]byte, ed25519.SeedSize)
			r.Read(seed)
			return ed25519.NewKeyFromSeed(seed).Public(), nil
		}},
	}
}

// newPool makes the public keys of each kind. The generators of the standard
// library are not reproducible on purpose, hence the explicit steps below.
func newPool(seed uint64) ([][]crypto.PublicKey, error) {
	all := kinds()
	pool := make([][]crypto.PublicKey, len(all))
	type slot struct{ kind, key int }
	var slots []slot
	for i, k := range all {
		pool[i] = make([]crypto.PublicKey, k.keys)
		for j := range k.keys {
			slots = append(slots, slot{i, j})
		}
	}
	err := inParallel(len(slots), func(i int) (err error) {
		s := slots[i]
		pool[s.kind][s.key], err = all[s.kind].make(stream(seed, all[s.kind].name, s.key))
		return err
	})
	return pool, err
}

// rsaKey is the product of two random primes, both with their two highest
// bits set, so that it has exactly the given size.
func rsaKey(r *rand.ChaCha8, bits int) *rsa.PublicKey {
	prime := func() *big.Int {
		b := make([]byte, bits/16)
		for {
			r.Read(b)
			b[0] |= 0xc0
			b[len(b)-1] |= 1
			if p := new(big.Int).SetBytes(b); p.ProbablyPrime(1) {
				return p
			}
		}
	}
	return &rsa.PublicKey{N: new(big.Int).Mul(prime(), prime()), E: 65537}
}

func p256Key(r *rand.ChaCha8) (*ecdsa.PrivateKey, error) {
	b := make([]byte, 32)
	r.Read(b)
	b[0] &= 0x7f // below the order of the group
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), b)
}

// An issuer signs the leaves.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// epoch is when the validity periods are counted from.
func epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func newIssuer(seed uint64) (*issuer, error) {
	key, err := p256Key(stream(seed, "issuer", 0))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{Country: []string{"XX"}, Organization: []string{"Benchmark Trust"}, CommonName: "Benchmark Issuing CA"},
		NotBefore:    epoch().AddDate(-10, 0, 0), NotAfter: epoch().AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	// Without a random source ECDSA signs as RFC 6979 says: the same each time.
	der, err := x509.CreateCertificate(nil, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &issuer{cert, key}, err
}

// leaf is certificate number i. It follows from seed and i alone, so that
// workers may take them in any order.
func (s *issuer) leaf(seed uint64, i int, keys [][]crypto.PublicKey) ([]byte, error) {
	src := stream(seed, "leaf", i)
	r := rand.New(src)
	serial := make([]byte, 16)
	src.Read(serial)
	serial[0] = serial[0]&0x3f | 0x40 // positive, and 16 octets long
	host := fmt.Sprintf("host-%06d.example.test", i)
	names := []string{host}
	for n := range r.IntN(4) {
		names = append(names, fmt.Sprintf("alt%d-%06d.example.test", n, i))
	}
	from := epoch().Add(time.Duration(r.IntN(300*86400)) * time.Second)
	return x509.CreateCertificate(nil, &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject: pkix.Name{Country: []string{"XX"}, Locality: []string{"Münster"},
			Organization: []string{fmt.Sprintf("Tenant %03d Ltd", r.IntN(500))}, CommonName: host},
		NotBefore: from, NotAfter: from.AddDate(0, 0, 60+r.IntN(338)).Add(-time.Second),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		DNSNames:              names,
		OCSPServer:            []string{"http://ocsp.example.test"},
		IssuingCertificateURL: []string{"http://pki.example.test/issuing.cer"},
		CRLDistributionPoints: []string{"http://pki.example.test/issuing.crl"},
	}, s.cert, pick(r, keys), s.key)
}

// pick draws a kind by its share, and one of its keys.
func pick(r *rand.Rand, keys [][]crypto.PublicKey) crypto.PublicKey {
	all := kinds()
	n, i := r.IntN(100), 0
	for n >= all[i].share {
		n -= all[i].share
		i++
	}
	return keys[i][r.IntN(len(keys[i]))]
}
