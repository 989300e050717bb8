package report_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"certaudit/report"
	"certaudit/scan"
)

const namePolicy = `
id: test
title: Test
version: "1"
rules:
  - {id: name, check: hostname-match, severity: high}
`

// answered is an endpoint whose certificate is for another name, and the
// placement before it.
func answered(a *authority, target, endpoint, address string) []scan.Record {
	sum := derived(a).SHA256
	return []scan.Record{derived(a),
		&scan.Observation{Target: target, Endpoint: endpoint, Address: address, Use: scan.UseIdentity, UseBasis: scan.UseByChainPosition, Container: "tls",
			Object: scan.ObjectCertificate, SHA256: sum, ObservedAt: start},
		&scan.Endpoint{Target: target, Endpoint: endpoint, Address: address, Port: 443, ServerName: "a.test", Chain: []string{sum}, HostnameMatch: scan.No, ObservedAt: start}}
}

func silent(target, endpoint, address string, stage scan.Stage) scan.Record {
	return &scan.NotAssessed{Target: target, Endpoint: endpoint, Address: address, Index: -1, Stage: stage, Reason: scan.ReasonTimeout, ObservedAt: start}
}

// TestSeveralAddresses: each address counts once and has findings of its own; a
// single one has the id that it has always had.
func TestSeveralAddresses(t *testing.T) {
	cert := newCert(t, nil, "other.test", false, start, start.AddDate(1, 0, 0))
	const one, first = "F1-9e56c8e0cc0492893e2b05a18ddd8179", "F1-09646f1cefcf8e87e2a7eb51a5f52fb0"
	a := func(address string) []scan.Record { return answered(cert, "a.test", "a.test:443", address) }
	lost := func(address string, stage scan.Stage) []scan.Record {
		return []scan.Record{silent("a.test", "a.test:443", address, stage)}
	}
	for _, c := range []struct {
		name              string
		records           [][]scan.Record
		assessed, missing int
		other             int
		ids               map[string]string // by address; "" for any
	}{
		{"one", [][]scan.Record{a("192.0.2.1")}, 1, 0, 0, map[string]string{"": one}},
		{"one with a failed probe", [][]scan.Record{a("192.0.2.1"), lost("", scan.StageProbe), lost("", scan.StageHandshake)}, 1, 0, 2, map[string]string{"": one}},
		{"one that has too much", [][]scan.Record{lost("", scan.StageLimit), a("192.0.2.1")}, 1, 0, 1, map[string]string{"": one}},
		{"two", [][]scan.Record{a("192.0.2.1"), a("192.0.2.2")}, 2, 0, 0, map[string]string{"192.0.2.1": first, "192.0.2.2": ""}},
		{"one of two", [][]scan.Record{a("192.0.2.1"), lost("192.0.2.2", scan.StageConnect)}, 1, 1, 0, map[string]string{"192.0.2.1": first}},
		{"the other of two", [][]scan.Record{lost("192.0.2.0", scan.StageConnect), a("192.0.2.1"), lost("192.0.2.1", scan.StageProbe)}, 1, 1, 1, map[string]string{"192.0.2.1": first}},
		{"none of two", [][]scan.Record{lost("192.0.2.0", scan.StageConnect), lost("192.0.2.1", scan.StageConnect)}, 0, 2, 0, nil},
		{"two protocols of one port", [][]scan.Record{{silent("smtp://a.test:443", "a.test:443", "", scan.StageConnect)}, lost("", scan.StageConnect)}, 0, 2, 0, nil},
		{"no name", [][]scan.Record{lost("", scan.StageResolve)}, 0, 1, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			audit := build(t, loadSet(t, namePolicy), report.Options{}, evidenceOf(t, scan.RunRecord{Vantage: "office"}, slices.Concat(c.records...)...))
			s := audit.Scope
			if s.EndpointsAssessed != c.assessed || s.EndpointsNotAssessed != c.missing || s.OtherNotAssessed != c.other || s.EndpointsAsked != c.assessed+c.missing {
				t.Errorf("%+v", s)
			}
			got := map[string]string{}
			for f, err := range audit.Findings() {
				if err != nil {
					t.Fatal(err)
				}
				address := f.Locations[0].Address
				got[address] = f.ID
				if f.Endpoint != "a.test:443" || strings.Contains(f.Asset(), "192.0.2.") != (address != "") ||
					strings.Contains(f.Reperform, "-connect 192.0.2.") != (address != "") || !strings.Contains(f.Reperform, "-servername a.test") {
					t.Errorf("%q %q %q", f.Endpoint, f.Asset(), f.Reperform)
				}
			}
			if len(got) != len(c.ids) || len(slices.Compact(slices.Sorted(maps.Values(got)))) != len(c.ids) {
				t.Errorf("ids %v", got)
			}
			for address, id := range c.ids {
				if got[address] == "" || id != "" && got[address] != id {
					t.Errorf("%q has the id %s, want %s", address, got[address], id)
				}
			}
			for n, err := range audit.NotAssessed() {
				if err != nil || n.Address != "" && n.Asset() != "a.test:443 ("+n.Address+")" {
					t.Errorf("%+v, %v", n, err)
				}
			}
		})
	}
}

// TestOtherChains: a chain that other clients are shown has its certificates in
// the evidence, or the evidence is refused.
func TestOtherChains(t *testing.T) {
	cert := newCert(t, nil, "other.test", false, start, start.AddDate(1, 0, 0))
	other := newCert(t, nil, "fallback.test", false, start, start.AddDate(1, 0, 0))
	records := answered(cert, "a.test", "a.test:443", "192.0.2.1")
	records[2].(*scan.Endpoint).OtherChains = []scan.OtherChain{{For: "no_sni", Chain: []string{derived(other).SHA256}}}
	file := evidenceOf(t, scan.RunRecord{}, records...)
	if _, err := report.Build(t.Context(), []report.Input{{Name: "e", File: file}}, loadSet(t, namePolicy), report.Options{}); err == nil || !strings.Contains(err.Error(), "no record before it") {
		t.Errorf("a chain of nothing: %v", err)
	}
	place := &scan.Observation{Target: "a.test", Endpoint: "a.test:443", Index: 1, Alias: "no_sni", Use: scan.UseIdentity, UseBasis: scan.UseByChainPosition,
		Container: "tls", Object: scan.ObjectCertificate, SHA256: derived(other).SHA256, ObservedAt: start}
	audit := build(t, loadSet(t, expiredPolicy), report.Options{AsOf: start.AddDate(2, 0, 0)},
		evidenceOf(t, scan.RunRecord{}, slices.Concat(records[:2], []scan.Record{derived(other), place}, records[2:])...))
	found := false
	for f, err := range audit.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		if f.Certificate == derived(other).SHA256 {
			found = true
			if place := f.Locations[0].String(); place != "a.test:443 chain 1 for no_sni" || strings.Contains(f.Reperform, "s_client") {
				t.Errorf("%q, %q", place, f.Reperform)
			}
		}
	}
	if !found {
		t.Error("no finding about the certificate of another chain")
	}
}
