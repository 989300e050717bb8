package reporttest

import (
	"slices"
	"strconv"
	"time"

	"certaudit/report"
	"certaudit/scan"
)

const mailEndpoint = "mail.example.test:25"

// deepen gives an endpoint every fact that a scan at full depth can have.
func deepen(e *scan.Endpoint, inv []*report.InventoryRow) {
	scts := 2
	e.VersionsRefused = []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"}
	e.Probed = scan.FullDepth()
	e.OCSPStapled, e.OCSPStatus, e.OCSPVerified = scan.Yes, "good", scan.Yes
	e.OCSPProducedAt, e.OCSPThisUpdate, e.OCSPNextUpdate = sampleFrom.Add(-30*time.Hour), sampleFrom.Add(-30*time.Hour), sampleFrom.Add(138*time.Hour)
	e.SCTs = &scts
	e.CipherSuites = map[string][]string{
		"TLS 1.3": {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"},
		"TLS 1.2": {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
			"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
			"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA"},
	}
	e.SuiteOrder = map[string]string{"TLS 1.2": "server", "TLS 1.3": "client"}
	e.KeyExchanges = []string{"X25519MLKEM768", "SecP256r1MLKEM768", "X25519", "P-256", "P-384"}
	e.KeyExchangesRefused = []string{"SecP384r1MLKEM1024", "P-521", "X448", "ffdhe2048"}
	e.DHBits = 2048
	e.SignatureSchemes = []string{"ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"}
	e.ALPNProtocols = []string{"h2", "http/1.1"}
	mail, issuer := byCN(inv, "mail.example.test").Certificate.SHA256, byCN(inv, "Public TLS CA G3").Certificate.SHA256
	e.OtherChains = []scan.OtherChain{{For: "RSA", Chain: []string{mail, issuer}}, {For: "no_sni", Chain: []string{mail}}}
	e.Samples = 3
	e.Compression, e.SecureRenegotiation, e.ExtendedMaster = scan.No, scan.Yes, scan.Yes
	e.FallbackSCSV, e.Heartbeat = scan.Yes, scan.No
	e.ResumptionTicket, e.ResumptionID, e.ResumptionPSK = scan.Yes, scan.No, scan.Yes
	e.HTTPStatus, e.HSTS, e.HSTSHeader = 301, scan.Yes, "max-age=63072000; includeSubDomains; preload"
}

// cutShort gives an endpoint what a probe at full depth has that its peer broke
// off: some facts, some half of them, others not at all.
func cutShort(e *scan.Endpoint) {
	e.Versions, e.VersionsRefused = []string{"TLS 1.2"}, []string{"TLS 1.0", "TLS 1.3"}
	e.Probed = []string{scan.ProbeOptions, scan.ProbeALPN}
	e.Incomplete = []string{scan.ProbeVersions, scan.ProbeCipherSuites, scan.ProbeKeyExchanges}
	e.CipherSuites = map[string][]string{"TLS 1.2": {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "TLS_RSA_WITH_AES_256_CBC_SHA"}}
	e.KeyExchanges = []string{"P-256"}
	e.SecureRenegotiation, e.Compression = scan.Yes, scan.No
}

// sampleMail is the other port of the sample's mail server: the same
// certificate behind STARTTLS.
func sampleMail(inv []*report.InventoryRow) *report.EndpointRow {
	leaf, issuer := byCN(inv, "mail.example.test"), byCN(inv, "Public TLS CA G3")
	e := &scan.Endpoint{Target: "smtp://mail.example.test", Endpoint: mailEndpoint, Address: "192.0.2.15", Port: 25, ServerName: "mail.example.test",
		StartTLS: scan.SMTP, TLSVersion: "TLS 1.2", CipherSuite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", KeyExchange: "X25519", OCSPStapled: scan.No,
		Chain: []string{leaf.Certificate.SHA256, issuer.Certificate.SHA256}, HostnameMatch: scan.Yes, ClientCert: scan.Yes, PathError: "anchor_not_given",
		Versions: []string{"TLS 1.2"}, VersionsRefused: []string{"TLS 1.1"}, Attempts: 2, ObservedAt: sampleFrom.Add(200 * time.Second)}
	return &report.EndpointRow{Endpoint: e, Leaf: leaf.Certificate, DaysLeft: leaf.DaysLeft, Vantage: "office network"}
}

// meet tells endpoints of their like, and what certificates are called.
func meet(m *Memory) {
	for _, r := range m.EndpointRows {
		r.Names = m.name
		certificates, keys := map[string]bool{}, map[string]bool{}
		for _, o := range m.EndpointRows {
			if o.Endpoint.Endpoint == r.Endpoint.Endpoint || o.Leaf == nil || r.Leaf == nil || o.Leaf.SPKISHA256 != r.Leaf.SPKISHA256 {
				continue
			}
			keys[o.Endpoint.Endpoint] = true
			certificates[o.Endpoint.Endpoint] = certificates[o.Endpoint.Endpoint] || o.Leaf.SHA256 == r.Leaf.SHA256
		}
		r.SameKey, r.SameCertificate = len(keys), 0
		for _, same := range certificates {
			if same {
				r.SameCertificate++
			}
		}
	}
}

func (m *Memory) name(sha256 string) (string, error) {
	for _, r := range m.InventoryRows {
		if r.Certificate.SHA256 == sha256 {
			return r.Certificate.SubjectCN, nil
		}
	}
	return "", nil
}

// TwoVantages is the sample with a second evidence file, made elsewhere, in
// which one endpoint is the same, one shows another certificate and version,
// and one did not answer.
func TwoVantages() *report.Audit {
	a := Sample()
	m := a.Rows.(*Memory)
	const vantage = "cloud, eu-west"
	second := a.Run.Evidence[0]
	second.SHA256, second.Vantage, second.Host = Digest("evidence 2"), vantage, "scan-02.example.test"
	second.Options = map[string]string{"depth": "standard"}
	second.Probes = []string{"versions<=TLS 1.1"}
	a.Run.Evidence = append(a.Run.Evidence, second)
	for _, r := range slices.Clone(m.EndpointRows) {
		if name := r.Endpoint.Endpoint; name != "portal.example.test:443" && name != "api.example.test:443" {
			continue
		}
		e := *r.Endpoint
		again := &report.EndpointRow{Endpoint: &e, Leaf: r.Leaf, DaysLeft: r.DaysLeft, Vantage: vantage}
		if e.Endpoint == "api.example.test:443" {
			leaf := byCN(m.InventoryRows, "mail.example.test")
			again.Leaf, again.DaysLeft = leaf.Certificate, leaf.DaysLeft
			e = scan.Endpoint{Target: e.Target, Endpoint: e.Endpoint, Address: "198.51.100.7", Port: 443, ServerName: e.ServerName,
				TLSVersion: "TLS 1.2", CipherSuite: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", KeyExchange: "P-256", Chain: []string{leaf.Certificate.SHA256},
				PathError: "no_issuer", HostnameMatch: scan.No, Versions: []string{"TLS 1.1", "TLS 1.2"}, Attempts: 1, ObservedAt: e.ObservedAt}
			r.Differs = []report.Difference{{Evidence: 2, Vantage: vantage, Certificate: true, Version: true}}
			again.Differs = []report.Difference{{Evidence: 1, Vantage: r.Vantage, Certificate: true, Version: true}}
		}
		m.EndpointRows = append(m.EndpointRows, again)
	}
	meet(m)
	part := report.Vantage{Vantage: vantage, EvidenceSHA256: second.SHA256, EndpointsAsked: 3, EndpointsAssessed: 2, EndpointsNotAssessed: 1}
	s := &a.Scope
	s.Vantages = append(s.Vantages, part)
	s.EndpointsAsked += part.EndpointsAsked
	s.EndpointsAssessed += part.EndpointsAssessed
	s.EndpointsNotAssessed += part.EndpointsNotAssessed
	return a
}

// hostileEndpoint has a foreign text in every field that holds one.
func hostileEndpoint(s string, evil func() string, texts []string) *report.EndpointRow {
	sums := slices.Repeat([]string{Digest(s)}, 100)
	e := &scan.Endpoint{Target: s, Endpoint: s, Address: evil(), Port: 65535, ServerName: evil(), StartTLS: evil(),
		TLSVersion: evil(), CipherSuite: evil(), KeyExchange: evil(), ALPN: evil(), Chain: sums, Paths: slices.Repeat([][]string{sums}, 30),
		PathError: evil(), Versions: texts, VersionsRefused: texts, OCSPStapled: scan.Yes, OCSPStatus: evil(), OCSPError: evil(),
		Probed: texts, Incomplete: texts, CipherSuites: map[string][]string{}, SuiteOrder: map[string]string{}, KeyExchanges: texts,
		KeyExchangesRefused: texts, DHBits: 1 << 40, SignatureSchemes: texts, ALPNProtocols: texts, Samples: 1 << 40,
		HTTPStatus: 1 << 40, HSTS: scan.Yes, HSTSHeader: evil()}
	for i, version := range []string{"TLS 1.2", s, evil()} {
		e.CipherSuites[version] = append(slices.Clone(texts), "suite "+strconv.Itoa(i))
		e.SuiteOrder[version] = evil()
	}
	for _, t := range texts {
		e.OtherChains = append(e.OtherChains, scan.OtherChain{For: t, Chain: sums})
	}
	return &report.EndpointRow{Vantage: evil(), Worst: evil(), Endpoint: e, Names: func(string) (string, error) { return s, nil },
		EndpointRelations: report.EndpointRelations{SameCertificate: 1 << 40, SameKey: 1 << 40,
			Differs: slices.Repeat([]report.Difference{{Evidence: 1 << 40, Vantage: s, Certificate: true, Version: true}}, 20)}}
}
