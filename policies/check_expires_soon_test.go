package policies

import (
	"testing"
	"time"
)

func TestExpiresSoon(t *testing.T) {
	const d = 24 * time.Hour
	end := instant("2026-12-31 23:59:59")
	tests := []struct {
		name, params string
		lifetime     time.Duration // of the certificate
		left         time.Duration // until its last second
		want         Result
		severity     Severity
	}{
		{"a second before the first band", "", 365 * d, 90*d + time.Second, Pass, 0},
		{"the band of 90 days begins", "", 365 * d, 90 * d, Fail, Low},
		{"a second before the band of 60", "", 365 * d, 60*d + time.Second, Fail, Low},
		{"the band of 60 days begins", "", 365 * d, 60 * d, Fail, Medium},
		{"a second before the band of 30", "", 365 * d, 30*d + time.Second, Fail, Medium},
		{"the band of 30 days begins", "", 365 * d, 30 * d, Fail, High},
		{"the last second", "", 365 * d, 0, Fail, High},
		{"expired", "", 365 * d, -time.Second, NotApplicable, 0},

		// 90 days: a third is 30 days, for every band.
		{"90 days, from birth", "", 90 * d, 90*d - time.Second, Pass, 0},
		{"90 days, a second before a third", "", 90 * d, 30*d + time.Second, Pass, 0},
		{"90 days, a third", "", 90 * d, 30 * d, Fail, High},

		// 47 days: a third is 15 days and 16 hours.
		{"47 days, a second before a third", "", 47 * d, 15*d + 16*time.Hour + time.Second, Pass, 0},
		{"47 days, a third", "", 47 * d, 15*d + 16*time.Hour, Fail, High},

		// A lifetime that three does not divide: 100,000,000 s / 3 is no whole number.
		{"no whole third, above it", "{bands: [{days: 3650, severity: low}]}", 100_000_000 * time.Second, 33_333_334 * time.Second, Pass, 0},
		{"no whole third, below it", "{bands: [{days: 3650, severity: low}]}", 100_000_000 * time.Second, 33_333_333 * time.Second, Fail, Low},

		// Below ten days the width is a half.
		{"6 days, a second before a half", "", 6 * d, 3*d + time.Second, Pass, 0},
		{"6 days, a half", "", 6 * d, 3 * d, Fail, High},
		{"a second short of ten days", "", 10*d - time.Second, 5*d - time.Second, Fail, High},
		{"ten days, a second before a third", "", 10 * d, 80*time.Hour + time.Second, Pass, 0},
		{"ten days, a third", "", 10 * d, 80 * time.Hour, Fail, High},

		// A given fraction holds for every lifetime.
		{"fraction of a quarter, before", "{lifetime_fraction: 1/4}", 90 * d, 22*d + 12*time.Hour + time.Second, Pass, 0},
		{"fraction of a quarter", "{lifetime_fraction: 1/4}", 90 * d, 22*d + 12*time.Hour, Fail, High},
		{"fraction of a quarter, 4 days, before", "{lifetime_fraction: 1/4}", 4 * d, d + time.Second, Pass, 0},
		{"fraction of a quarter, 4 days", "{lifetime_fraction: 1/4}", 4 * d, d, Fail, High},
		{"no limit by lifetime", "{lifetime_fraction: 1/1}", 47 * d, 46 * d, Fail, Medium},

		// The order of the bands does not matter; the worst that applies counts.
		{"worst band first", "{bands: [{days: 30, severity: critical}, {days: 60, severity: low}]}", 365 * d, 30 * d, Fail, Critical},
		{"worst band is the widest", "{bands: [{days: 10, severity: low}, {days: 60, severity: high}]}", 365 * d, 10 * d, Fail, High},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodCert()
			c.NotAfter = end
			c.NotBefore = end.Add(time.Second - tt.lifetime)
			a := judge(t, "expires-soon", tt.params, certSubject(c), end.Add(-tt.left))
			if a.Result != tt.want || a.Severity != tt.severity {
				t.Errorf("%s %s, want %s %s (%s)", a.Result, a.Severity, tt.want, tt.severity, a.Message)
			}
		})
	}
}

func TestExpiresSoonMessage(t *testing.T) {
	c := goodCert()
	a := judge(t, "expires-soon", "", certSubject(c), instant("2026-12-01 00:00:00"))
	want(t, a, Fail, "The certificate expires on 2026-12-31 23:59:59 UTC, 30 days after the as-of time; the policy warns from 60 days before.")
	if a.Observed != "30 days left, expires 2026-12-31 23:59:59 UTC" || a.Required != "more than 60 days left" {
		t.Errorf("observed %q, required %q", a.Observed, a.Required)
	}
	c.NotBefore = instant("2026-11-15 00:00:00") // 47 days
	a = judge(t, "expires-soon", "", certSubject(c), instant("2026-12-30 00:00:00"))
	want(t, a, Fail, "The certificate expires on 2026-12-31 23:59:59 UTC, 1 day after the as-of time; the policy warns from 15 days before (1/3 of its lifetime, which is shorter than 30 days).")
	const requires = "more left than 30 days (high), 60 days (medium) or 90 days (low), each at most 1/3 of the lifetime, 1/2 below ten days"
	got := oneRule(t, "expires-soon", "{bands: [{days: 30, severity: high}, {days: 60, severity: medium}, {days: 90, severity: low}]}").Rules[0].Test.Requires
	if got != requires {
		t.Errorf("requires %q", got)
	}
}

// TestExpiresSoonCap: the rule's severity bounds the grade.
func TestExpiresSoonCap(t *testing.T) {
	s, err := Load([]string{"t.yaml"}, files(map[string]string{"t.yaml": "id: t\nrules: [{id: r, check: expires-soon, severity: medium}]\n"}))
	if err != nil {
		t.Fatal(err)
	}
	for asOf, want := range map[string]Severity{"2026-12-30 00:00:00": Medium, "2026-11-15 00:00:00": Medium, "2026-10-15 00:00:00": Low} {
		if a := s.Evaluate(certSubject(goodCert()), instant(asOf))[0]; a.Severity != want {
			t.Errorf("at %s: %s, want %s", asOf, a.Severity, want)
		}
	}
}
