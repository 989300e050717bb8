package report_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"iter"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/report"
	"certaudit/scan"
)

// records is a source of records made by hand.
type records []scan.Record

func (r records) Units(context.Context, scan.Target) iter.Seq[scan.Unit] {
	return func(yield func(scan.Unit) bool) {
		yield(scan.Unit{Target: ".", Observe: func(_ context.Context, emit func(scan.Record)) {
			for _, rec := range r {
				emit(rec)
			}
		}})
	}
}

// evidenceOf writes records as the evidence of one scan.
func evidenceOf(t testing.TB, run scan.RunRecord, list ...scan.Record) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "evidence.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	run.Version, run.Started = "test", start
	if run.Targets == nil {
		run.Targets = []string{"."}
	}
	w, err := scan.NewWriter(f, run)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scan.Run(t.Context(), []scan.Target{{Arg: ".", Path: "."}}, map[scan.TargetKind]scan.Source{scan.PathTarget: records(list)},
		scan.Options{Now: func() time.Time { return start }}, w); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(start.Add(time.Hour), true); err != nil {
		t.Fatal(err)
	}
	return f
}

// derived is the record of a certificate.
func derived(a *authority) *scan.Certificate { return scan.Derive(a.cert.Raw) }

func placed(a *authority, path string, use scan.Use, basis string) *scan.Observation {
	return &scan.Observation{Target: ".", Path: path, Use: use, UseBasis: basis, Container: "pem", Object: scan.ObjectCertificate,
		SHA256: derived(a).SHA256, ObservedAt: start}
}

func privateKey(a *authority, path string) *scan.Observation {
	return keyObservation(path, scan.Object{Format: "pkcs8", KeyAlgorithm: "ECDSA", KeyBits: 256, KeyCurve: "P-256", Encrypted: scan.No, Mode: "0600",
		SPKISHA256: derived(a).SPKISHA256})
}

func keyObservation(path string, facts scan.Object) *scan.Observation {
	return &scan.Observation{Target: ".", Path: path, Container: "pem", Object: scan.ObjectPrivateKey, Line: 1, Facts: &facts, ObservedAt: start}
}

// usesOf gives the use of each placement of the first finding's certificate,
// by path or endpoint.
func usesOf(t *testing.T, a *report.Audit, cn string) map[string]string {
	t.Helper()
	uses := map[string]string{}
	for f, err := range a.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if f.Subject != "CN="+cn || f.Rule != "test/expired" {
			continue
		}
		for _, l := range f.Locations {
			uses[l.Path+l.Endpoint] = l.Use
		}
	}
	return uses
}

// TestUseByKeyElsewhere: what the private key in scope settles, and what it
// leaves as the place says.
func TestUseByKeyElsewhere(t *testing.T) {
	from, to := start.AddDate(-2, 0, 0), start.AddDate(-1, 0, 0)
	root := newCert(t, nil, "root", true, from, to)
	ca := newCert(t, root, "ca", true, from, to)
	leaf := newCert(t, ca, "leaf", false, from, to)
	other := newCert(t, ca, "other", false, from, to)
	basis := []struct {
		name     string
		use      scan.Use
		basis    string
		without  string // the private key
		with     string
		endpoint bool
	}{
		{"default.pem", scan.UseChain, scan.UseByDefault, "chain", "identity", false},
		{"bundle.pem", scan.UseAnchor, scan.UseByBundle, "anchor", "identity", false},
		{"store.jks", scan.UseAnchor, scan.UseByStore, "anchor", "anchor", false},
		{"anchors/ca.pem", scan.UseAnchor, scan.UseByConfiguration, "anchor", "anchor", false},
		{"chain.pem", scan.UseChain, scan.UseByIssuing, "chain", "chain", false},
		{"keys.jks", scan.UseChain, scan.UseByChainPosition, "chain", "chain", false},
		{"own.p12", scan.UseIdentity, scan.UseByKey, "identity", "identity", false},
		{"host:443", scan.UseChain, scan.UseByChainPosition, "chain", "chain", true},
		{"forged:443", scan.UseChain, scan.UseByDefault, "chain", "chain", true}, // no scan writes it
	}
	near := derived(ca).SPKISHA256
	near = near[:31] + string("0123456789abcdef"[15-strings.IndexByte("0123456789abcdef", near[31])]) + near[32:]
	for _, c := range []struct {
		name string
		key  *scan.Observation
		with bool
	}{
		{"no key", nil, false},
		{"its key in another file", privateKey(ca, "elsewhere/ca.key"), true},
		{"the key of another", privateKey(other, "elsewhere/ca.key"), false},
		{"a key that differs in its 128th bit's digit", keyObservation("k", scan.Object{SPKISHA256: near}), false},
		{"a key of which nothing is known", keyObservation("k", scan.Object{Encrypted: scan.Yes}), false},
		{"a digest cut short", keyObservation("k", scan.Object{SPKISHA256: near[:30]}), false},
		{"no digest at all", keyObservation("k", scan.Object{SPKISHA256: strings.Repeat("zz", 32)}), false},
		{"a public key only", &scan.Observation{Path: "k.pub", Object: scan.ObjectPublicKey, Container: "pem", ObservedAt: start,
			Facts: &scan.Object{SPKISHA256: derived(ca).SPKISHA256}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := []scan.Record{derived(ca)}
			want := map[string]string{}
			for _, b := range basis {
				o := placed(ca, b.name, b.use, b.basis)
				if b.endpoint {
					o.Path, o.Endpoint = "", b.name
				}
				list = append(list, o)
				if want[b.name] = b.without; c.with {
					want[b.name] = b.with
				}
			}
			if c.key != nil {
				list = append(list, c.key)
			}
			// A certificate that it issued: the key comes before that.
			list = append(list, derived(leaf), placed(leaf, "leaf.pem", scan.UseIdentity, scan.UseByDefault))
			a := build(t, loadSet(t, expiredPolicy), report.Options{}, evidenceOf(t, scan.RunRecord{}, list...))
			if diff := cmp.Diff(want, usesOf(t, a, "ca")); diff != "" {
				t.Errorf("uses (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUseByKeyOfAnotherEvidence: the key may be in another evidence file, and
// before the certificate.
func TestUseByKeyOfAnotherEvidence(t *testing.T) {
	self := newCert(t, nil, "self", false, start.AddDate(-2, 0, 0), start.AddDate(-1, 0, 0))
	keys := evidenceOf(t, scan.RunRecord{Vantage: "vault"}, privateKey(self, "self.key"))
	certs := evidenceOf(t, scan.RunRecord{Vantage: "office"}, derived(self), placed(self, "self.pem", scan.UseUnknown, scan.UseByDefault))
	a := build(t, loadSet(t, expiredPolicy), report.Options{}, keys, certs)
	if got := usesOf(t, a, "self")["self.pem"]; got != "identity" {
		t.Errorf("use %q, want identity", got)
	}
	for row, err := range a.Inventory() {
		if err != nil || row.PrivateKeys != 1 || row.PrivateKeysAt[0].Path != "self.key" {
			t.Errorf("%+v, %v", row.Relations, err)
		}
	}
}

// again makes another certificate of a's key.
func again(t *testing.T, a, by *authority, cn string, ca bool, subjectID []byte) *authority {
	t.Helper()
	return certificateOf(t, a.key, by, cn, ca, subjectID)
}

// certificateOf makes a certificate whose subject key identifier the test
// chooses, and whose authority key identifier is that of by.
func certificateOf(t *testing.T, key *ecdsa.PrivateKey, by *authority, cn string, ca bool, subjectID []byte) *authority {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: cn}, NotBefore: start.AddDate(-2, 0, 0), NotAfter: start.AddDate(-1, 0, 0),
		IsCA: ca, BasicConstraintsValid: true, SubjectKeyId: subjectID}
	issuer, signer := template, key
	if by != nil {
		issuer, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestIssuers: the certificate in scope that issued another, by name and key
// identifier, by signature where several keys fit.
func TestIssuers(t *testing.T) {
	ca := certificateOf(t, newKey(t), nil, "ca", true, []byte("one"))
	renewed := again(t, ca, nil, "ca", true, []byte("one"))                 // same key
	rekeyed := certificateOf(t, newKey(t), nil, "ca", true, []byte("two"))  // same name
	impostor := certificateOf(t, newKey(t), nil, "ca", true, []byte("one")) // same name and identifier
	silent := certificateOf(t, newKey(t), nil, "silent", false, nil)        // a v3 root without extensions that say so
	crossed := again(t, ca, rekeyed, "ca", true, []byte("one"))             // self-issued, signed by another key
	leaf := certificateOf(t, newKey(t), ca, "leaf", false, nil)             //
	ofRekeyed := certificateOf(t, newKey(t), rekeyed, "leaf of the new key", false, nil)
	ofSilent := certificateOf(t, newKey(t), silent, "leaf of silent", false, nil)
	silentAgain := again(t, silent, nil, "silent", false, []byte("four"))
	silentCrossed := certificateOf(t, newKey(t), silent, "silent", false, nil) // names no key, and is not its own issuer
	notCA := certificateOf(t, newKey(t), ca, "not a ca", false, []byte("three"))
	ofNotCA := certificateOf(t, newKey(t), notCA, "leaf of no ca", false, nil)
	for _, c := range []struct {
		name   string
		scope  []*authority // in evidence order
		child  *authority
		issuer *authority // nil: none in scope
		proof  scan.Answer
	}{
		{"issuer in scope", []*authority{ca, leaf}, leaf, ca, scan.Yes},
		{"issuer after it", []*authority{leaf, ca}, leaf, ca, scan.Yes},
		{"no issuer in scope", []*authority{leaf, silent}, leaf, nil, scan.Unasked},
		{"same name, another key identifier", []*authority{rekeyed, leaf}, leaf, nil, scan.Unasked},
		{"old key of two", []*authority{rekeyed, ca, leaf, ofRekeyed}, leaf, ca, scan.Yes},
		{"new key of two", []*authority{ca, rekeyed, leaf, ofRekeyed}, ofRekeyed, rekeyed, scan.Yes},
		{"renewed with the same key: the first", []*authority{renewed, ca, leaf}, leaf, renewed, scan.Yes},
		{"impostor before it", []*authority{impostor, ca, leaf}, leaf, ca, scan.Yes},
		{"impostor behind it", []*authority{ca, impostor, leaf}, leaf, ca, scan.Yes},
		{"impostor alone: named, and not proven", []*authority{impostor, leaf}, leaf, impostor, scan.No},
		{"two impostors", []*authority{impostor, certificateOf(t, newKey(t), nil, "ca", true, []byte("one")), leaf}, leaf, nil, scan.Unasked},
		{"issuer without identifier", []*authority{silent, ofSilent}, ofSilent, silent, scan.Yes},
		{"one key with and without identifier: the first", []*authority{silentAgain, silent, ofSilent}, ofSilent, silentAgain, scan.Yes},
		{"self-issued, its issuer not in scope", []*authority{silentCrossed}, silentCrossed, nil, scan.Unasked},
		{"self-signed", []*authority{ca, renewed}, renewed, renewed, scan.Yes},
		{"self-issued, signed by another key", []*authority{crossed, rekeyed}, crossed, rekeyed, scan.Yes},
		{"a certificate that is no CA issues nothing", []*authority{notCA, ofNotCA}, ofNotCA, nil, scan.Unasked},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list []scan.Record
			for i, a := range c.scope {
				list = append(list, derived(a), placed(a, strconv.Itoa(i)+".pem", scan.UseIdentity, scan.UseByDefault))
			}
			want := ""
			if c.issuer != nil {
				want = derived(c.issuer).SHA256
			}
			a := build(t, loadSet(t, expiredPolicy), report.Options{}, evidenceOf(t, scan.RunRecord{}, list...))
			// report.json first: whether another format asked must not matter to it.
			if got := entriesOf(t, a)[derived(c.child).SHA256].Issuer; got != want {
				t.Errorf("report.json: issuer %q, want %q", got, want)
			}
			for row, err := range a.Inventory() {
				if err != nil {
					t.Fatal(err)
				}
				if err := row.CheckIssuer(); err != nil {
					t.Fatal(err)
				}
				if row.Certificate.SHA256 == derived(c.child).SHA256 && (row.Issuer != want || row.IssuerVerifies != c.proof) {
					t.Errorf("issuer %q, verifies %d; want %q and %d", row.Issuer, row.IssuerVerifies, want, c.proof)
				}
			}
			if got := entriesOf(t, a)[derived(c.child).SHA256].Issuer; got != want {
				t.Errorf("report.json after the inventory: issuer %q, want %q", got, want)
			}
		})
	}
}

// TestIssuerOutOfScope: a root of the scan's own is not in scope, although the
// evidence has its record.
func TestIssuerOutOfScope(t *testing.T) {
	root := newCert(t, nil, "root", true, start, start.AddDate(1, 0, 0))
	leaf := newCert(t, root, "leaf", false, start, start.AddDate(1, 0, 0))
	a := build(t, loadSet(t, expiredPolicy), report.Options{}, evidenceOf(t, scan.RunRecord{}, derived(root), derived(leaf), placed(leaf, "a.pem", scan.UseIdentity, scan.UseByDefault)))
	entries := entriesOf(t, a)
	if len(entries) != 1 || entries[derived(leaf).SHA256].Issuer != "" {
		t.Errorf("%+v", entries)
	}
}

// written is report.json.
func written(t testing.TB, a *report.Audit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (report.JSON{}).Write(t.Context(), a, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type document struct {
	Scope           report.Scope
	Certificates    []report.CertificateEntry
	Keys            []report.Key
	PublicKeys      []report.Key `json:"public_keys"`
	Requests        []report.Request
	RevocationLists []report.RevocationList `json:"revocation_lists"`
	NotAssessed     []report.NotAssessed    `json:"not_assessed"`
}

func documentOf(t testing.TB, a *report.Audit) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(written(t, a), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func entriesOf(t testing.TB, a *report.Audit) map[string]report.CertificateEntry {
	t.Helper()
	entries := map[string]report.CertificateEntry{}
	for _, e := range documentOf(t, a).Certificates {
		entries[e.SHA256] = e
	}
	return entries
}

// TestSharedKeys: every certificate of one key names the same first one, and
// the counts are of all, however many there are.
func TestSharedKeys(t *testing.T) {
	first := certificateOf(t, newKey(t), nil, "first", false, nil)
	alone := certificateOf(t, newKey(t), nil, "alone", false, nil)
	list := []scan.Record{derived(alone), placed(alone, "alone.pem", scan.UseUnknown, scan.UseByDefault)}
	const sharing = 30
	for i := range sharing {
		c := first
		if i > 0 {
			c = again(t, first, nil, fmt.Sprint("again ", i), false, nil)
		}
		list = append(list, derived(c), placed(c, strconv.Itoa(i), scan.UseUnknown, scan.UseByDefault), placed(c, "copy", scan.UseUnknown, scan.UseByDefault))
	}
	for i := range sharing {
		list = append(list, privateKey(first, fmt.Sprintf("keys/%02d.key", i)))
	}
	d := documentOf(t, build(t, loadSet(t, expiredPolicy), report.Options{}, evidenceOf(t, scan.RunRecord{}, list...)))
	for _, e := range d.Certificates {
		if e.SHA256 == derived(alone).SHA256 {
			if e.SharesKey != 0 || e.SameKeyAs != "" || e.PrivateKeys != 0 || len(e.PrivateKeysAt) != 0 {
				t.Errorf("the one with a key of its own: %+v", e.Relations)
			}
			continue
		}
		if e.SharesKey != sharing-1 || e.SameKeyAs != derived(first).SHA256 || e.PrivateKeys != sharing || len(e.PrivateKeysAt) != 20 || e.PrivateKeysAt[0].Path != "keys/00.key" {
			t.Errorf("%+v", e.Relations)
		}
	}
	if len(d.Keys) != sharing {
		t.Fatalf("%d keys", len(d.Keys))
	}
	for i, k := range d.Keys {
		if k.Path != fmt.Sprintf("keys/%02d.key", i) || k.CertificateCount != sharing || len(k.Certificates) != 20 || k.Certificates[0] != derived(first).SHA256 {
			t.Errorf("%+v", k)
		}
	}
}

// TestObjects holds rows, counts and report.json against records made by hand.
func TestObjects(t *testing.T) {
	leaf := newCert(t, nil, "leaf", false, start, start.AddDate(1, 0, 0))
	spki := derived(leaf).SPKISHA256
	none, some := 0, 3
	at := func(path, object string, facts scan.Object) *scan.Observation {
		return &scan.Observation{Target: ".", Path: path, Container: "pem", Object: object, Line: 7, Facts: &facts, ObservedAt: start}
	}
	list := []scan.Record{
		at("list.crl", scan.ObjectCRL, scan.Object{Issuer: "CN=<ca>", ThisUpdate: start, NextUpdate: start.AddDate(0, 0, 7), Revoked: &some, SignatureAlgorithm: "SHA256-RSA",
			SPKISHA256: spki}), // a list has no key
		at("a.csr", scan.ObjectCSR, scan.Object{Subject: "CN=leaf", KeyAlgorithm: "ECDSA", KeyBits: 256, KeyCurve: "P-256", SPKISHA256: spki, SignatureValid: scan.Yes}),
		derived(leaf), placed(leaf, "a.pem", scan.UseUnknown, scan.UseByDefault),
		at("a.key", scan.ObjectPrivateKey, scan.Object{Format: "sec1", KeyAlgorithm: "ECDSA", KeyBits: 256, KeyCurve: "P-256", SPKISHA256: spki, Encrypted: scan.No, Mode: "0644"}),
		at("locked.key", scan.ObjectPrivateKey, scan.Object{Format: "pkcs8", Encrypted: scan.Yes, Encryption: "AES-256-CBC", Mode: "0644"}),
		at("unseen.key", scan.ObjectPrivateKey, scan.Object{Format: "pkcs8"}),
		at("a.pub", scan.ObjectPublicKey, scan.Object{Format: "spki", SPKISHA256: spki}),
		at("empty.crl", scan.ObjectCRL, scan.Object{Issuer: "CN=other", Revoked: &none}),
		at("b.csr", scan.ObjectCSR, scan.Object{Subject: "CN=other", SignatureValid: scan.No}),
		at("c.csr", scan.ObjectCSR, scan.Object{Subject: "CN=third"}),
		at("new", "hologram", scan.Object{}), // a kind of a newer version
		&scan.NotAssessed{Target: ".", Path: "d.csr", Index: 2, Object: scan.ObjectCSR, Stage: scan.StageParse, Reason: scan.ReasonCorrupt, ObservedAt: start},
	}
	evidence := evidenceOf(t, scan.RunRecord{Vantage: "office"}, list...)
	a := build(t, loadSet(t, expiredPolicy), report.Options{}, evidence)
	want := report.Objects{PrivateKeys: 3, PrivateKeysEncrypted: 1, PublicKeys: 1, Requests: 3, RevocationLists: 2, PrivateKeysParsed: true}
	if a.Scope.Objects != want {
		t.Errorf("counts %+v, want %+v", a.Scope.Objects, want)
	}
	if a.Scope.Placements != 1 {
		t.Errorf("%d placements of certificates", a.Scope.Placements)
	}
	var rows, exposed []string
	for o, err := range a.Objects() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, o.Observation.Path)
		if o.Observation.Object == scan.ObjectCRL && o.CertificateCount+len(o.Certificates) > 0 {
			t.Errorf("%s has certificates of its key; a list has no key", o.Observation.Path)
		}
		if o.Exposed() {
			exposed = append(exposed, o.Observation.Path)
		}
	}
	if diff := cmp.Diff([]string{"list.crl", "a.csr", "a.key", "locked.key", "unseen.key", "a.pub", "empty.crl", "b.csr", "c.csr"}, rows); diff != "" {
		t.Errorf("rows are not in evidence order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a.key"}, exposed); diff != "" {
		t.Errorf("exposed (-want +got):\n%s", diff)
	}

	d := documentOf(t, a)
	yes, no := true, false
	place := func(path string) report.Place { return report.Place{Path: path, Line: 7, Container: "pem"} }
	sum, week := derived(leaf).SHA256, start.AddDate(0, 0, 7)
	common := []string{sum}
	if diff := cmp.Diff(document{
		Scope: d.Scope, Certificates: d.Certificates,
		Keys: []report.Key{
			{Target: ".", Place: place("a.key"), Format: "sec1", Algorithm: "ECDSA", Bits: 256, Curve: "P-256", SPKISHA256: spki, Encrypted: &no, Mode: "0644",
				Certificates: common, CertificateCount: 1, Vantage: "office", ObservedAt: start},
			{Target: ".", Place: place("locked.key"), Format: "pkcs8", Encrypted: &yes, Encryption: "AES-256-CBC", Mode: "0644", Certificates: []string{}, Vantage: "office", ObservedAt: start},
			{Target: ".", Place: place("unseen.key"), Format: "pkcs8", Certificates: []string{}, Vantage: "office", ObservedAt: start},
		},
		PublicKeys: []report.Key{{Target: ".", Place: place("a.pub"), Format: "spki", SPKISHA256: spki, Certificates: common, CertificateCount: 1, Vantage: "office", ObservedAt: start}},
		Requests: []report.Request{
			{Target: ".", Place: place("a.csr"), Subject: "CN=leaf", Algorithm: "ECDSA", Bits: 256, Curve: "P-256", SPKISHA256: spki, SignatureValid: &yes, Certificates: common, CertificateCount: 1, Vantage: "office", ObservedAt: start},
			{Target: ".", Place: place("b.csr"), Subject: "CN=other", SignatureValid: &no, Certificates: []string{}, Vantage: "office", ObservedAt: start},
			{Target: ".", Place: place("c.csr"), Subject: "CN=third", Certificates: []string{}, Vantage: "office", ObservedAt: start},
		},
		RevocationLists: []report.RevocationList{
			{Target: ".", Place: place("list.crl"), Issuer: "CN=<ca>", ThisUpdate: &start, NextUpdate: &week, Revoked: &some, SignatureAlgorithm: "SHA256-RSA", Vantage: "office", ObservedAt: start},
			{Target: ".", Place: place("empty.crl"), Issuer: "CN=other", Revoked: &none, Vantage: "office", ObservedAt: start},
		},
		NotAssessed: []report.NotAssessed{{Target: ".", Path: "d.csr", Index: 2, Object: "csr", Stage: "parse", Reason: "corrupt", ObservedAt: start}},
	}, d); diff != "" {
		t.Errorf("report.json (-want +got):\n%s", diff)
	}
	if e := d.Certificates[0]; e.PrivateKeys != 1 || e.PrivateKeysAt[0] != place("a.key") || e.Issuer != sum {
		t.Errorf("the certificate of the key: %+v", e)
	}
	if !bytes.Equal(written(t, a), written(t, build(t, loadSet(t, expiredPolicy), report.Options{}, evidence))) {
		t.Error("two reports over one evidence differ")
	}
}

// TestPrivateKeysNotParsed: one evidence file without private keys is enough
// for their counts to say nothing.
func TestPrivateKeysNotParsed(t *testing.T) {
	for _, c := range []struct {
		options []map[string]string // of each evidence file
		want    bool
	}{
		{[]map[string]string{nil}, true},
		{[]map[string]string{{"no-private-keys": "false"}}, true},
		{[]map[string]string{{"no-private-keys": "true"}}, false},
		{[]map[string]string{nil, {"no-private-keys": "true"}}, false},
		{[]map[string]string{{"no-private-keys": "true"}, nil}, false},
	} {
		var files []*os.File
		for i, o := range c.options {
			files = append(files, evidenceOf(t, scan.RunRecord{Options: o, Vantage: strconv.Itoa(i)}))
		}
		a := build(t, loadSet(t, expiredPolicy), report.Options{}, files...)
		if got := a.Scope.Objects.PrivateKeysParsed; got != c.want {
			t.Errorf("%v: private keys parsed %v, want %v", c.options, got, c.want)
		}
	}
}

// TestOthersMayRead goes by the mode alone.
func TestOthersMayRead(t *testing.T) {
	for mode, want := range map[string]scan.Answer{
		"0600": scan.No, "0400": scan.No, "0700": scan.No, "0711": scan.No, "0622": scan.No,
		"0640": scan.Yes, "0604": scan.Yes, "0644": scan.Yes, "0440": scan.Yes, "777": scan.Yes, "04644": scan.Yes,
		"": scan.Unasked, "rw-r--r--": scan.Unasked, "0689": scan.Unasked, "-644": scan.Unasked, "99999999999999999999": scan.Unasked,
	} {
		r := &report.ObjectRow{Observation: keyObservation("k", scan.Object{Mode: mode})}
		if got := r.OthersMayRead(); got != want {
			t.Errorf("mode %q: %d, want %d", mode, got, want)
		}
		for _, encrypted := range []scan.Answer{scan.Unasked, scan.No, scan.Yes} {
			r.Observation.Facts.Encrypted = encrypted
			if got := r.Exposed(); got != (want == scan.Yes && encrypted != scan.Yes) {
				t.Errorf("mode %q, encrypted %d: exposed %v", mode, encrypted, got)
			}
		}
	}
}

func TestPlaceInWords(t *testing.T) {
	for want, p := range map[string]report.Place{
		"a.key":            {Path: "a.key", Line: 1},
		"a.key line 9":     {Path: "a.key", Line: 9, Index: 1},
		"a.p12 #2":         {Path: "a.p12", Index: 2},
		"a.jks alias bank": {Path: "a.jks", Alias: "bank", Index: 2},
	} {
		if got := p.String(); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}
