package policies

import (
	"strings"
	"testing"

	"certaudit/scan"

	"github.com/google/go-cmp/cmp"
)

// oldServer accepts what a server of long ago does, and every probe saw it.
func oldServer() *scan.Endpoint {
	e := goodEndpoint()
	e.TLSVersion, e.CipherSuite, e.KeyExchange = "TLS 1.0", "TLS_RSA_WITH_AES_128_CBC_SHA", ""
	e.Versions, e.VersionsRefused = []string{"SSL 2.0", "SSL 3.0", "TLS 1.0"}, []string{"TLS 1.1", "TLS 1.2", "TLS 1.3"}
	e.CipherSuites = map[string][]string{
		"SSL 2.0": {"SSL_CK_RC4_128_WITH_MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"},
		"SSL 3.0": {"TLS_RSA_WITH_RC4_128_SHA"},
		"TLS 1.0": {"TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"},
	}
	e.SuiteOrder = map[string]string{"TLS 1.0": "client"}
	e.KeyExchanges, e.KeyExchangesRefused, e.DHBits = []string{"P-192"}, []string{"X25519MLKEM768"}, 1024
	e.SignatureSchemes = []string{"rsa_pkcs1_md5_sha1"}
	e.Compression, e.SecureRenegotiation, e.ExtendedMaster, e.FallbackSCSV, e.Heartbeat = scan.Yes, scan.No, scan.No, scan.No, scan.Yes
	e.Chain = []string{"leaf"}
	e.OCSPStapled, e.OCSPStatus, e.OCSPVerified = scan.No, "", scan.Unasked
	e.HSTS, e.HSTSHeader = scan.No, ""
	return e
}

// TestTLSDeep evaluates the pack against endpoints of four kinds.
func TestTLSDeep(t *testing.T) {
	set := loadPack(t, "tls-deep")
	now := instant("2026-06-01 00:00:00")
	var planned []string
	for _, p := range set.Probes() {
		planned = append(planned, p.String())
	}
	if diff := cmp.Diff([]string{"cipher_suites", "handshake_options", "hsts", "key_exchanges", "signature_schemes", "versions", "versions<=TLS 1.1"}, planned); diff != "" {
		t.Errorf("probes (-want +got):\n%s", diff)
	}
	silent := cutShort() // nothing was found before its probes were cut short
	*silent = *unprobed()
	silent.Incomplete = scan.FullDepth()
	found := oldServer()
	found.Probed, found.Incomplete = nil, found.Probed
	tests := []struct {
		name     string
		endpoint *scan.Endpoint
		probes   []string
		scts     int
		want     string
	}{
		{"good server", goodEndpoint(), planned, 2, `authenticated-encryption-only pass
broken-suites pass
chain pass
compression pass
ct pass
dh-size pass
extended-master-secret pass
fallback-scsv pass
forward-secrecy-only pass
hsts pass
key-exchange-strength pass
no-dhe pass
no-early-tls pass
no-ssl pass
ocsp-stapling pass
post-quantum pass
renegotiation pass
signature-schemes pass
tls13-offered pass`},
		{"TLS 1.3 alone", onlyTLS13(), planned, 2, `authenticated-encryption-only pass
broken-suites pass
chain pass
compression not_applicable
ct pass
dh-size pass
extended-master-secret not_applicable
fallback-scsv not_applicable
forward-secrecy-only pass
hsts pass
key-exchange-strength pass
no-dhe pass
no-early-tls pass
no-ssl pass
ocsp-stapling pass
post-quantum pass
renegotiation not_applicable
signature-schemes pass
tls13-offered pass`},
		{"old server", oldServer(), planned, 1, `authenticated-encryption-only fail low
broken-suites fail high
chain fail medium
compression fail high
ct fail medium
dh-size fail high
extended-master-secret fail low
fallback-scsv fail low
forward-secrecy-only fail medium
hsts fail medium
key-exchange-strength fail high
no-dhe fail low
no-early-tls fail high
no-ssl fail critical
ocsp-stapling fail low
post-quantum fail low
renegotiation fail high
signature-schemes fail medium
tls13-offered fail medium`},
		{"not probed", unprobed(), []string{"versions<=TLS 1.1"}, 2, `authenticated-encryption-only not_assessed not_requested
broken-suites not_assessed not_requested
chain pass
compression not_assessed not_requested
ct pass
dh-size not_assessed not_requested
extended-master-secret not_assessed not_requested
fallback-scsv not_assessed not_requested
forward-secrecy-only not_assessed not_requested
hsts not_assessed not_requested
key-exchange-strength not_assessed not_requested
no-dhe not_assessed not_requested
no-early-tls not_assessed not_obtained
no-ssl not_assessed not_requested
ocsp-stapling fail low
post-quantum not_assessed not_requested
renegotiation not_assessed not_requested
signature-schemes not_assessed not_requested
tls13-offered pass`},
		{"every probe cut short at once", silent, planned, 2, `authenticated-encryption-only not_assessed not_obtained
broken-suites not_assessed not_obtained
chain pass
compression not_assessed not_obtained
ct pass
dh-size not_assessed not_obtained
extended-master-secret not_assessed not_obtained
fallback-scsv not_assessed not_obtained
forward-secrecy-only not_assessed not_obtained
hsts not_assessed not_obtained
key-exchange-strength not_assessed not_obtained
no-dhe not_assessed not_obtained
no-early-tls not_assessed not_obtained
no-ssl not_assessed not_obtained
ocsp-stapling fail low
post-quantum not_assessed not_obtained
renegotiation not_assessed not_obtained
signature-schemes not_assessed not_obtained
tls13-offered pass`},
		// What was found stands: that it offers nothing better is what is not known.
		{"old server, every probe cut short at the end", found, planned, 1, `authenticated-encryption-only fail low
broken-suites fail high
chain fail medium
compression fail high
ct fail medium
dh-size fail high
extended-master-secret fail low
fallback-scsv fail low
forward-secrecy-only fail medium
hsts fail medium
key-exchange-strength fail high
no-dhe fail low
no-early-tls fail high
no-ssl fail critical
ocsp-stapling fail low
post-quantum not_assessed not_obtained
renegotiation fail high
signature-schemes fail medium
tls13-offered fail medium`},
		{"good server, every probe cut short at the end", cutShort(), planned, 2, `authenticated-encryption-only not_assessed not_obtained
broken-suites not_assessed not_obtained
chain pass
compression pass
ct pass
dh-size not_assessed not_obtained
extended-master-secret pass
fallback-scsv pass
forward-secrecy-only not_assessed not_obtained
hsts pass
key-exchange-strength not_assessed not_obtained
no-dhe not_assessed not_obtained
no-early-tls pass
no-ssl pass
ocsp-stapling pass
post-quantum pass
renegotiation pass
signature-schemes not_assessed not_obtained
tls13-offered pass`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := endpointSubject(tt.endpoint)
			s.Probes = tt.probes
			s.Certificate.SCTCount = tt.scts
			var lines []string
			for _, a := range set.Evaluate(s, now) {
				line := strings.TrimPrefix(a.Rule.ID, "tls-deep/") + " " + a.Result.String()
				if a.Result == Fail {
					line += " " + a.Severity.String()
				}
				if a.Missing != "" {
					line += " " + string(a.Missing)
				}
				lines = append(lines, line)
			}
			if diff := cmp.Diff(tt.want, strings.Join(lines, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingPassesUnprobed: on one handshake alone, no rule of the pack that
// asks for a probe passes, but for those that demand what was negotiated.
func TestNothingPassesUnprobed(t *testing.T) {
	set := loadPack(t, "tls-deep")
	for _, e := range []*scan.Endpoint{unprobed(), {Endpoint: "a:443", TLSVersion: "TLS 1.2", CipherSuite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", KeyExchange: "P-256"}} {
		for _, a := range set.Evaluate(endpointSubject(e), instant("2026-06-01 00:00:00")) {
			if a.Result == Pass && len(a.Rule.Test.Probes) > 0 {
				t.Errorf("%s passes", a.Rule.ID)
			}
		}
	}
}

func BenchmarkEvaluateDeep(b *testing.B) {
	set := loadPack(b, "tls-deep")
	s := endpointSubject(goodEndpoint())
	for i := range 6 { // as many suites as a generous server has
		v := tlsVersions[i]
		s.Endpoint.CipherSuites[v] = append(s.Endpoint.CipherSuites[v], suiteNames[200:230]...)
	}
	now := instant("2026-06-01 00:00:00")
	var got []Assessment
	b.ReportAllocs()
	for b.Loop() {
		got = set.AppendEvaluate(got[:0], s, now)
	}
}
