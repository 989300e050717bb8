package policies

import (
	"testing"
	"time"

	"certaudit/scan"
)

func TestCertificateTransparency(t *testing.T) {
	some := func(n int) *int { return &n }
	tests := []struct {
		name, params string
		embedded     int
		handshake    *int
		trusted      bool
		want         Result
		missing      scan.Reason
		message      string
	}{
		{"embedded", "", 2, nil, true, Pass, "", ""},
		{"one short, and the handshake is not known", "", 1, nil, true, NotAssessed, scan.ReasonNotObtained, "The leaf has 1 embedded timestamp, and whether the handshake brings more is not known."},
		{"one short", "", 1, some(0), true, Fail, "", "The certificate comes with 1 signed timestamp (1 embedded, 0 in the handshake), where the policy asks for 2."},
		{"one of each", "", 1, some(1), true, Pass, "", ""},
		{"in the handshake", "", 0, some(2), true, Pass, "", ""},
		{"none", "", 0, some(0), true, Fail, "", "The certificate comes with 0 signed timestamps (0 embedded, 0 in the handshake), where the policy asks for 2."},
		{"three are asked for", "{min: 3}", 2, some(0), true, Fail, "", "The certificate comes with 2 signed timestamps (2 embedded, 0 in the handshake), where the policy asks for 3."},
		{"private authority", "", 0, some(0), false, NotApplicable, "", "The chain leads to no given trust anchor, and transparency is asked of publicly trusted certificates."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := goodEndpoint()
			e.SCTs = tt.handshake
			if !tt.trusted {
				e.Paths, e.PathError = nil, "unknown_authority"
			}
			s := endpointSubject(e)
			s.Certificate.SCTCount = tt.embedded
			a := judge(t, "ct", tt.params, s, time.Time{})
			want(t, a, tt.want, tt.message)
			if a.Missing != tt.missing {
				t.Errorf("missing %q, want %q", a.Missing, tt.missing)
			}
		})
	}
	s := endpointSubject(goodEndpoint())
	s.Certificate = &scan.Certificate{SHA256: "ab"}
	want(t, judge(t, "ct", "", s, time.Time{}), NotAssessed, "The evidence does not have sct_count.")
}
