package policies

import (
	"slices"
	"testing"
	"time"

	"certaudit/scan"
)

// unprobed is an endpoint of which one handshake is all that is known.
func unprobed() *scan.Endpoint {
	e := goodEndpoint()
	return &scan.Endpoint{Endpoint: e.Endpoint, ServerName: e.ServerName, TLSVersion: e.TLSVersion, CipherSuite: e.CipherSuite,
		KeyExchange: e.KeyExchange, Chain: e.Chain, Paths: e.Paths, OCSPStapled: scan.No, Versions: []string{e.TLSVersion}}
}

// cutShort is a good endpoint whose probes were all cut short.
func cutShort() *scan.Endpoint {
	e := goodEndpoint()
	e.Probed, e.Incomplete = nil, e.Probed
	return e
}

// onlyTLS13 accepts nothing else, and every version was tried.
func onlyTLS13() *scan.Endpoint {
	e := goodEndpoint()
	e.Versions, e.VersionsRefused = []string{"TLS 1.3"}, []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2"}
	e.CipherSuites = map[string][]string{"TLS 1.3": e.CipherSuites["TLS 1.3"]}
	e.SecureRenegotiation, e.ExtendedMaster, e.FallbackSCSV, e.Compression = scan.Unasked, scan.Unasked, scan.Unasked, scan.Unasked
	e.ResumptionTicket, e.ResumptionID = scan.Unasked, scan.Unasked
	return e
}

// A probedCase is one row of the table of a check that probes decide.
type probedCase struct {
	name, params string
	endpoint     *scan.Endpoint
	change       func(*scan.Endpoint) // nil for none
	want         Result
	missing      scan.Reason
	message      string
}

// judgeProbed runs such a table. Every probe was asked for, unless the endpoint
// shows that none was.
func judgeProbed(t *testing.T, check string, tests []probedCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change != nil {
				tt.change(tt.endpoint)
			}
			s := endpointSubject(tt.endpoint)
			if len(tt.endpoint.Probed)+len(tt.endpoint.Incomplete) > 0 {
				s.Probes = scan.FullDepth()
			}
			a := judge(t, check, tt.params, s, time.Time{})
			want(t, a, tt.want, tt.message)
			if a.Missing != tt.missing {
				t.Errorf("missing %q, want %q", a.Missing, tt.missing)
			}
		})
	}
}

// probesOf lists what a rule asks for.
func probesOf(t *testing.T, check, params string) (out []string) {
	t.Helper()
	for _, p := range oneRule(t, check, params).Probes() {
		out = append(out, p.String())
	}
	return out
}

// TestProbesAreNamed: the scan knows every probe that the built-in policies ask
// for, and what costs no probe asks for none.
func TestProbesAreNamed(t *testing.T) {
	for _, p := range Builtin() {
		for _, probe := range loadPack(t, p.ID).Probes() {
			if probe.MaxVersion == "" && !slices.Contains(scan.FullDepth(), probe.Name) {
				t.Errorf("%s asks for %q", p.ID, probe.Name)
			}
		}
	}
	for check, params := range map[string]string{
		"cipher-suite":   "{forward_secrecy: true, aead: true}",
		"chain-complete": "{bar: [missing, disorder, superfluous, anchor]}",
		"ct":             "{min: 3}",
		"ocsp-stapling":  "{require: always}",
	} {
		if got := probesOf(t, check, params); len(got) > 0 {
			t.Errorf("%s asks for %v", check, got)
		}
	}
}

func TestClipped(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "a", 2: "a and b", 3: "a, b and c", 4: "a, b, c and 1 other", 5: "a, b, c and 2 others"} {
		if got := clipped([]string{"a", "b", "c", "d", "e"}[:n], 3); got != want {
			t.Errorf("%d names: %q, want %q", n, got, want)
		}
	}
}
