package revoke

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"certaudit/scan"
)

// point is an issuing distribution point, from its fields.
func point(t testing.TB, fields ...asn1.RawValue) pkix.Extension {
	t.Helper()
	value, err := asn1.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: value}
}

func flag(tag int) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte{0xff}}
}

// pointName is the name of a distribution point: one URI.
func pointName(t testing.TB, uri string) asn1.RawValue {
	t.Helper()
	name, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)})
	if err != nil {
		t.Fatal(err)
	}
	full, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: name})
	if err != nil {
		t.Fatal(err)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: full}
}

func TestReadCRL(t *testing.T) {
	ca, other, twin := newCA(t, "CA", nil), newCA(t, "Other CA", nil), newCA(t, "CA", nil)
	noSign := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, ca.key, nil)
	free := issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true}, ca.key, nil)
	leaf := newLeaf(t, "a.test", ca, func(c *x509.Certificate) {
		c.CRLDistributionPoints = []string{"http://ca.test/1.crl", "http://ca.test/2.crl"}
	})
	plain, sub := newLeaf(t, "b.test", ca), newCA(t, "Sub", ca)
	one := []*big.Int{leaf.SerialNumber}
	with := func(e ...pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ExtraExtensions = e }
	}
	reason := func(n int) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].ReasonCode = n }
	}
	listed := revokeList(t, ca, one)
	for _, tt := range []struct {
		name           string
		list           []byte
		leaf, issuer   *party
		status, reason string
		err            string
	}{
		{"empty", revokeList(t, ca, nil), leaf, ca, "good", "", ""},
		{"others", revokeList(t, ca, []*big.Int{plain.SerialNumber}), leaf, ca, "good", "", ""},
		{"listed", listed, leaf, ca, "revoked", "keyCompromise", ""},
		{"listed without a reason", revokeList(t, ca, one, reason(0)), leaf, ca, "revoked", "unspecified", ""},
		{"on hold", revokeList(t, ca, one, reason(6)), leaf, ca, "revoked", "certificateHold", ""},
		{"a reason that is none", revokeList(t, ca, one, reason(7)), leaf, ca, "revoked", "unassigned", ""},
		{"taken back, which only a delta can", revokeList(t, ca, one, reason(8)), leaf, ca, "", "", codeDelta},
		{"old", revokeList(t, ca, nil, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = now.AddDate(-1, 0, 0), now.AddDate(0, -6, 0)
		}), leaf, ca, "good", "", ""},
		{"of another issuer", revokeList(t, other, one), leaf, ca, "", "", codeWrongIssuer},
		{"signed by one of the same name", revokeList(t, twin, nil), leaf, ca, "", "", codeBadSignature},
		{"damaged signature", flip(listed, len(listed)-1), leaf, ca, "", "", codeBadSignature},
		{"the issuer may not sign lists", revokeList(t, ca, nil), leaf, noSign, "", "", codeNotAuthorised},
		{"the issuer has no key usage", revokeList(t, ca, nil), leaf, free, "good", "", ""},
		{"a delta", revokeList(t, ca, nil, with(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}})), leaf, ca, "", "", codeDelta},
		{"indirect", revokeList(t, ca, nil, with(point(t, flag(4)))), leaf, ca, "", "", codeIndirect},
		{"for users, of a user", revokeList(t, ca, one, with(point(t, flag(1)))), leaf, ca, "revoked", "keyCompromise", ""},
		{"for users, of a CA", revokeList(t, ca, nil, with(point(t, flag(1)))), sub, ca, "", "", codeOutOfScope},
		{"for CAs, of a CA", revokeList(t, ca, nil, with(point(t, flag(2)))), sub, ca, "good", "", ""},
		{"for CAs, of a user", revokeList(t, ca, nil, with(point(t, flag(2)))), leaf, ca, "", "", codeOutOfScope},
		{"for attribute certificates", revokeList(t, ca, nil, with(point(t, flag(5)))), leaf, ca, "", "", codeOutOfScope},
		{"some reasons, not listed", revokeList(t, ca, nil, with(point(t, asn1.RawValue{Class: 2, Tag: 3, Bytes: []byte{6, 0x40}}))), leaf, ca, "", "", codeReasons},
		{"some reasons, listed", revokeList(t, ca, one, with(point(t, asn1.RawValue{Class: 2, Tag: 3, Bytes: []byte{6, 0x40}}))), leaf, ca, "revoked", "keyCompromise", ""},
		{"its distribution point", revokeList(t, ca, nil, with(point(t, pointName(t, "http://ca.test/2.crl")))), leaf, ca, "good", "", ""},
		{"another distribution point", revokeList(t, ca, nil, with(point(t, pointName(t, "http://ca.test/3.crl")))), leaf, ca, "", "", codeOutOfScope},
		{"a distribution point, and the certificate has none", revokeList(t, ca, nil, with(point(t, pointName(t, "http://ca.test/2.crl")))), plain, ca, "", "", codeOutOfScope},
		{"damaged scope", revokeList(t, ca, nil, with(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 9}})), leaf, ca, "", "", codeMalformed},
		{"unknown extension", revokeList(t, ca, nil, with(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: asn1.NullBytes})), leaf, ca, "good", "", ""},
		{"unknown critical extension", revokeList(t, ca, nil, with(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: asn1.NullBytes})), leaf, ca, "", "", codeCritical},
		{"an entry of another issuer", revokeList(t, ca, one, func(l *x509.RevocationList) {
			l.RevokedCertificateEntries[0].ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}}
		}), leaf, ca, "", "", codeIndirect},
		{"cut", listed[:len(listed)-1], leaf, ca, "", "", codeMalformed},
		{"something behind it", append(bytes.Clone(listed), 0), leaf, ca, "", "", codeMalformed},
		{"nothing", nil, leaf, ca, "", "", codeMalformed},
		{"a certificate", ca.Raw, leaf, ca, "", "", codeMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ReadCRL(tt.list, tt.leaf.Raw, tt.issuer.Raw)
			want := scan.Yes
			if tt.err != "" {
				want = scan.No
			}
			if got.Verified != want || got.Error != tt.err || got.Status != tt.status || got.Reason != tt.reason {
				t.Errorf("verified %v, error %q, status %q, reason %q; want %v, %q, %q, %q", got.Verified, got.Error, got.Status, got.Reason, want, tt.err, tt.status, tt.reason)
			}
			if got.Method != "crl" || (got.Status == "revoked") != got.RevokedAt.Equal(now.Add(-2*time.Hour)) || got.Status != "" && (got.ThisUpdate.IsZero() || got.NextUpdate.IsZero()) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestEveryBitOfAList: no damage of one bit leaves an answer that counts and
// says something else.
func TestEveryBitOfAList(t *testing.T) {
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "a.test", ca)
	list := revokeList(t, ca, []*big.Int{leaf.SerialNumber})
	want := ReadCRL(list, leaf.Raw, ca.Raw)
	for i := range list {
		for bit := range 8 {
			b := bytes.Clone(list)
			b[i] ^= 1 << bit
			if got := ReadCRL(b, leaf.Raw, ca.Raw); got.Verified == scan.Yes && (got.Status != want.Status || !got.RevokedAt.Equal(want.RevokedAt)) {
				t.Fatalf("byte %d, bit %d: %+v", i, bit, got)
			}
		}
	}
}

// TestSerials: serial numbers are compared as numbers.
func TestSerials(t *testing.T) {
	for _, c := range []struct {
		in, want string
	}{{"\x00\x01", "\x01"}, {"\x00\x80", "\x00\x80"}, {"\x00\x00\x80", "\x00\x80"}, {"\x00", "\x00"}, {"", ""}, {"\xff", "\xff"}} {
		if got := serialKey([]byte(c.in)); got != c.want {
			t.Errorf("%x: %x, want %x", c.in, got, c.want)
		}
	}
	if n := integer([]byte{0xff, 0x7f}); n.Int64() != -129 {
		t.Error(n)
	}
}

// TestLargeList goes over a list of a million entries: what it costs beside
// the list's own bytes is next to nothing.
func TestLargeList(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: a large list in short mode")
	}
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "a.test", ca)
	list := hugeList(t, ca, 1_000_000, leaf.SerialNumber)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	got := ReadCRL(list, leaf.Raw, ca.Raw)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	grown := after.TotalAlloc - before.TotalAlloc
	t.Logf("%d bytes, looked through in %v, %d bytes allocated", len(list), took, grown)
	if got.Verified != scan.Yes || got.Status != "revoked" {
		t.Errorf("%+v", got)
	}
	if grown > 1<<20 {
		t.Errorf("%d bytes allocated for a list of %d", grown, len(list))
	}
}

// hugeList signs a list whose entries are made by hand: the last revokes serial.
func hugeList(t testing.TB, ca *party, n int, serial *big.Int) []byte {
	t.Helper()
	small, err := x509.ParseRevocationList(revokeList(t, ca, []*big.Int{serial}))
	if err != nil {
		t.Fatal(err)
	}
	var entries bytes.Buffer
	for i := range n {
		entries.Write([]byte{0x30, 0x21, 2, 0x10, 0x40, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x17, 0x0d})
		entries.WriteString("261101000000Z")
	}
	last := small.RevokedCertificateEntries[0].Raw
	entries.Write(last)
	var tbs asn1.RawValue
	if _, err := asn1.Unmarshal(small.RawTBSRevocationList, &tbs); err != nil {
		t.Fatal(err)
	}
	old, err := asn1.Marshal(asn1.RawValue{Tag: 16, IsCompound: true, Bytes: last})
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := asn1.Marshal(asn1.RawValue{Tag: 16, IsCompound: true, Bytes: entries.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := asn1.Marshal(asn1.RawValue{Tag: 16, IsCompound: true, Bytes: bytes.Replace(tbs.Bytes, old, fresh, 1)})
	if err != nil {
		t.Fatal(err)
	}
	signature, err := ca.key.Sign(rand.Reader, hashOf(idHashes["2.16.840.1.101.3.4.2.1"], signed), idHashes["2.16.840.1.101.3.4.2.1"])
	if err != nil {
		t.Fatal(err)
	}
	outline := taker{small.Raw, true}
	outline = taker{outline.take(tagSequence).Content, true}
	outline.take(tagSequence)
	list, err := asn1.Marshal([]asn1.RawValue{{FullBytes: signed}, {FullBytes: outline.take(tagSequence).Full},
		{Tag: asn1.TagBitString, Bytes: append([]byte{0}, signature...)}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func FuzzReadCRL(f *testing.F) {
	ca := newCA(f, "CA", nil)
	leaf := newLeaf(f, "a.test", ca)
	f.Add(revokeList(f, ca, nil))
	f.Add(revokeList(f, ca, []*big.Int{leaf.SerialNumber}))
	f.Add(revokeList(f, ca, nil, func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{point(f, pointName(f, "http://ca.test/1.crl"), flag(1))}
	}))
	f.Fuzz(func(t *testing.T, list []byte) {
		got := ReadCRL(list, leaf.Raw, ca.Raw)
		if (got.Verified == scan.Yes) != (got.Error == "") || (got.Verified == scan.Yes) != (got.Status != "") {
			t.Fatalf("%+v", got)
		}
		l := parseList(list) // also what no key of ours signed is gone over
		l.look(map[string][]*wanted{"\x01": {{serial: "\x01"}}})
	})
}

// corpusFolder is a folder of lists with the answers of independent tools. It
// is not part of this repository; the test runs where CERTAUDIT_CORPUS names it
// or it stands beside the checkout.
func corpusFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("CERTAUDIT_CORPUS")
	if folder == "" {
		folder = "../../../shared/corpus"
	}
	if _, err := os.Stat(filepath.Join(folder, "crl")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: the corpus is not at %s", folder)
	}
	return folder
}

// TestCorpus: every list of the corpus that the standard library reads gives
// the same entries here.
func TestCorpus(t *testing.T) {
	lists, entries := 0, 0
	for _, sub := range []string{"crl", "pkits"} {
		filepath.WalkDir(filepath.Join(corpusFolder(t), sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if i := bytes.Index(text, []byte("-----BEGIN")); i > 0 {
				text = text[i:]
			}
			ders, err := splitLists(text)
			if err != nil {
				return nil
			}
			for _, der := range ders {
				std, err := x509.ParseRevocationList(der)
				if err != nil {
					continue
				}
				lists++
				entries += compareList(t, path, der, std)
			}
			return nil
		})
	}
	if lists < 20 {
		t.Errorf("%d lists only", lists)
	}
	t.Logf("%d lists with %d entries", lists, entries)
}

func compareList(t *testing.T, path string, der []byte, std *x509.RevocationList) (n int) {
	l := parseList(der)
	if l.facts == nil || !l.facts.ThisUpdate.Equal(std.ThisUpdate) || l.fault == codeMalformed && !strings.Contains(path, "relativename") {
		t.Errorf("%s: fault %q", path, l.fault)
		return 0
	}
	for _, e := range std.RevokedCertificateEntries {
		n++
		raw, _, _ := scan.NextTLV(e.Raw)
		serial, _, _ := scan.NextTLV(raw.Content)
		w := &wanted{serial: serialKey(serial.Content)}
		if !l.look(map[string][]*wanted{w.serial: {w}}) {
			t.Errorf("%s: damaged", path)
		}
		want := reasonName(e.ReasonCode)
		if w.said.Error != "" { // an entry for another issuer, or taken back
			continue
		}
		if w.said.Status != "revoked" || !w.said.RevokedAt.Equal(e.RevocationTime) || w.said.Reason != want {
			t.Errorf("%s: serial %x: %+v, want %s %v", path, e.SerialNumber, w.said, want, e.RevocationTime)
		}
	}
	return n
}
