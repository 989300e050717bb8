package revoke

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"certaudit/scan"
)

// evidence is a scan's file as it is when revocation is asked about: without
// its end.
func evidence(t testing.TB, parties ...*party) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	w, err := scan.NewWriter(&b, scan.RunRecord{Started: now})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parties {
		if err := w.Append(scan.Derive(p.Raw)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// ask runs and gives the records in words: whose, issuer, method, place, answer.
func ask(t testing.TB, ctx context.Context, in *bytes.Reader, opt Options, names map[string]string) (words []string, sum Summary) {
	t.Helper()
	opt.Now = nowFunc
	if opt.Timeout == 0 {
		opt.Timeout = patience
	}
	sum, err := Run(ctx, in, in.Size(), opt, func(rec scan.Record) error {
		r := rec.(*scan.Revocation)
		if !r.ObservedAt.Equal(now) || (r.Status == "") == (r.Verified == scan.Yes) {
			t.Errorf("%+v", r)
		}
		answer := r.Status
		if r.Error != "" {
			answer = r.Error
		}
		place := r.Source
		if i := strings.LastIndexByte(place, '/'); i >= 0 {
			place = place[i+1:]
		}
		words = append(words, fmt.Sprintf("%s<%s %s %s: %s", names[r.Certificate], names[r.Issuer], r.Method, place, answer))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return words, sum
}

func nowFunc() time.Time { return now }

func fingerprint(p *party) string {
	sum := sha256.Sum256(p.Raw)
	return hex.EncodeToString(sum[:])
}

// A service is an OCSP responder and a place for lists of one CA.
type service struct {
	base  string
	asked atomic.Int32
	lists map[string][]byte
	say   func(serial *big.Int) []byte
}

func newService(t testing.TB) *service {
	s := &service{lists: map[string][]byte{}}
	s.base = site(t, func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if list, ok := s.lists[r.URL.Path]; ok {
			w.Write(list)
			return
		}
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		body, _ := io.ReadAll(r.Body)
		q, err := ocsp.ParseRequest(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Write(s.say(q.SerialNumber))
	})
	return s
}

func TestRun(t *testing.T) {
	s := newService(t)
	root := newCA(t, "Root", nil)
	ca := newCA(t, "CA", root)
	urls := func(c *x509.Certificate) {
		c.OCSPServer = []string{s.base + "/ocsp"}
		c.CRLDistributionPoints = []string{s.base + "/ca.crl"}
	}
	good, bad := newLeaf(t, "good", ca, urls), newLeaf(t, "bad", ca, urls)
	orphan := newLeaf(t, "orphan", newCA(t, "Elsewhere", nil), urls)
	silent := newLeaf(t, "silent", ca)
	rooted := newLeaf(t, "rooted", root, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{s.base + "/none.crl", "ldap:///cn=x"} })
	s.lists["/ca.crl"] = revokeList(t, ca, []*big.Int{bad.SerialNumber})
	s.say = func(serial *big.Int) []byte {
		if serial.Cmp(bad.SerialNumber) == 0 {
			return respond(t, ca, ca, bad, func(r *ocsp.Response) { r.Status, r.RevokedAt = ocsp.Revoked, now.Add(-2*time.Hour) })
		}
		return respond(t, ca, ca, good)
	}
	names := map[string]string{}
	for name, p := range map[string]*party{"root": root, "ca": ca, "good": good, "bad": bad, "orphan": orphan, "silent": silent, "rooted": rooted} {
		names[fingerprint(p)] = name
	}
	in := evidence(t, good, root, orphan, bad, silent, rooted, ca) // issuers come later than what they issued
	all := Options{Fetch: true, Private: true}
	got, sum := ask(t, t.Context(), in, all, names)
	want := []string{
		"good<ca ocsp ocsp: good", "good<ca crl ca.crl: good",
		"orphan< ocsp ocsp: issuer_unknown", "orphan< crl ca.crl: issuer_unknown",
		"bad<ca ocsp ocsp: revoked", "bad<ca crl ca.crl: revoked",
		"rooted<root crl none.crl: http_status", "rooted<root crl cn=x: unsupported_scheme",
	}
	compare(t, "all", got, want)
	if sum != (Summary{Asked: 4, Unanswered: 2}) {
		t.Errorf("%+v", sum)
	}
	if n := s.asked.Load(); n != 4+1+1 { // two responses, each by GET and then POST, and two lists
		t.Errorf("%d requests", n)
	}

	// The same again gives the same, in the same order.
	again, _ := ask(t, t.Context(), in, all, names)
	compare(t, "again", again, want)

	// Nothing is asked unless it is to be.
	s.asked.Store(0)
	got, sum = ask(t, t.Context(), in, Options{}, names)
	if len(got) > 0 || sum != (Summary{}) {
		t.Errorf("unasked: %v, %+v", got, sum)
	}
	got, _ = ask(t, t.Context(), in, Options{Fetch: true, Offline: true, Private: true}, names)
	compare(t, "offline", got, []string{
		"good<ca ocsp ocsp: offline", "good<ca crl ca.crl: offline",
		"orphan< ocsp ocsp: issuer_unknown", "orphan< crl ca.crl: issuer_unknown",
		"bad<ca ocsp ocsp: offline", "bad<ca crl ca.crl: offline",
		"rooted<root crl none.crl: offline", "rooted<root crl cn=x: offline",
	})
	got, _ = ask(t, t.Context(), in, Options{Fetch: true}, names)
	for _, w := range got {
		if !strings.HasSuffix(w, "forbidden_address") && !strings.Contains(w, "orphan") && !strings.Contains(w, "cn=x") {
			t.Errorf("loopback unasked: %s", w)
		}
	}
	if n := s.asked.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}

	// An issuer that only the given roots have.
	without := evidence(t, rooted, good)
	got, _ = ask(t, t.Context(), without, Options{Fetch: true, Private: true, Roots: [][]byte{root.Raw}}, names)
	compare(t, "roots", got, []string{"rooted<root crl none.crl: http_status", "rooted<root crl cn=x: unsupported_scheme",
		"good< ocsp ocsp: issuer_unknown", "good< crl ca.crl: issuer_unknown"})
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s:\n%s\nwant\n%s", what, g, w)
	}
}

// TestFolder: lists of a folder answer without network, and only those of a
// certificate's issuer that cover it.
func TestFolder(t *testing.T) {
	ca, other := newCA(t, "CA", nil), newCA(t, "Other", nil)
	good, bad := newLeaf(t, "good", ca), newLeaf(t, "bad", ca)
	sub := newCA(t, "Sub", ca)
	names := map[string]string{fingerprint(ca): "ca", fingerprint(good): "good", fingerprint(bad): "bad", fingerprint(sub): "sub"}
	dir := t.TempDir()
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := revokeList(t, ca, []*big.Int{bad.SerialNumber})
	both := append(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: revokeList(t, other, nil)}), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: list})...)
	write("a.crl", list)
	write("below/two.pem", both)
	write("users.crl", revokeList(t, ca, nil, func(l *x509.RevocationList) { l.ExtraExtensions = append(l.ExtraExtensions, point(t, flag(1))) }))
	write(".keep", nil)
	lists, err := ReadLists(dir)
	if err != nil || lists.Len() != 4 || len(lists.SHA256()) != 64 {
		t.Fatalf("%d lists, %v", lists.Len(), err)
	}
	in := evidence(t, ca, good, bad, sub)
	got, sum := ask(t, t.Context(), in, Options{Lists: lists, Offline: true}, names)
	compare(t, "folder", got, []string{"good<ca crl a.crl: good", "good<ca crl two.pem: good", "good<ca crl users.crl: good",
		"bad<ca crl a.crl: revoked", "bad<ca crl two.pem: revoked", "bad<ca crl users.crl: good",
		"sub<ca crl a.crl: good", "sub<ca crl two.pem: good"})
	if sum != (Summary{Asked: 3}) {
		t.Errorf("%+v", sum)
	}
	write("a.crl", revokeList(t, ca, nil))
	if err := os.Remove(filepath.Join(dir, "users.crl")); err != nil {
		t.Fatal(err)
	}
	got, _ = ask(t, t.Context(), evidence(t, ca, good), Options{Lists: lists}, names)
	compare(t, "changed", got, []string{"good<ca crl a.crl: changed", "good<ca crl two.pem: good", "good<ca crl users.crl: read_failed"})

	for name, content := range map[string][]byte{"notes.txt": []byte("hello"), "x.pem": []byte("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"), "cert.der": ca.Raw} {
		write(name, content)
		if _, err := ReadLists(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		os.Remove(filepath.Join(dir, name))
	}
	if _, err := ReadLists(t.TempDir()); err == nil {
		t.Error("an empty folder")
	}
	if _, err := ReadLists(filepath.Join(dir, "none")); err == nil {
		t.Error("no folder")
	}
}

// TestInterrupted: what was not asked says so, or is not there.
func TestInterrupted(t *testing.T) {
	s := newService(t)
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "leaf", ca, func(c *x509.Certificate) {
		c.OCSPServer, c.CRLDistributionPoints = []string{s.base + "/ocsp"}, []string{s.base + "/a.crl"}
	})
	ctx, cancel := context.WithCancel(t.Context())
	s.say = func(*big.Int) []byte { cancel(); return nil }
	s.lists["/a.crl"] = revokeList(t, ca, nil)
	got, _ := ask(t, ctx, evidence(t, ca, leaf), Options{Fetch: true, Private: true}, map[string]string{})
	if len(got) != 2 || !strings.HasSuffix(got[0], "ocsp: interrupted") {
		t.Errorf("%q", got)
	}
}

// TestManyURLs: a certificate cannot make the scan ask without end.
func TestManyURLs(t *testing.T) {
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "leaf", ca, func(c *x509.Certificate) {
		for i := range maxSources + 5 {
			c.CRLDistributionPoints = append(c.CRLDistributionPoints, fmt.Sprintf("ldap:///%d", i))
		}
		c.CRLDistributionPoints[0] = "http://ca.test/" + strings.Repeat("long", 1000)
	})
	got, _ := ask(t, t.Context(), evidence(t, ca, leaf), Options{Fetch: true}, map[string]string{})
	if len(got) != maxSources+1 || !strings.HasSuffix(got[0], ": bad_url") || !strings.HasSuffix(got[maxSources], ": too_many_objects") || len(got[0]) > maxURL+100 {
		t.Errorf("%d: %q", len(got), got)
	}
}

// TestOneFetchForAList: many certificates that name one list cost one request.
func TestOneFetchForAList(t *testing.T) {
	s := newService(t)
	ca := newCA(t, "CA", nil)
	parties := []*party{ca}
	var revoked []*big.Int
	for i := range 50 {
		p := newLeaf(t, fmt.Sprint(i), ca, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{s.base + "/a.crl"} })
		if i%10 == 0 {
			revoked = append(revoked, p.SerialNumber)
		}
		parties = append(parties, p)
	}
	s.lists["/a.crl"] = pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: revokeList(t, ca, revoked)}) // some serve PEM
	got, sum := ask(t, t.Context(), evidence(t, parties...), Options{Fetch: true, Private: true}, map[string]string{})
	n := 0
	for _, w := range got {
		if strings.HasSuffix(w, ": revoked") {
			n++
		}
	}
	if s.asked.Load() != 1 || len(got) != 50 || n != 5 || sum != (Summary{Asked: 50}) {
		t.Errorf("%d requests, %d records, %d revoked, %+v", s.asked.Load(), len(got), n, sum)
	}
}

// TestPlanIsSmall: what is kept of a certificate that is asked about does not
// grow with its encoding.
func TestPlanIsSmall(t *testing.T) {
	const n = 2000
	ca, key := newCA(t, "CA", nil), newKey(t)
	parties := []*party{ca}
	for i := range n {
		tmpl := &x509.Certificate{SerialNumber: big.NewInt(int64(i) + 1<<60), CRLDistributionPoints: []string{"http://ca.test/a.crl"}, OCSPServer: []string{"http://ca.test/"}}
		for k := range 200 { // some 5 KB
			tmpl.DNSNames = append(tmpl.DNSNames, fmt.Sprintf("name-%d.example.test", k))
		}
		parties = append(parties, issue(t, tmpl, key, ca))
	}
	in := evidence(t, parties...)
	parties = nil
	r := &run{opt: Options{Fetch: true, Now: nowFunc}, in: io.NewSectionReader(in, 0, in.Size()), issuers: newIssuers(in),
		sources: map[source]int{}, lists: map[nameID][]int{}, failures: map[failure]*scan.Revocation{}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := r.findIssuers(); err != nil {
		t.Fatal(err)
	}
	if err := r.plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / n
	t.Logf("%d bytes of evidence, %d bytes kept of each of %d certificates", in.Size(), each, len(r.subjects))
	if len(r.subjects) != n || len(r.questions) != 2*n || each > 400 {
		t.Errorf("%d certificates, %d questions, %d bytes each", len(r.subjects), len(r.questions), each)
	}
	runtime.KeepAlive(r)
	runtime.KeepAlive(in)
}
