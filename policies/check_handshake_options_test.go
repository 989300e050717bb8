package policies

import (
	"testing"

	"certaudit/scan"
)

func TestHandshakeOptions(t *testing.T) {
	const (
		master   = "{bar: [], require: extended_master_secret}"
		fallback = "{bar: [], require: fallback_scsv}"
		all      = "{bar: [compression, heartbeat], require: [extended_master_secret, fallback_scsv]}"
		moot     = "The question does not arise with the versions that the endpoint accepts."
	)
	judgeProbed(t, "handshake-options", []probedCase{
		{"all good", all, goodEndpoint(), nil, Pass, "", ""},
		{"compression", "", goodEndpoint(), func(e *scan.Endpoint) { e.Compression = scan.Yes }, Fail, "", "The endpoint accepts TLS compression."},
		{"heartbeat is not barred", "", goodEndpoint(), func(e *scan.Endpoint) { e.Heartbeat = scan.Yes }, Pass, "", ""},
		{"all bad", all, goodEndpoint(), func(e *scan.Endpoint) {
			e.Compression, e.Heartbeat, e.ExtendedMaster, e.FallbackSCSV = scan.Yes, scan.Yes, scan.No, scan.No
		}, Fail, "", "The endpoint accepts TLS compression and the heartbeat extension (RFC 6520) and lacks the extended master secret (RFC 7627) and the refusal of needless fallbacks (RFC 7507)."},
		{"found before the probe was cut short", all, cutShort(), func(e *scan.Endpoint) { e.Compression, e.Heartbeat = scan.Yes, scan.Unasked }, Fail, "", "The endpoint accepts TLS compression."},
		{"one is open", all, cutShort(), func(e *scan.Endpoint) { e.Heartbeat = scan.Unasked }, NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint supports the heartbeat extension (RFC 6520) is not known: the probe handshake_options was cut short."},
		{"open after the whole probe", "", goodEndpoint(), func(e *scan.Endpoint) { e.Compression = scan.Unasked }, NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint supports TLS compression is not known: the probe handshake_options does not tell."},
		{"no extended master secret", master, goodEndpoint(), func(e *scan.Endpoint) { e.ExtendedMaster = scan.No }, Fail, "", "The endpoint lacks the extended master secret (RFC 7627)."},
		{"TLS 1.3 alone", master, onlyTLS13(), nil, NotApplicable, "", moot},
		{"TLS 1.3 alone, compression", "", onlyTLS13(), nil, NotApplicable, "", moot},
		{"TLS 1.3 alone, and a compression that was seen", "", onlyTLS13(), func(e *scan.Endpoint) { e.Compression = scan.Yes }, Fail, "", "The endpoint accepts TLS compression."},
		{"TLS 1.3 alone, all", all, onlyTLS13(), nil, Pass, "", ""},
		{"needless fallback accepted", fallback, goodEndpoint(), func(e *scan.Endpoint) { e.FallbackSCSV = scan.No }, Fail, "", "The endpoint lacks the refusal of needless fallbacks (RFC 7507)."},
		{"nothing to fall back to", fallback, onlyTLS13(), func(e *scan.Endpoint) { e.FallbackSCSV = scan.No }, NotApplicable, "", moot},
		{"perhaps nothing to fall back to", fallback, onlyTLS13(), func(e *scan.Endpoint) { e.FallbackSCSV, e.Probed = scan.No, []string{"handshake_options"} }, Fail, "", "The endpoint lacks the refusal of needless fallbacks (RFC 7507)."},
		{"not probed", "", unprobed(), nil, NotAssessed, scan.ReasonNotRequested, "Whether the endpoint supports TLS compression is not known: the probe handshake_options was not made."},
	})
}
