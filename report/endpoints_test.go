package report_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"certaudit/report"
	"certaudit/scan"
)

func endpointOf(name, address, version string, refused []string, leaf *authority) *scan.Endpoint {
	e := &scan.Endpoint{Target: name, Endpoint: name, Address: address, Port: 443, TLSVersion: version, Versions: []string{version},
		VersionsRefused: refused, Attempts: 1, ObservedAt: start}
	if leaf != nil {
		e.Chain = []string{derived(leaf).SHA256}
	}
	return e
}

// TestEndpointRelations: the same certificate and key on several endpoints,
// where two evidence files disagree, and the counts of each.
func TestEndpointRelations(t *testing.T) {
	end := start.AddDate(1, 0, 0)
	one, two := newCert(t, nil, "one.test", false, start, end), newCert(t, nil, "two.test", false, start, end)
	old := []string{"TLS 1.1"}
	first := evidenceOf(t, scan.RunRecord{Vantage: "here"}, derived(one), derived(two),
		endpointOf("a.test:443", "192.0.2.1", "TLS 1.3", old, one), endpointOf("b.test:443", "192.0.2.2", "TLS 1.3", old, one),
		endpointOf("c.test:443", "192.0.2.3", "TLS 1.3", old, two), endpointOf("d.test:443", "192.0.2.4", "TLS 1.3", nil, nil))
	second := evidenceOf(t, scan.RunRecord{Vantage: "there"}, derived(one), derived(two),
		endpointOf("a.test:443", "192.0.2.1", "TLS 1.3", nil, one), // the same, asked for less
		endpointOf("b.test:443", "192.0.2.9", "TLS 1.3", old, two),
		endpointOf("c.test:443", "192.0.2.3", "TLS 1.2", old, two),
		&scan.NotAssessed{Target: "d.test:443", Endpoint: "d.test:443", Index: -1, Stage: scan.StageConnect, Reason: scan.ReasonTimeout, ObservedAt: start})
	a := build(t, loadSet(t, expiredPolicy), report.Options{}, first, second)
	there := func(certificate, version bool) []report.Difference {
		return []report.Difference{{Evidence: 2, Vantage: "there", Certificate: certificate, Version: version}}
	}
	here := func(certificate, version bool) []report.Difference {
		return []report.Difference{{Evidence: 1, Vantage: "here", Certificate: certificate, Version: version}}
	}
	want := []report.EndpointRelations{
		{SameCertificate: 1, SameKey: 1}, {SameCertificate: 1, SameKey: 1, Differs: there(true, false)},
		{SameCertificate: 1, SameKey: 1, Differs: there(false, true)}, {},
		{SameCertificate: 1, SameKey: 1}, {SameCertificate: 1, SameKey: 1, Differs: here(true, false)},
		{SameCertificate: 1, SameKey: 1, Differs: here(false, true)},
	}
	var got []report.EndpointRelations
	for row, err := range a.Endpoints() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row.EndpointRelations)
		if row.Leaf != nil {
			if name, err := row.Name(row.Leaf.SHA256); err != nil || name != row.Leaf.SubjectCN {
				t.Errorf("%s is called %q, %v", row.Leaf.SubjectCN, name, err)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("relations (-want +got):\n%s", diff)
	}
	var counts [][4]any
	for _, v := range a.Scope.Vantages {
		counts = append(counts, [4]any{v.Vantage, v.EndpointsAsked, v.EndpointsAssessed, v.EndpointsNotAssessed})
	}
	if diff := cmp.Diff([][4]any{{"here", 4, 4, 0}, {"there", 4, 3, 1}}, counts); diff != "" {
		t.Errorf("vantages (-want +got):\n%s", diff)
	}
	if s := a.Scope; s.EndpointsAsked != 8 || s.EndpointsAssessed != 7 || s.EndpointsNotAssessed != 1 {
		t.Errorf("scope %+v", s)
	}
}
