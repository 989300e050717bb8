package report_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
)

// saidEvidence is evidence of some certificates, each placed once, with what
// was said of them.
func saidEvidence(t *testing.T, certs []*scan.Certificate, more ...scan.Record) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "evidence.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w, err := scan.NewWriter(f, scan.RunRecord{Version: "test", Started: start, Probes: []string{scan.ProbeRevocation}})
	if err != nil {
		t.Fatal(err)
	}
	var all []scan.Record
	for i, c := range certs {
		all = append(all, c, &scan.Observation{Path: "a.pem", Index: i, Use: scan.UseIdentity, UseBasis: scan.UseByKey, Container: "pem", Object: scan.ObjectCertificate, SHA256: c.SHA256, ObservedAt: start})
	}
	for _, r := range append(all, more...) {
		if err := w.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(start, true); err != nil {
		t.Fatal(err)
	}
	return f
}

const revokedPolicy = `
id: test
title: Test
version: "1"
rules:
  - {id: revoked, check: revoked, severity: critical}
`

// TestRevocations: answers of records and of staples are found for their
// certificate, several evidence files together.
func TestRevocations(t *testing.T) {
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	var certs []*scan.Certificate
	for _, name := range []string{"good", "bad", "stapled", "both", "silent"} {
		certs = append(certs, scan.Derive(newCert(t, ca, name, false, start, start.AddDate(1, 0, 0)).cert.Raw))
	}
	good, bad, stapled, both := certs[0].SHA256, certs[1].SHA256, certs[2].SHA256, certs[3].SHA256
	said := func(sum, status string) *scan.Revocation {
		r := &scan.Revocation{Certificate: sum, Method: "crl", Source: "http://ca.test/a", Status: status, Verified: scan.Yes, SHA256: strings.Repeat("aa", 32),
			ThisUpdate: start.Add(-time.Hour), NextUpdate: start.Add(time.Hour), ObservedAt: start}
		if status == "revoked" {
			r.RevokedAt, r.Reason = start.Add(-time.Minute), "superseded"
		}
		return r
	}
	staple := func(sum, status string) *scan.Endpoint {
		return &scan.Endpoint{Target: "a.test", Endpoint: "a.test:443", TLSVersion: "TLS 1.3", Chain: []string{sum}, OCSPStapled: scan.Yes, OCSPStatus: status, OCSPVerified: scan.Yes,
			OCSPThisUpdate: start.Add(-time.Hour), OCSPNextUpdate: start.Add(time.Hour), ObservedAt: start}
	}
	first := saidEvidence(t, certs, said(good, "good"), said(bad, "revoked"), said(both, "good"), staple(stapled, "good"))
	second := saidEvidence(t, certs, staple(both, "revoked"))
	a := build(t, loadSet(t, revokedPolicy), report.Options{AsOf: start, FailOn: policies.Critical}, first, second)
	want := map[string]string{"good": "good (crl http://ca.test/a)", "bad": "revoked " + report.FormatDate(start.Add(-time.Minute)) + ", superseded (crl http://ca.test/a)",
		"stapled": "good (ocsp stapled at a.test:443)", "both": "revoked (ocsp stapled at a.test:443)", "silent": ""}
	for row, err := range a.Inventory() {
		if err != nil {
			t.Fatal(err)
		}
		if got := row.Revocation; got != want[row.Certificate.SubjectCN] {
			t.Errorf("%s: %q, want %q", row.Certificate.SubjectCN, got, want[row.Certificate.SubjectCN])
		}
	}
	if r := a.Rules[0]; r.Pass != 2 || r.Fail != 2 || r.NotAssessed != 1 {
		t.Errorf("%+v", r)
	}
	for f, err := range a.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if f.Certificate == bad && !strings.HasPrefix(f.Reperform, "curl -s http://ca.test/a | openssl crl -noout -text") ||
			f.Certificate == both && f.Reperform != "openssl s_client -connect a.test:443 -servername a.test -status </dev/null" {
			t.Errorf("%s", f.Reperform)
		}
	}
}

// TestRevocationOfNothing: a record of a certificate that is not there is
// refused, with its line.
func TestRevocationOfNothing(t *testing.T) {
	f := saidEvidence(t, nil, &scan.Revocation{Certificate: strings.Repeat("ab", 32), Method: "ocsp", Source: "x", ObservedAt: start})
	_, err := report.Build(context.Background(), []report.Input{{Name: "e", File: f}}, loadSet(t, revokedPolicy), report.Options{})
	if err == nil || !strings.Contains(err.Error(), "line 2: revocation of certificate") {
		t.Error(err)
	}
}

// TestManyStaples: one certificate at thousands of endpoints does not hide
// that one of them was told of a revocation.
func TestManyStaples(t *testing.T) {
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	c := scan.Derive(newCert(t, ca, "wide", false, start, start.AddDate(1, 0, 0)).cert.Raw)
	var more []scan.Record
	for i := range 1000 {
		r := &scan.Revocation{Certificate: c.SHA256, Method: "ocsp", Source: "x", Status: "good", Verified: scan.Yes, ThisUpdate: start, NextUpdate: start, ObservedAt: start}
		if i == 999 {
			r.Status, r.RevokedAt = "revoked", start
		}
		more = append(more, r)
	}
	a := build(t, loadSet(t, revokedPolicy), report.Options{AsOf: start, FailOn: policies.Critical}, saidEvidence(t, []*scan.Certificate{c}, more...))
	if a.Rules[0].Fail != 1 {
		t.Errorf("%+v", a.Rules[0])
	}
	var text bytes.Buffer
	for f, err := range a.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(f.Observed)
	}
	if !strings.HasPrefix(text.String(), "revoked on ") {
		t.Error(&text)
	}
}

// TestManyStaleStaples: what endpoints staple does not hide what the issuer
// said when it was asked, at the end of the evidence.
func TestManyStaleStaples(t *testing.T) {
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	c := scan.Derive(newCert(t, ca, "wide", false, start, start.AddDate(1, 0, 0)).cert.Raw)
	var more []scan.Record
	for range 300 {
		more = append(more, &scan.Endpoint{Target: "a.test", Endpoint: "a.test:443", TLSVersion: "TLS 1.3", Chain: []string{c.SHA256}, OCSPStapled: scan.Yes, OCSPStatus: "revoked",
			OCSPVerified: scan.No, OCSPError: "bad_signature", ObservedAt: start})
		more = append(more, &scan.Endpoint{Target: "a.test", Endpoint: "a.test:443", TLSVersion: "TLS 1.3", Chain: []string{c.SHA256}, OCSPStapled: scan.Yes, OCSPStatus: "good",
			OCSPVerified: scan.Yes, OCSPThisUpdate: start.Add(-2 * time.Hour), OCSPNextUpdate: start.Add(-time.Hour), ObservedAt: start})
	}
	more = append(more, &scan.Revocation{Certificate: c.SHA256, Method: "ocsp", Source: "x", Status: "good", Verified: scan.Yes, ThisUpdate: start, NextUpdate: start, ObservedAt: start})
	a := build(t, loadSet(t, revokedPolicy), report.Options{AsOf: start}, saidEvidence(t, []*scan.Certificate{c}, more...))
	if r := a.Rules[0]; r.Pass != 1 || r.NotAssessed != 0 {
		t.Errorf("%+v", r)
	}
}

// TestUndatedAnswer: an answer that does not say until when it holds is not
// called good for good.
func TestUndatedAnswer(t *testing.T) {
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	c := scan.Derive(newCert(t, ca, "a", false, start, start.AddDate(1, 0, 0)).cert.Raw)
	said := &scan.Revocation{Certificate: c.SHA256, Method: "ocsp", Source: "x", Status: "good", Verified: scan.Yes, ThisUpdate: start, ObservedAt: start}
	a := build(t, loadSet(t, revokedPolicy), report.Options{AsOf: start.AddDate(0, 6, 0)}, saidEvidence(t, []*scan.Certificate{c}, said))
	if r := a.Rules[0]; r.NotAssessed != 1 {
		t.Errorf("%+v", r)
	}
	for row, err := range a.Inventory() {
		if want := "good on " + report.FormatDate(start) + " (ocsp x)"; err != nil || row.Revocation != want {
			t.Errorf("%q, want %q; %v", row.Revocation, want, err)
		}
	}
}
