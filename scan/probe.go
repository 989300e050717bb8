package scan

// The probes: further connections to an endpoint beyond the one handshake that
// every scan makes. RunRecord.Probes lists those that were asked for,
// Endpoint.Probed those that gave their answer. Beside these, "versions<=TLS
// 1.1" asks for one hello that is capped at that version.
const (
	ProbeVersions         = "versions"          // every version from SSL 2.0 on
	ProbeCipherSuites     = "cipher_suites"     // every suite of each version, and whose order decides
	ProbeKeyExchanges     = "key_exchanges"     // every group, and the size of finite-field primes
	ProbeSignatureSchemes = "signature_schemes" // every scheme that the server signs with
	ProbeCertificates     = "certificates"      // chains by kind of key
	ProbeALPN             = "alpn_protocols"    // application protocols
	ProbeOptions          = "handshake_options" // compression, renegotiation, extended master secret, fallback, heartbeat
	ProbeResumption       = "resumption"        // by ticket, id and PSK
	ProbeHSTS             = "hsts"              // one HTTP request; https endpoints only
	ProbeNoSNI            = "no_sni"            // one handshake without SNI; no part of --depth full
)

// ProbeRevocation asks authorities about certificates, of endpoints and files
// alike, once all targets are done. No policy switches it on, and no depth: a
// scan does not call out unasked.
const ProbeRevocation = "revocation"

// FullDepth lists the probes of --depth full.
func FullDepth() []string {
	return []string{ProbeVersions, ProbeCipherSuites, ProbeKeyExchanges, ProbeSignatureSchemes, ProbeCertificates,
		ProbeALPN, ProbeOptions, ProbeResumption, ProbeHSTS}
}
