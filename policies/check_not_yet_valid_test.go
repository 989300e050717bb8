package policies

import "testing"

func TestNotYetValid(t *testing.T) {
	tests := []struct {
		name, asOf string
		want       Result
		message    string
	}{
		{"one second early", "2025-12-31 23:59:59", Fail, "The certificate becomes valid on 2026-01-01 00:00:00 UTC, 1 second after the as-of time."},
		{"two minutes early", "2025-12-31 23:58:00", Fail, "The certificate becomes valid on 2026-01-01 00:00:00 UTC, 2 minutes after the as-of time."},
		{"the first second", "2026-01-01 00:00:00", Pass, ""},
		{"expired", "2036-01-01 00:00:00", Pass, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want(t, judge(t, "not-yet-valid", "", certSubject(goodCert()), instant(tt.asOf)), tt.want, tt.message)
		})
	}
}
