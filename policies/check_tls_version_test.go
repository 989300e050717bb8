package policies

import (
	"strings"
	"testing"
	"time"

	"certaudit/scan"

	"github.com/google/go-cmp/cmp"
)

func TestTLSVersion(t *testing.T) {
	split := func(s string) []string {
		if s == "" {
			return nil
		}
		return strings.Split(s, ",")
	}
	const (
		min12  = "{min: TLS 1.2}"
		want13 = "{must_offer: TLS 1.3}"
		no2    = "{must_not_offer: SSL 2.0}"
		low    = "SSL 3.0,TLS 1.0,TLS 1.1"
		unsure = " is not known: the version that it negotiated does not tell."
	)
	tests := []struct {
		name, params              string
		negotiated                string
		accepted, refused, probes string
		want                      Result
		missing                   scan.Reason
		message                   string
	}{
		{"all refused", min12, "TLS 1.3", "TLS 1.3", low, "versions<=TLS 1.1", Pass, "", ""},
		{"one accepted", min12, "TLS 1.3", "TLS 1.1,TLS 1.3", "", "versions<=TLS 1.1", Fail, "", "The endpoint accepts TLS 1.1, which the policy bars."},
		{"negotiated itself", min12, "TLS 1.0", "", "", "", Fail, "", "The endpoint accepts TLS 1.0, which the policy bars."},
		{"two accepted", min12, "TLS 1.3", "TLS 1.0,TLS 1.1", "SSL 3.0", "", Fail, "", "The endpoint accepts TLS 1.0 and TLS 1.1, which the policy bars."},
		{"never on the negotiated version alone", min12, "TLS 1.3", "TLS 1.3", "", "", NotAssessed, scan.ReasonNotRequested, "Whether the endpoint accepts SSL 3.0, TLS 1.0 or TLS 1.1" + unsure},
		{"probed, and no answer", min12, "TLS 1.3", "TLS 1.3", "", "versions<=TLS 1.1", NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts SSL 3.0, TLS 1.0 or TLS 1.1" + unsure},
		{"other probes do not count", min12, "TLS 1.3", "TLS 1.3", "", "versions<=TLS 1.2", NotAssessed, scan.ReasonNotRequested, "Whether the endpoint accepts SSL 3.0, TLS 1.0 or TLS 1.1" + unsure},
		{"one is unknown", min12, "TLS 1.3", "TLS 1.3", "TLS 1.0,TLS 1.1", "versions<=TLS 1.1", NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts SSL 3.0" + unsure},
		{"accepted wins over unknown", min12, "TLS 1.3", "TLS 1.1", "", "", Fail, "", "The endpoint accepts TLS 1.1, which the policy bars."},
		{"accepted wins over refused", min12, "TLS 1.3", "TLS 1.1", low, "", Fail, "", "The endpoint accepts TLS 1.1, which the policy bars."},
		{"bar TLS 1.2 too", "{min: TLS 1.3}", "TLS 1.3", "", low + ",TLS 1.2", "", Pass, "", ""},
		{"one barred", "{must_not_offer: [TLS 1.0]}", "TLS 1.3", "TLS 1.1", "TLS 1.0", "", Pass, "", ""},
		{"offered", want13, "TLS 1.3", "", "", "", Pass, "", ""},
		{"offered beside a lower one", "{must_offer: [TLS 1.2, TLS 1.3]}", "TLS 1.3", "TLS 1.2,TLS 1.3", "", "", Pass, "", ""},
		{"refused", want13, "TLS 1.2", "TLS 1.2", "TLS 1.3", "versions<=TLS 1.3", Fail, "", "The endpoint refuses TLS 1.3, which the policy demands."},
		{"the newest needs no probe", want13, "TLS 1.2", "TLS 1.2", "", "", NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts TLS 1.3" + unsure},
		{"lower one not asked for", "{must_offer: [TLS 1.2]}", "TLS 1.3", "", "", "", NotAssessed, scan.ReasonNotRequested, "Whether the endpoint accepts TLS 1.2" + unsure},
		{"both faults", "{min: TLS 1.2, must_offer: [TLS 1.3]}", "TLS 1.1", "", "TLS 1.3", "", Fail, "", "The endpoint accepts TLS 1.1, which the policy bars, and refuses TLS 1.3, which the policy demands."},
		{"SSL 2.0 where it was seen", min12, "TLS 1.3", "SSL 2.0,TLS 1.3", low, "versions<=TLS 1.1", Fail, "", "The endpoint accepts SSL 2.0, which the policy bars."},
		{"SSL 2.0 beside another", min12, "TLS 1.3", "SSL 2.0,TLS 1.0,TLS 1.3", "SSL 3.0,TLS 1.1", "versions<=TLS 1.1", Fail, "", "The endpoint accepts SSL 2.0 and TLS 1.0, which the policy bars."},
		{"SSL 2.0 by name, never on others alone", no2, "TLS 1.3", "TLS 1.3", low, "versions<=TLS 1.1", NotAssessed, scan.ReasonNotRequested, "Whether the endpoint accepts SSL 2.0" + unsure},
		{"SSL 2.0 by name, accepted", no2, "TLS 1.3", "SSL 2.0,TLS 1.3", low, "versions", Fail, "", "The endpoint accepts SSL 2.0, which the policy bars."},
		{"SSL 2.0 by name, refused", no2, "TLS 1.3", "TLS 1.3", "SSL 2.0", "versions", Pass, "", ""},
		{"SSL 2.0 by name, cut short", no2, "TLS 1.3", "TLS 1.3", low, "versions", NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts SSL 2.0" + unsure},
		{"SSL 2.0 is not barred", "{must_not_offer: [SSL 3.0]}", "TLS 1.3", "SSL 2.0,TLS 1.3", low, "", Pass, "", ""},
		{"the whole probe answers for the capped one", min12, "TLS 1.3", "TLS 1.3", "SSL 2.0," + low, "versions", Pass, "", ""},
		{"the whole probe was asked for, and cut short", min12, "TLS 1.3", "TLS 1.3", "SSL 2.0", "versions", NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts SSL 3.0, TLS 1.0 or TLS 1.1" + unsure},
		{"no facts, not asked for", min12, "", "", "", "", NotAssessed, scan.ReasonNotRequested, "The evidence does not have versions."},
		{"no facts, asked for", min12, "", "", "", "versions<=TLS 1.1", NotAssessed, scan.ReasonNotObtained, "The evidence does not have versions."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := goodEndpoint()
			e.TLSVersion, e.Versions, e.VersionsRefused = tt.negotiated, split(tt.accepted), split(tt.refused)
			s := endpointSubject(e)
			s.Probes = split(tt.probes)
			a := judge(t, "tls-version", tt.params, s, time.Time{})
			want(t, a, tt.want, tt.message)
			if a.Missing != tt.missing {
				t.Errorf("missing %q, want %q", a.Missing, tt.missing)
			}
		})
	}
}

func TestTLSVersionProbes(t *testing.T) {
	for params, want := range map[string][]string{
		"{min: TLS 1.2}":                                                   {"versions<=TLS 1.1"},
		"{min: TLS 1.3}":                                                   {"versions<=TLS 1.2"},
		"{must_not_offer: [TLS 1.0]}":                                      {"versions<=TLS 1.0"},
		"{must_not_offer: [SSL 3.0, TLS 1.1]}":                             {"versions<=SSL 3.0", "versions<=TLS 1.1"},
		"{min: TLS 1.2, must_offer: [TLS 1.3]}":                            {"versions<=TLS 1.1"},
		"{min: TLS 1.1, must_offer: [TLS 1.2]}":                            {"versions<=TLS 1.0", "versions<=TLS 1.2"},
		"{must_not_offer: [TLS 1.1, TLS 1.0]}":                             {"versions<=TLS 1.1"},
		"{must_not_offer: [SSL 2.0]}":                                      {"versions"},
		"{min: TLS 1.2, must_not_offer: [SSL 2.0], must_offer: [TLS 1.2]}": {"versions"},
	} {
		var got []string
		for _, p := range oneRule(t, "tls-version", params).Probes() {
			got = append(got, p.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", params, diff)
		}
	}
}
