package policies

import (
	"testing"
	"time"

	"certaudit/scan"
)

func TestHostnameMatch(t *testing.T) {
	tests := []struct {
		name     string
		match    scan.Answer
		server   string
		names    []string
		want     Result
		observed string
		message  string
	}{
		{"match", scan.Yes, "www.example.test", nil, Pass, "", ""},
		{"other name", scan.No, "www.example.test", []string{"a.test"}, Fail, "certificate for a.test",
			"The certificate that the endpoint sends is not issued for www.example.test."},
		{"many names", scan.No, "www.example.test", []string{"1", "2", "3", "4", "5", "6"}, Fail, "certificate for 1, 2, 3, 4, 5 and 1 other",
			"The certificate that the endpoint sends is not issued for www.example.test."},
		{"address", scan.No, "", nil, Fail, "certificate for no host name",
			"The certificate that the endpoint sends is not issued for 192.0.2.1."},
		{"not known", scan.Unasked, "www.example.test", nil, NotAssessed, "", "The evidence does not have hostname_match."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := goodEndpoint()
			e.HostnameMatch, e.ServerName = tt.match, tt.server
			s := endpointSubject(e)
			s.Certificate.DNSNames = tt.names
			a := judge(t, "hostname-match", "", s, time.Time{})
			want(t, a, tt.want, tt.message)
			if a.Observed != tt.observed {
				t.Errorf("observed %q, want %q", a.Observed, tt.observed)
			}
		})
	}
}
