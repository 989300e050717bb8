package policies

import (
	"testing"
	"time"

	"certaudit/scan"
)

func TestExpired(t *testing.T) {
	tests := []struct {
		name, asOf string
		want       Result
		message    string
	}{
		{"a second before", "2026-12-31 23:59:58", Pass, ""},
		{"the last second", "2026-12-31 23:59:59", Pass, ""},
		{"one second later", "2027-01-01 00:00:00", Fail, "The certificate expired on 2026-12-31 23:59:59 UTC, 1 second before the as-of time."},
		{"a day less a second later", "2027-01-01 23:59:58", Fail, "The certificate expired on 2026-12-31 23:59:59 UTC, 23 hours before the as-of time."},
		{"a day later", "2027-01-01 23:59:59", Fail, "The certificate expired on 2026-12-31 23:59:59 UTC, 1 day before the as-of time."},
		{"long ago", "2037-01-01 00:00:00", Fail, "The certificate expired on 2026-12-31 23:59:59 UTC, 3653 days before the as-of time."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want(t, judge(t, "expired", "", certSubject(goodCert()), instant(tt.asOf)), tt.want, tt.message)
		})
	}
	late := instant("2026-12-31 23:59:59").Add(999 * time.Millisecond)
	if a := judge(t, "expired", "", certSubject(goodCert()), late); a.Result != Pass {
		t.Errorf("as-of counts in whole seconds: %s", a.Result)
	}
	a := judge(t, "expired", "", certSubject(goodCert()), instant("2027-01-01 00:00:00"))
	if a.Observed != "expired 2026-12-31 23:59:59 UTC" || a.Required != "valid at 2027-01-01 00:00:00 UTC" {
		t.Errorf("observed %q, required %q", a.Observed, a.Required)
	}
	want(t, judge(t, "expired", "", certSubject(&scan.Certificate{SHA256: "ab"}), late), NotAssessed, "The evidence does not have not_after.")
}
