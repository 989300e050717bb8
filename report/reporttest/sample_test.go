package reporttest

import (
	"testing"

	"certaudit/report"
)

// TestReconcile checks that the made-up audits obey the model's invariants, so
// that tests of formats stand on something.
func TestReconcile(t *testing.T) {
	for name, a := range map[string]*report.Audit{"sample": Sample(), "empty": Empty(), "large": Large(100), "two vantages": TwoVantages()} {
		s := a.Scope
		if got := s.FilesRead + s.FilesWithoutCertificates + s.FilesNotAssessed + s.FilesExcluded + s.OwnOutput; got != s.Files {
			t.Errorf("%s: files add up to %d of %d", name, got, s.Files)
		}
		if got := s.EndpointsAssessed + s.EndpointsNotAssessed; got != s.EndpointsAsked {
			t.Errorf("%s: endpoints add up to %d of %d", name, got, s.EndpointsAsked)
		}
		if len(s.Vantages) > 0 {
			asked := 0
			for _, v := range s.Vantages {
				asked += v.EndpointsAssessed + v.EndpointsNotAssessed
			}
			if asked != s.EndpointsAsked {
				t.Errorf("%s: the vantages asked %d endpoints of %d", name, asked, s.EndpointsAsked)
			}
		}
		if got := a.Totals.BySeverity.Total(); got != a.Totals.ByResult.Fail {
			t.Errorf("%s: severities add up to %d of %d failures", name, got, a.Totals.ByResult.Fail)
		}
		for _, r := range a.Rules {
			if got := r.Pass + r.Fail + r.Waived + r.NotAssessed + r.Error; got != r.Population || r.Pass < 0 {
				t.Errorf("%s: rule %s: results add up to %d of %d, pass %d", name, r.ID, got, r.Population, r.Pass)
			}
		}
		findings, last := 0, ""
		for f, err := range a.Findings() {
			if err != nil {
				t.Fatal(err)
			}
			if report.SeverityRank(f.Severity) < report.SeverityRank(last) && last != "" {
				t.Errorf("%s: %s comes after %s", name, f.Severity, last)
			}
			findings, last = findings+1, f.Severity
		}
		if want := a.Totals.ByResult.Fail + a.Totals.ByResult.Waived; findings != want {
			t.Errorf("%s: %d findings, totals say %d", name, findings, want)
		}
		certificates := 0
		for range a.Inventory() {
			certificates++
		}
		if certificates != s.DistinctCertificates {
			t.Errorf("%s: %d inventory rows, scope says %d", name, certificates, s.DistinctCertificates)
		}
		var objects []*report.ObjectRow
		for o, err := range a.Objects() {
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, o)
		}
		if got := objectsOf(objects); got != s.Objects {
			t.Errorf("%s: the rows are %+v, scope says %+v", name, got, s.Objects)
		}
		reasons, rows := 0, 0
		for _, r := range a.Reasons {
			reasons += r.Count
		}
		for range a.NotAssessed() {
			rows++
		}
		if rows != reasons {
			t.Errorf("%s: %d rows not assessed, reasons add up to %d", name, rows, reasons)
		}
	}
}

// TestEveryStatus checks that the sample shows what a format must render.
func TestEveryStatus(t *testing.T) {
	seen := map[string]bool{}
	a := Sample()
	for _, c := range a.Controls {
		seen[c.Status] = true
	}
	for _, status := range []string{report.ExceptionNoted, report.ExceptionAccepted, report.NoException, report.PartlyAssessed, report.NotTested, report.NoPopulation} {
		if !seen[status] {
			t.Errorf("no control of the sample is %q", status)
		}
	}
	for _, severity := range report.SeverityWords() {
		if a.Totals.BySeverity.Of(severity) == 0 {
			t.Errorf("the sample has no failure of severity %s", severity)
		}
	}
	if a.Totals.ByResult.Waived == 0 || a.Totals.ByResult.NotAssessed == 0 {
		t.Error("the sample has nothing waived or nothing not assessed")
	}
}
