package report

import (
	"iter"
	"slices"
	"sort"

	"certaudit/scan"
)

// An objectEntry is one object that is no certificate, in one place.
type objectEntry struct {
	key    keyID // its public key; zero where it has none, or none that is known
	at     int64 // offset of its record, in
	source uint16
	kind   objectKind
}

// An objectKind is an index into objectKinds.
type objectKind uint8

// objectKinds lists what a row of Objects can be. An object of a kind that this
// version does not know is passed over, as a record of such a kind is.
var objectKinds = []string{scan.ObjectPrivateKey, scan.ObjectPublicKey, scan.ObjectCSR, scan.ObjectCRL}

// addObject remembers where a key, a request or a revocation list is recorded,
// and counts it.
func (ix *index) addObject(o *scan.Observation, source int, at int64, counts *Objects) {
	kind := slices.Index(objectKinds, o.Object)
	if kind < 0 || o.Facts == nil {
		return
	}
	counts.count(o)
	e := objectEntry{at: at, source: uint16(source), kind: objectKind(kind)}
	if o.Object != scan.ObjectCRL {
		e.key, _ = keyIDOf(o.Facts.SPKISHA256)
	}
	ix.objects.add(e)
}

func (c *Objects) count(o *scan.Observation) {
	switch o.Object {
	case scan.ObjectPrivateKey:
		c.PrivateKeys++
		if o.Facts.Encrypted == scan.Yes {
			c.PrivateKeysEncrypted++
		}
	case scan.ObjectPublicKey:
		c.PublicKeys++
	case scan.ObjectCSR:
		c.Requests++
	case scan.ObjectCRL:
		c.RevocationLists++
	}
}

// privateKeys lists the private keys whose public half is known, by key and in
// evidence order.
func (ix *index) privateKeys() []uint32 {
	if ix.private == nil {
		ix.private = []uint32{}
		for n := range uint32(ix.objects.len()) {
			if e := ix.objects.at(n); objectKinds[e.kind] == scan.ObjectPrivateKey && e.key != (keyID{}) {
				ix.private = append(ix.private, n)
			}
		}
		sortByKey(ix.private, func(n uint32) keyID { return ix.objects.at(n).key })
	}
	return ix.private
}

// keyedCertificates lists the certificates in scope by key and in evidence
// order.
func (ix *index) keyedCertificates() []uint32 {
	if ix.byKey == nil {
		ix.byKey = []uint32{}
		for n := range uint32(ix.certs.len()) {
			if e := ix.certs.at(n); e.first != none && e.key != (keyID{}) {
				ix.byKey = append(ix.byKey, n)
			}
		}
		sortByKey(ix.byKey, func(n uint32) keyID { return ix.certs.at(n).key })
	}
	return ix.byKey
}

// sortByKey sorts entries by key, and those of one key by number.
func sortByKey(list []uint32, key func(uint32) keyID) {
	slices.SortFunc(list, func(a, b uint32) int {
		x, y := key(a), key(b)
		if c := slices.Compare(x[:], y[:]); c != 0 {
			return c
		}
		return int(a) - int(b)
	})
}

// withKey is the part of a list sorted by sortByKey that has a key. The zero
// key is nobody's.
func withKey(list []uint32, keyAt func(uint32) keyID, key keyID) []uint32 {
	if key == (keyID{}) {
		return nil
	}
	from := sort.Search(len(list), func(i int) bool { k := keyAt(list[i]); return slices.Compare(k[:], key[:]) >= 0 })
	rest := list[from:]
	to := sort.Search(len(rest), func(i int) bool { k := keyAt(rest[i]); return slices.Compare(k[:], key[:]) > 0 })
	return rest[:to]
}

func (ix *index) certificatesWith(key keyID) []uint32 {
	return withKey(ix.keyedCertificates(), func(n uint32) keyID { return ix.certs.at(n).key }, key)
}

func (ix *index) privateKeysWith(key keyID) []uint32 {
	return withKey(ix.privateKeys(), func(n uint32) keyID { return ix.objects.at(n).key }, key)
}

// object reads the record of an object again.
func (ix *index) object(e *objectEntry) (*scan.Observation, error) {
	o, err := ix.observationAt(e.source, e.at)
	if err == nil && (o.Facts == nil || o.Object != objectKinds[e.kind]) {
		err = ix.sources[e.source].wrap(errMoved)
	}
	return o, err
}

// Objects satisfies Rows.
func (r *diskRows) Objects(kinds ...string) iter.Seq2[*ObjectRow, error] {
	return func(yield func(*ObjectRow, error) bool) {
		for n := range uint32(r.ix.objects.len()) {
			e := r.ix.objects.at(n)
			if len(kinds) > 0 && !slices.Contains(kinds, objectKinds[e.kind]) {
				continue
			}
			row, err := r.objectRow(e)
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (r *diskRows) objectRow(e *objectEntry) (*ObjectRow, error) {
	o, err := r.ix.object(e)
	if err != nil {
		return nil, err
	}
	row := &ObjectRow{Observation: o, Vantage: r.ix.sources[e.source].run.Vantage, Certificates: []string{}}
	certs := r.ix.certificatesWith(e.key)
	row.CertificateCount = len(certs)
	for _, n := range certs[:min(len(certs), maxRelated)] {
		row.Certificates = append(row.Certificates, r.ix.certs.at(n).sha256())
	}
	return row, nil
}
