package policies

import "certaudit/scan"

// A Fact is something that a check may need, by its field name in evidence.
type Fact struct {
	Name   string
	Unit   Unit // UnitCertificate or UnitEndpoint: the record that has the field
	Probed bool // further hellos may be needed to obtain it
	has    func(*Subject) bool
}

// factSet has the bit i of each fact facts[i] in it.
type factSet uint64

// facts names what can be needed. A fact that evidence leaves out where it is
// not known is present only when it is there; the rest come with the record.
var facts = []Fact{
	{Name: "not_before", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && !s.Certificate.NotBefore.IsZero() }},
	{Name: "not_after", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && !s.Certificate.NotAfter.IsZero() }},
	{Name: "subject", Unit: UnitCertificate, has: parsed},
	{Name: "issuer", Unit: UnitCertificate, has: parsed},
	{Name: "serial", Unit: UnitCertificate, has: parsed},
	{Name: "key_algorithm", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && s.Certificate.KeyAlgorithm != "" }},
	{Name: "key_bits", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && s.Certificate.KeyBits != 0 }},
	{Name: "key_curve", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && s.Certificate.KeyCurve != "" }},
	{Name: "spki_sha256", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && s.Certificate.SPKISHA256 != "" }},
	{Name: "signature_algorithm", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && s.Certificate.SignatureAlgorithm != "" }},
	{Name: "is_ca", Unit: UnitCertificate, has: parsed},
	{Name: "self_signed", Unit: UnitCertificate, has: func(s *Subject) bool { return parsed(s) && s.Certificate.SelfSigned != scan.Unasked }},
	{Name: "self_issued", Unit: UnitCertificate, has: parsed},
	{Name: "dns_names", Unit: UnitCertificate, has: parsed},
	{Name: "ip_addresses", Unit: UnitCertificate, has: parsed},
	{Name: "email_addresses", Unit: UnitCertificate, has: parsed},
	{Name: "uris", Unit: UnitCertificate, has: parsed},
	{Name: "ext_key_usage", Unit: UnitCertificate, has: parsed},
	{Name: "ocsp_urls", Unit: UnitCertificate, has: parsed},
	{Name: "sct_count", Unit: UnitCertificate, has: parsed},
	{Name: "must_staple", Unit: UnitCertificate, has: parsed},
	{Name: "sha256", Unit: UnitCertificate, has: func(s *Subject) bool { return s.Certificate != nil && s.Certificate.SHA256 != "" }},

	{Name: "tls_version", Unit: UnitEndpoint, has: negotiated},
	{Name: "cipher_suite", Unit: UnitEndpoint, has: func(s *Subject) bool { return s.Endpoint != nil && s.Endpoint.CipherSuite != "" }},
	{Name: "key_exchange", Unit: UnitEndpoint, has: negotiated}, // empty for RSA key transport
	{Name: "chain", Unit: UnitEndpoint, has: func(s *Subject) bool { return s.Endpoint != nil && len(s.Endpoint.Chain) > 0 }},
	{Name: "paths", Unit: UnitEndpoint, has: func(s *Subject) bool {
		return s.Endpoint != nil && (len(s.Endpoint.Paths) > 0 || s.Endpoint.PathError != "")
	}},
	{Name: "hostname_match", Unit: UnitEndpoint, has: func(s *Subject) bool { return s.Endpoint != nil && s.Endpoint.HostnameMatch != scan.Unasked }},
	{Name: "client_certificate_requested", Unit: UnitEndpoint, has: func(s *Subject) bool { return s.Endpoint != nil && s.Endpoint.ClientCert != scan.Unasked }},
	{Name: "versions", Unit: UnitEndpoint, Probed: true, has: func(s *Subject) bool {
		return negotiated(s) || s.Endpoint != nil && len(s.Endpoint.Versions)+len(s.Endpoint.VersionsRefused) > 0
	}},
	{Name: "ocsp_stapled", Unit: UnitEndpoint, has: func(s *Subject) bool { return s.Endpoint != nil && s.Endpoint.OCSPStapled != scan.Unasked }},
	{Name: "scts", Unit: UnitEndpoint, has: func(s *Subject) bool { return s.Endpoint != nil && s.Endpoint.SCTs != nil }},
	probedFact("cipher_suites", scan.ProbeCipherSuites, func(e *scan.Endpoint) bool { return len(e.CipherSuites) > 0 }),
	probedFact("suite_order", scan.ProbeCipherSuites, func(e *scan.Endpoint) bool { return len(e.SuiteOrder) > 0 }),
	probedFact("key_exchanges", scan.ProbeKeyExchanges, func(e *scan.Endpoint) bool { return len(e.KeyExchanges)+len(e.KeyExchangesRefused) > 0 }),
	probedFact("dh_bits", scan.ProbeKeyExchanges, func(e *scan.Endpoint) bool { return e.DHBits != 0 }),
	probedFact("signature_schemes", scan.ProbeSignatureSchemes, func(e *scan.Endpoint) bool { return len(e.SignatureSchemes) > 0 }),
	probedAnswer("compression", scan.ProbeOptions, func(e *scan.Endpoint) scan.Answer { return e.Compression }),
	probedAnswer("secure_renegotiation", scan.ProbeOptions, func(e *scan.Endpoint) scan.Answer { return e.SecureRenegotiation }),
	probedAnswer("extended_master_secret", scan.ProbeOptions, func(e *scan.Endpoint) scan.Answer { return e.ExtendedMaster }),
	probedAnswer("fallback_scsv", scan.ProbeOptions, func(e *scan.Endpoint) scan.Answer { return e.FallbackSCSV }),
	probedAnswer("heartbeat", scan.ProbeOptions, func(e *scan.Endpoint) scan.Answer { return e.Heartbeat }),
	probedAnswer("resumption_ticket", scan.ProbeResumption, func(e *scan.Endpoint) scan.Answer { return e.ResumptionTicket }),
	probedAnswer("resumption_id", scan.ProbeResumption, func(e *scan.Endpoint) scan.Answer { return e.ResumptionID }),
	probedAnswer("resumption_psk", scan.ProbeResumption, func(e *scan.Endpoint) scan.Answer { return e.ResumptionPSK }),
	// There is no HTTP behind an upgrade of another protocol, whoever asks.
	probedFact("hsts", scan.ProbeHSTS, func(e *scan.Endpoint) bool { return e.HSTS != scan.Unasked || e.StartTLS != "" }),
}

// probedFact is a fact that a probe gives. It is there when something was
// found, be it by a probe that was cut short, and when the whole probe found
// nothing: that nothing is there is then known.
func probedFact(name, probe string, found func(*scan.Endpoint) bool) Fact {
	return Fact{Name: name, Unit: UnitEndpoint, Probed: true, has: func(s *Subject) bool {
		return s.Endpoint != nil && (found(s.Endpoint) || answered(s.Endpoint, probe))
	}}
}

// probedAnswer is a probedFact of three values. Where the whole probe left it
// open, the question does not arise at the endpoint: a check has to see why.
func probedAnswer(name, probe string, answer func(*scan.Endpoint) scan.Answer) Fact {
	return probedFact(name, probe, func(e *scan.Endpoint) bool { return answer(e) != scan.Unasked })
}

func parsed(s *Subject) bool { return s.Certificate != nil && s.Certificate.Parsed }

func negotiated(s *Subject) bool { return s.Endpoint != nil && s.Endpoint.TLSVersion != "" }

// Facts lists what a [Test] may name in Needs.
func Facts() []Fact { return append([]Fact(nil), facts...) }

// has reports whether the subject has a fact.
func has(s *Subject, fact string) bool {
	i := factIndex(fact)
	return i >= 0 && facts[i].has(s)
}

// factIndex gives -1 for a name that is no fact.
func factIndex(name string) int {
	for i := range facts {
		if facts[i].Name == name {
			return i
		}
	}
	return -1
}
