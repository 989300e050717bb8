package revoke

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"certaudit/scan"
)

// A nameID stands for a distinguished name, by its text: some authorities
// encode one name in two ways.
type nameID [16]byte

func nameIDOf(name string) nameID {
	sum := sha256.Sum256([]byte(name))
	return nameID(sum[:16])
}

// none is no issuer.
const none = -1

// An authority is a certificate that may have issued others: one of the
// evidence, or a given root.
type authority struct {
	sum [32]byte
	key nameID // stands for its subject key identifier
	at  int64  // of its record in the evidence; none for a root
	der []byte // of a root
}

// issuers finds who issued a certificate. What it keeps of the evidence are
// names and offsets.
type issuers struct {
	in     io.ReaderAt
	list   []authority
	byName map[nameID][]int

	mu    sync.Mutex
	cache map[int][]byte // DER of a few
	buf   []byte
}

const (
	maxLooked = 64 // authorities of one name that are looked at
	maxCached = 64
)

func newIssuers(in io.ReaderAt) *issuers {
	return &issuers{in: in, byName: map[nameID][]int{}, cache: map[int][]byte{}}
}

// add takes a certificate that may issue others.
func (s *issuers) add(c *scan.Certificate, at int64) {
	if !c.Parsed || !c.IsCA && !c.SelfIssued {
		return
	}
	subject, _ := scan.KeyIdentifiers(c.DER)
	a := authority{sum: c.Sum(), key: nameIDOf(string(subject)), at: at}
	if at == none {
		a.der = c.DER
	}
	name := nameIDOf(c.Subject)
	s.byName[name] = append(s.byName[name], len(s.list))
	s.list = append(s.list, a)
}

// of gives the authority whose key verifies a certificate's signature, or none.
// Those with the key identifier that the certificate names come first.
func (s *issuers) of(c *scan.Certificate) (int, error) {
	_, claimed := scan.KeyIdentifiers(c.DER)
	key := nameIDOf(string(claimed))
	all := s.byName[nameIDOf(c.Issuer)]
	for _, fits := range []bool{true, false} {
		for _, n := range all[:min(len(all), maxLooked)] {
			if (s.list[n].key == key) != fits {
				continue
			}
			der, err := s.read(n)
			if err != nil {
				return none, err
			}
			if scan.Signed(c.DER, der) == scan.Yes {
				return n, nil
			}
		}
	}
	return none, nil
}

// read gives the DER of an authority.
func (s *issuers) read(n int) ([]byte, error) {
	if s.list[n].at == none {
		return s.list[n].der, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if der, ok := s.cache[n]; ok {
		return der, nil
	}
	der, err := s.certificate(s.list[n].at)
	if err != nil {
		return nil, err
	}
	if len(s.cache) == maxCached {
		clear(s.cache)
	}
	s.cache[n] = der
	return der, nil
}

var errMoved = errors.New("the evidence changed while it was read")

// certificate reads the DER of a record. The caller holds the lock.
func (s *issuers) certificate(at int64) ([]byte, error) {
	rec, buf, err := scan.ReadAt(s.in, at, true, s.buf)
	s.buf = buf
	if err != nil {
		return nil, err
	}
	c, ok := rec.(*scan.Certificate)
	if !ok {
		return nil, errMoved
	}
	return c.DER, nil
}

// certificateAt reads the DER of a record.
func (s *issuers) certificateAt(at int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.certificate(at)
}

func (s *issuers) sha256(n int) string {
	if n == none {
		return ""
	}
	return hex.EncodeToString(s.list[n].sum[:])
}
