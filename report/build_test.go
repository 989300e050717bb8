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
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
	"certaudit/scan/certfile"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// An issuer makes certificates for tests; a nil issuer signs itself.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newCert(t testing.TB, by *authority, cn string, ca bool, from, to time.Time) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(from.Unix()%1e6 + int64(len(cn))), Subject: pkix.Name{CommonName: cn}, NotBefore: from, NotAfter: to,
		IsCA: ca, BasicConstraintsValid: true, DNSNames: []string{cn}}
	a := &authority{key: key}
	issuer, signer := template, key
	if by != nil {
		issuer, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func writePEM(t testing.TB, name string, certs ...*authority) {
	t.Helper()
	var b bytes.Buffer
	for _, c := range certs {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// scanDir writes the evidence of a folder and returns it open.
func scanDir(t testing.TB, dir string, extra ...scan.Record) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "evidence.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := scan.NewWriter(f, scan.RunRecord{Version: "test", Started: start, Targets: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return start.Add(time.Minute) }
	targets := []scan.Target{{Arg: dir, Path: dir}}
	if _, err := scan.Run(context.Background(), targets,
		map[scan.TargetKind]scan.Source{scan.PathTarget: certfile.New(certfile.Options{Targets: targets, Now: now})}, scan.Options{Now: now}, w); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(start.Add(time.Hour), true); err != nil {
		t.Fatal(err)
	}
	return f
}

func loadSet(t testing.TB, text string) *policies.Set {
	t.Helper()
	set, err := policies.Load([]string{"./test.yaml"}, policies.LoadOptions{Open: func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func build(t testing.TB, set *policies.Set, opt report.Options, files ...*os.File) *report.Audit {
	t.Helper()
	var inputs []report.Input
	for _, f := range files {
		inputs = append(inputs, report.Input{Name: filepath.Base(f.Name()), File: f})
	}
	a, err := report.Build(context.Background(), inputs, set, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

const expiredPolicy = `
id: test
title: Test
version: "1"
controls: {T/1: Validity}
rules:
  - {id: expired, check: expired, severity: high, controls: [T/1]}
  - {id: identity-expired, check: expired, severity: critical, when: {use: identity}}
`

// TestAsOfBoundary: a certificate that ends at instant T passes at T and fails
// one second later, and the exit status follows.
func TestAsOfBoundary(t *testing.T) {
	dir, end := t.TempDir(), start.AddDate(0, 0, 30)
	writePEM(t, filepath.Join(dir, "a.pem"), newCert(t, newCert(t, nil, "ca", true, start, end), "a.test", false, start, end))
	evidence := scanDir(t, dir)
	for _, c := range []struct {
		asOf  time.Time
		fails int
		exit  int
	}{{end, 0, 0}, {end.Add(time.Second), 2, 1}} {
		a := build(t, loadSet(t, expiredPolicy), report.Options{AsOf: c.asOf, FailOn: policies.High}, evidence)
		if a.Totals.ByResult.Fail != c.fails || a.Gate.ExitStatus != c.exit {
			t.Errorf("as of %s: %d failures, exit %d; want %d and %d", c.asOf, a.Totals.ByResult.Fail, a.Gate.ExitStatus, c.fails, c.exit)
		}
	}
}

// TestUses holds the uses over a whole estate against DESIGN's words.
func TestUses(t *testing.T) {
	dir, end := t.TempDir(), start.AddDate(1, 0, 0)
	root := newCert(t, nil, "root", true, start, end)
	mid := newCert(t, root, "intermediate", true, start, end)
	leaf := newCert(t, mid, "leaf.test", false, start, end)
	lone := newCert(t, nil, "lonely self-signed", false, start, end)
	other := newCert(t, nil, "other root", true, start, end)
	writePEM(t, filepath.Join(dir, "chain.pem"), leaf, mid)
	writePEM(t, filepath.Join(dir, "root-alone.pem"), root)
	writePEM(t, filepath.Join(dir, "self.pem"), lone)
	writePEM(t, filepath.Join(dir, "trust.pem"), other, newCert(t, nil, "third root", true, start, end))
	writePEM(t, filepath.Join(dir, "other-again.pem"), other)
	a := build(t, loadSet(t, expiredPolicy), report.Options{}, scanDir(t, dir))
	want := map[string]string{"leaf.test": "identity", "intermediate": "chain", "root": "chain", "lonely self-signed": "unknown",
		"other root": "anchor", "third root": "anchor"}
	for row, err := range a.Inventory() {
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(row.Uses, " "); got != want[row.Certificate.SubjectCN] {
			t.Errorf("%s: uses %q, want %q", row.Certificate.SubjectCN, got, want[row.Certificate.SubjectCN])
		}
	}
	if a.Estate.IdentityCertificates != 2 {
		t.Errorf("%d identity certificates, want leaf and unknown", a.Estate.IdentityCertificates)
	}
}

// TestCountsReconcile: the totals are the sum of the rules, and every rule gives
// every certificate exactly one result.
func TestCountsReconcile(t *testing.T) {
	dir := t.TempDir()
	ca := newCert(t, nil, "ca", true, start.AddDate(-2, 0, 0), start.AddDate(5, 0, 0))
	for i := range 12 {
		writePEM(t, filepath.Join(dir, fmt.Sprintf("%02d.pem", i)), newCert(t, ca, fmt.Sprintf("h%02d.test", i), false, start.AddDate(-1, 0, 0), start.AddDate(0, 0, i*10-60)))
	}
	os.WriteFile(filepath.Join(dir, "damaged.pem"), []byte("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"), 0o600)
	os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("nothing here"), 0o600)
	a := build(t, loadSet(t, expiredPolicy), report.Options{FailOn: policies.High}, scanDir(t, dir))
	var fails, population int
	for _, r := range a.Rules {
		if r.Population != r.Pass+r.Fail+r.Waived+r.NotAssessed+r.Error {
			t.Errorf("rule %s: population %d is not the sum of its results", r.ID, r.Population)
		}
		if r.Population+r.NotApplicable != a.Scope.DistinctCertificates {
			t.Errorf("rule %s decided %d of %d certificates", r.ID, r.Population+r.NotApplicable, a.Scope.DistinctCertificates)
		}
		fails += r.Fail
		population += r.Population
	}
	b := a.Totals.ByResult
	if fails != b.Fail || population != b.Pass+b.Fail+b.Waived+b.NotAssessed+b.Error {
		t.Errorf("totals %+v do not match the rules", b)
	}
	s := a.Scope
	if s.Files != 14 || s.FilesRead != 12 || s.FilesWithoutCertificates != 1 || s.FilesNotAssessed != 1 ||
		s.Files != s.FilesRead+s.FilesWithoutCertificates+s.FilesNotAssessed+s.FilesExcluded+s.OwnOutput {
		t.Errorf("files do not add up: %+v", s)
	}
	if s.OtherNotAssessed != 0 {
		t.Errorf("%d other things not assessed; the damaged file counts as a file already", s.OtherNotAssessed)
	}
	var last string
	n := 0
	for f, err := range a.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if rank := f.Severity + f.Rule; last != "" && f.Severity == "critical" && strings.HasPrefix(last, "high") {
			t.Errorf("%s after %s: not worst first", rank, last)
		} else {
			last = rank
		}
		n++
	}
	if n != b.Fail {
		t.Errorf("%d findings, %d failures", n, b.Fail)
	}
	sum := 0
	for _, bucket := range a.Expiry {
		sum += bucket.Count
	}
	if sum != a.Estate.IdentityCertificates {
		t.Errorf("the expiry outlook counts %d of %d identity certificates", sum, a.Estate.IdentityCertificates)
	}
	if a.Controls[0].Status != report.ExceptionNoted || a.Gate.ExitStatus != 1 {
		t.Errorf("control %q, exit %d", a.Controls[0].Status, a.Gate.ExitStatus)
	}
}

func TestIncompleteIsNeverAPass(t *testing.T) {
	dir := t.TempDir()
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	writePEM(t, filepath.Join(dir, "good.pem"), newCert(t, ca, "good.test", false, start, start.AddDate(1, 0, 0)))
	os.WriteFile(filepath.Join(dir, "store.jks"), []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"), 0o600)
	evidence := scanDir(t, dir)
	for _, c := range []struct {
		name   string
		opt    report.Options
		exit   int
		status string
	}{
		{"not allowed", report.Options{FailOn: policies.High}, 3, report.PartlyAssessed},
		{"another stage allowed", report.Options{FailOn: policies.High, AllowIncomplete: []scan.Stage{scan.StageRead}}, 3, report.PartlyAssessed},
		{"its stage allowed", report.Options{FailOn: policies.High, AllowIncomplete: []scan.Stage{scan.StageDecode}}, 0, report.PartlyAssessed},
		{"all allowed", report.Options{FailOn: policies.High, AllowAll: true}, 0, report.PartlyAssessed},
	} {
		a := build(t, loadSet(t, expiredPolicy), c.opt, evidence)
		if a.Gate.ExitStatus != c.exit || a.Controls[0].Status != c.status || a.Gate.Note == "" {
			t.Errorf("%s: exit %d, control %q, note %q; want %d and %q and a note", c.name, a.Gate.ExitStatus, a.Controls[0].Status, a.Gate.Note, c.exit, c.status)
		}
	}
}

// TestSeveralEvidenceFiles: the same certificate seen twice is one certificate
// with two placements.
func TestSeveralEvidenceFiles(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	shared := newCert(t, newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0)), "shared.test", false, start, start.AddDate(0, 0, -1))
	writePEM(t, filepath.Join(one, "a.pem"), shared)
	writePEM(t, filepath.Join(two, "b.pem"), shared)
	a := build(t, loadSet(t, expiredPolicy), report.Options{FailOn: policies.High}, scanDir(t, one), scanDir(t, two))
	if a.Scope.DistinctCertificates != 1 || a.Scope.Placements != 2 || a.Totals.ByResult.Fail != 2 {
		t.Errorf("%+v %+v", a.Scope, a.Totals)
	}
	for f, err := range a.Findings() {
		if err != nil || len(f.Locations) != 2 {
			t.Errorf("finding %s has %d locations, %v", f.ID, len(f.Locations), err)
		}
	}
}

// TestIdentifiers: an id does not depend on where the checkout stands; lineage
// survives renewal, the id does not.
func TestIdentifiers(t *testing.T) {
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	old := newCert(t, ca, "host.test", false, start.AddDate(-1, 0, 0), start.AddDate(0, 0, -2))
	renewed := newCert(t, ca, "host.test", false, start.AddDate(-1, 0, 1), start.AddDate(0, 0, -1))
	first := func(c *authority) *report.Finding {
		dir := t.TempDir()
		writePEM(t, filepath.Join(dir, "sub", "host.pem"), c)
		a := build(t, loadSet(t, expiredPolicy), report.Options{}, scanDir(t, dir))
		for f, err := range a.Findings() {
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		t.Fatal("no finding")
		return nil
	}
	here, there, after := first(old), first(old), first(renewed)
	if here.ID != there.ID || here.Lineage != there.Lineage {
		t.Error("the id depends on the folder")
	}
	if after.ID == here.ID || after.Lineage != here.Lineage {
		t.Error("renewal must change the id and keep the lineage")
	}
	if len(here.ID) < len("F1-")+32 {
		t.Errorf("id %s has fewer than 128 bits", here.ID)
	}
}

func TestJSON(t *testing.T) {
	dir := t.TempDir()
	writePEM(t, filepath.Join(dir, "a.pem"), newCert(t, nil, "<script>&", false, start, start.AddDate(0, 0, -1)))
	evidence := scanDir(t, dir)
	write := func() []byte {
		a := build(t, loadSet(t, expiredPolicy), report.Options{FailOn: policies.High}, evidence)
		var b bytes.Buffer
		if err := (report.JSON{}).Write(context.Background(), a, &b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	text := write()
	if !bytes.Equal(text, write()) {
		t.Error("two reports over one evidence differ")
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"schema", "run", "scope", "totals", "controls", "rules", "findings", "not_assessed", "exit_status"} {
		if doc[key] == nil {
			t.Errorf("report.json has no %s", key)
		}
	}
	if bytes.Contains(text, []byte("null")) {
		t.Error("report.json has a null where a list or a string belongs")
	}
}
