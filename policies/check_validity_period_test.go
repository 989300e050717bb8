package policies

import (
	"testing"
	"time"
)

func TestValidityPeriod(t *testing.T) {
	const d = 24 * time.Hour
	tests := []struct {
		name, params, from string
		lifetime           time.Duration
		want               Result
	}{
		{"before the first cap", "", "2018-02-28 23:59:59", 4000 * d, NotApplicable},
		{"825 days", "", "2018-03-01 00:00:00", 825 * d, Pass},
		{"a second more than 825 days", "", "2018-03-01 00:00:00", 825*d + time.Second, Fail},
		{"the last second of the first cap", "", "2020-08-31 23:59:59", 825 * d, Pass},
		{"398 days", "", "2020-09-01 00:00:00", 398 * d, Pass},
		{"a second more than 398 days", "", "2020-09-01 00:00:00", 398*d + time.Second, Fail},
		{"398 days, a second before 200 apply", "", "2026-03-14 23:59:59", 398 * d, Pass},
		{"200 days", "", "2026-03-15 00:00:00", 200 * d, Pass},
		{"a second more than 200 days", "", "2026-03-15 00:00:00", 200*d + time.Second, Fail},
		{"100 days", "", "2027-03-15 00:00:00", 100 * d, Pass},
		{"a second more than 100 days", "", "2027-03-15 00:00:00", 100*d + time.Second, Fail},
		{"47 days", "", "2029-03-15 00:00:00", 47 * d, Pass},
		{"a second more than 47 days", "", "2029-03-15 00:00:00", 47*d + time.Second, Fail},
		{"one cap for all", "{days: 90}", "1999-01-01 00:00:00", 90 * d, Pass},
		{"one cap for all, a second more", "{days: 90}", "1999-01-01 00:00:00", 90*d + time.Second, Fail},
		{"caps in any order", "{caps: [{from: 2021-01-01, days: 10}, {from: '2020-01-01', days: 20}]}", "2020-06-01 00:00:00", 20 * d, Pass},
		{"the later cap", "{caps: [{from: 2021-01-01, days: 10}, {from: '2020-01-01', days: 20}]}", "2021-01-01 00:00:00", 20 * d, Fail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodCert()
			c.NotBefore = instant(tt.from)
			c.NotAfter = c.NotBefore.Add(tt.lifetime - time.Second)
			if a := judge(t, "validity-period", tt.params, certSubject(c), time.Time{}); a.Result != tt.want {
				t.Errorf("%s, want %s (%s)", a.Result, tt.want, a.Message)
			}
		})
	}
	c := goodCert()
	c.NotBefore, c.NotAfter = instant("2026-03-15 00:00:00"), instant("2026-10-01 00:00:00")
	a := judge(t, "validity-period", "", certSubject(c), time.Time{})
	want(t, a, Fail, "The certificate is valid from 2026-03-15 00:00:00 UTC to 2026-10-01 00:00:00 UTC, which is 201 days (begun days count); the policy allows 200 for certificates issued from 2026-03-15.")
	if a.Observed != "valid for 201 days, issued 2026-03-15 00:00:00 UTC" || a.Required != "valid for at most 200 days if issued from 2026-03-15" {
		t.Errorf("observed %q, required %q", a.Observed, a.Required)
	}
}
