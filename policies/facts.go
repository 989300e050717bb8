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
