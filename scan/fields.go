package scan

// The tables below are the evidence format. Names are stable within a Schema.

var runFields = []field[RunRecord]{
	{"schema", "major version of the evidence format", false, func(r *RunRecord) any { return &r.Schema }},
	{"tool", "name of the program that scanned", false, func(r *RunRecord) any { return &r.Tool }},
	{"version", "its version", false, func(r *RunRecord) any { return &r.Version }},
	{"binary_sha256", "SHA-256 of its executable file", false, func(r *RunRecord) any { return &r.BinarySHA256 }},
	{"selftest", "passed, or which known answer was missed", false, func(r *RunRecord) any { return &r.Selftest }},
	{"started", "when the scan began, UTC", false, func(r *RunRecord) any { return &r.Started }},
	{"operator", "account that ran the scan", false, func(r *RunRecord) any { return &r.Operator }},
	{"host", "machine that ran the scan", false, func(r *RunRecord) any { return &r.Host }},
	{"vantage", "where the scan stood, as the user named it", false, func(r *RunRecord) any { return &r.Vantage }},
	{"command", "the command line, secrets masked", false, func(r *RunRecord) any { return &r.Command }},
	{"ci_url", "address of the CI job, when there was one", false, func(r *RunRecord) any { return &r.CIURL }},
	{"targets", "what was asked for, in order", false, func(r *RunRecord) any { return &r.Targets }},
	{"target_lists", "target files with digest and number of entries", true, func(r *RunRecord) any { return &r.TargetLists }},
	{"roots", "trust anchors given to the scan, with digest", true, func(r *RunRecord) any { return &r.Roots }},
	{"excludes", "globs left out of scope, with the reason", true, func(r *RunRecord) any { return &r.Excludes }},
	{"options", "flags that shaped the scan", true, func(r *RunRecord) any { return &r.Options }},
	{"probes", "hellos sent beyond one handshake", true, func(r *RunRecord) any { return &r.Probes }},
}

// certificateHead and certificateTail stand in every certificate record,
// certificateFacts only where a parser accepted the certificate.
var certificateHead = []field[Certificate]{
	{"sha256", "SHA-256 of the certificate's DER: its identity", false, func(r *Certificate) any { return &r.SHA256 }},
}

var certificateFacts = []field[Certificate]{
	{"subject", "subject name (RFC 4514)", false, func(r *Certificate) any { return &r.Subject }},
	{"subject_cn", "last common name of the subject", false, func(r *Certificate) any { return &r.SubjectCN }},
	{"subject_attributes", "attributes of the subject in their order, type=value with the value unescaped; absent when it has none", true, func(r *Certificate) any { return &r.SubjectAttributes }},
	{"issuer", "issuer name (RFC 4514)", false, func(r *Certificate) any { return &r.Issuer }},
	{"issuer_cn", "last common name of the issuer", false, func(r *Certificate) any { return &r.IssuerCN }},
	{"issuer_attributes", "attributes of the issuer in their order, as of the subject", true, func(r *Certificate) any { return &r.IssuerAttributes }},
	{"serial", "serial number, lower-case hexadecimal without leading zeros", false, func(r *Certificate) any { return &r.Serial }},
	{"not_before", "first second of validity, UTC; absent where it cannot be read", true, func(r *Certificate) any { return &r.NotBefore }},
	{"not_after", "last second of validity, UTC; absent where it cannot be read", true, func(r *Certificate) any { return &r.NotAfter }},
	{"key_algorithm", "algorithm of the public key, or its OID", false, func(r *Certificate) any { return &r.KeyAlgorithm }},
	{"key_bits", "size of modulus or field in bits; absent where size has no meaning", true, func(r *Certificate) any { return &r.KeyBits }},
	{"key_curve", "named curve, or its OID", true, func(r *Certificate) any { return &r.KeyCurve }},
	{"spki_sha256", "SHA-256 of the subjectPublicKeyInfo", false, func(r *Certificate) any { return &r.SPKISHA256 }},
	{"signature_algorithm", "algorithm of the issuer's signature, or its OID", false, func(r *Certificate) any { return &r.SignatureAlgorithm }},
	{"is_ca", "CA flag of the basic constraints", false, func(r *Certificate) any { return &r.IsCA }},
	{"self_signed", "the signature verifies under the certificate's own key; absent where it cannot be checked", true, func(r *Certificate) any { return &r.SelfSigned }},
	{"self_issued", "subject and issuer names are the same bytes", false, func(r *Certificate) any { return &r.SelfIssued }},
	{"dns_names", "subject alternative names: DNS", false, func(r *Certificate) any { return &r.DNSNames }},
	{"ip_addresses", "subject alternative names: IP addresses", false, func(r *Certificate) any { return &r.IPAddresses }},
	{"email_addresses", "subject alternative names: mail", false, func(r *Certificate) any { return &r.EmailAddresses }},
	{"uris", "subject alternative names: URIs", false, func(r *Certificate) any { return &r.URIs }},
	{"ext_key_usage", "extended key usages by name, or OID", false, func(r *Certificate) any { return &r.ExtKeyUsage }},
	{"key_algorithm_draft", "name in a draft, where the key's algorithm is given by OID", true, func(r *Certificate) any { return &r.KeyAlgorithmDraft }},
	{"signature_algorithm_draft", "name in a draft, where the signature's algorithm is given by OID", true, func(r *Certificate) any { return &r.SignatureAlgorithmDraft }},
	{"sha1", "SHA-1 of the certificate's DER", true, func(r *Certificate) any { return &r.SHA1 }},
	{"version", "1, 2 or 3; another number as encoded plus one", true, func(r *Certificate) any { return &r.Version }},
	{"key_usage", "key usages by name (RFC 5280 section 4.2.1.3)", true, func(r *Certificate) any { return &r.KeyUsage }},
	{"path_length", "limit of the basic constraints; absent when there is none", true, func(r *Certificate) any { return &r.PathLength }},
	{"policies", "certificate policies by OID", true, func(r *Certificate) any { return &r.Policies }},
	{"other_names", "subject alternative names of other kinds, by OID of the kind", true, func(r *Certificate) any { return &r.OtherNames }},
	{"ocsp_urls", "where the issuer answers OCSP", true, func(r *Certificate) any { return &r.OCSPURLs }},
	{"issuer_urls", "where the issuer's certificate is", true, func(r *Certificate) any { return &r.IssuerURLs }},
	{"crl_urls", "where the issuer's CRL is", true, func(r *Certificate) any { return &r.CRLURLs }},
	{"sct_count", "signed certificate timestamps inside; absent when none", true, func(r *Certificate) any { return &r.SCTCount }},
	{"must_staple", "a stapled OCSP response is demanded (RFC 7633); absent when not", true, func(r *Certificate) any { return &r.MustStaple }},
	{"rsa_exponent", "public exponent of an RSA key, decimal", true, func(r *Certificate) any { return &r.RSAExponent }},
	{"security_bits", "strength of the key in bits (SP 800-57 part 1 table 2, FIPS 203 to 205 categories); absent where they give none", true, func(r *Certificate) any { return &r.SecurityBits }},
}

var certificateTail = []field[Certificate]{
	{"parse_notes", "codes for what a strict parser objects to", true, func(r *Certificate) any { return &r.ParseNotes }},
	{"detail", "the parser's own words, when it refused", true, func(r *Certificate) any { return &r.Detail }},
	{"der", "the certificate, base64", false, func(r *Certificate) any { return &r.DER }},
}

var fileFields = []field[File]{
	{"target", "the target that brought it into scope", false, func(r *File) any { return &r.Target }},
	{"path", "path as reported, / on every system", false, func(r *File) any { return &r.Path }},
	{"size", "bytes", false, func(r *File) any { return &r.Size }},
	{"mtime", "last modification, UTC", false, func(r *File) any { return &r.ModTime }},
	{"sha256", "SHA-256 of the content, when it was read", true, func(r *File) any { return &r.SHA256 }},
	{"outcome", "read, no_certificates, not_assessed, excluded or own_output", false, func(r *File) any { return &r.Outcome }},
	{"reason", "why it was excluded", true, func(r *File) any { return &r.Reason }},
	{"leftover", "bytes that no decoder consumed, before, inside or behind a container; they were searched", true, func(r *File) any { return &r.Leftover }},
	{"notes", "codes for what is odd about the file: leading_data, inside_data, trailing_data, polyglot (something was found in bytes that the file's first decoder did not consume)", true, func(r *File) any { return &r.Notes }},
	{"observed_at", "when, UTC", false, func(r *File) any { return &r.ObservedAt }},
}

var observationFields = []field[Observation]{
	{"target", "the target that brought it into scope", false, func(r *Observation) any { return &r.Target }},
	{"path", "file that holds it", true, func(r *Observation) any { return &r.Path }},
	{"endpoint", "host:port that sent it", true, func(r *Observation) any { return &r.Endpoint }},
	{"address", "its address, where each address of a name is an endpoint of its own", true, func(r *Observation) any { return &r.Address }},
	{"index", "order among the objects of its kind in the file, or in the chain, from 0", false, func(r *Observation) any { return &r.Index }},
	{"alias", "name of the entry in a store", true, func(r *Observation) any { return &r.Alias }},
	{"use", "identity, chain, anchor or unknown, as told by this place", true, func(r *Observation) any { return &r.Use }},
	{"use_basis", "what told the use", true, func(r *Observation) any { return &r.UseBasis }},
	{"container", "kind of file or protocol", false, func(r *Observation) any { return &r.Container }},
	{"object", "certificate, csr, crl, private_key or public_key", false, func(r *Observation) any { return &r.Object }},
	{"sha256", "the certificate that is placed here", true, func(r *Observation) any { return &r.SHA256 }},
	{"line", "line of a text file, from 1", true, func(r *Observation) any { return &r.Line }},
	{"notes", "codes for what is odd about the place: trailing_data, default_password (a usual password opens the store), integrity_unverified (no password confirmed its digest)", true, func(r *Observation) any { return &r.Notes }},
	{"observed_at", "when, UTC", false, func(r *Observation) any { return &r.ObservedAt }},
}

// objectFields stand in an observation of anything but a certificate.
var objectFields = []field[Observation]{
	{"object_sha256", "SHA-256 of a request's or revocation list's DER; never of key material", true, func(r *Observation) any { return &r.Facts.SHA256 }},
	{"format", "how a key is written: pkcs1, pkcs8, sec1, dsa, openssh, putty, jwk, spki or ssh2", true, func(r *Observation) any { return &r.Facts.Format }},
	{"subject", "subject that a request asks for (RFC 4514)", true, func(r *Observation) any { return &r.Facts.Subject }},
	{"subject_cn", "last common name of that subject", true, func(r *Observation) any { return &r.Facts.SubjectCN }},
	{"issuer", "issuer of a revocation list (RFC 4514)", true, func(r *Observation) any { return &r.Facts.Issuer }},
	{"issuer_cn", "last common name of that issuer", true, func(r *Observation) any { return &r.Facts.IssuerCN }},
	{"key_algorithm", "algorithm of the key, or its OID", true, func(r *Observation) any { return &r.Facts.KeyAlgorithm }},
	{"key_bits", "size of modulus or field in bits; absent where size has no meaning", true, func(r *Observation) any { return &r.Facts.KeyBits }},
	{"key_curve", "named curve, or its OID", true, func(r *Observation) any { return &r.Facts.KeyCurve }},
	{"key_algorithm_draft", "name in a draft of a key algorithm that no standard names", true, func(r *Observation) any { return &r.Facts.KeyAlgorithmDraft }},
	{"spki_sha256", "SHA-256 of the public key as a subjectPublicKeyInfo; a certificate with the same one belongs to this key", true, func(r *Observation) any { return &r.Facts.SPKISHA256 }},
	{"rsa_exponent", "public exponent of an RSA key, decimal", true, func(r *Observation) any { return &r.Facts.RSAExponent }},
	{"security_bits", "strength of the key in bits, as in a certificate", true, func(r *Observation) any { return &r.Facts.SecurityBits }},
	{"signature_algorithm", "algorithm of the signature, or its OID", true, func(r *Observation) any { return &r.Facts.SignatureAlgorithm }},
	{"signature_algorithm_draft", "name in a draft of a signature algorithm that no standard names", true, func(r *Observation) any { return &r.Facts.SignatureAlgorithmDraft }},
	{"signature_valid", "a request's signature verifies under its own key (RFC 2986 section 4.2); absent where that cannot be checked", true, func(r *Observation) any { return &r.Facts.SignatureValid }},
	{"dns_names", "DNS names that a request asks for", true, func(r *Observation) any { return &r.Facts.DNSNames }},
	{"ip_addresses", "IP addresses that a request asks for", true, func(r *Observation) any { return &r.Facts.IPAddresses }},
	{"email_addresses", "mail addresses that a request asks for", true, func(r *Observation) any { return &r.Facts.EmailAddresses }},
	{"uris", "URIs that a request asks for", true, func(r *Observation) any { return &r.Facts.URIs }},
	{"this_update", "when a revocation list was issued, UTC", true, func(r *Observation) any { return &r.Facts.ThisUpdate }},
	{"next_update", "when its successor is due, UTC", true, func(r *Observation) any { return &r.Facts.NextUpdate }},
	{"revoked", "entries of a revocation list", true, func(r *Observation) any { return &r.Facts.Revoked }},
	{"crl_number", "number of a revocation list, lower-case hexadecimal", true, func(r *Observation) any { return &r.Facts.CRLNumber }},
	{"encrypted", "a private key is protected by a password; absent where that was not looked at", true, func(r *Observation) any { return &r.Facts.Encrypted }},
	{"encryption", "cipher or scheme that protects it", true, func(r *Observation) any { return &r.Facts.Encryption }},
	{"mode", "permissions of the file that holds a private key, octal", true, func(r *Observation) any { return &r.Facts.Mode }},
	{"ssh_kind", "user or host, of an OpenSSH certificate", true, func(r *Observation) any { return &r.Facts.SSHKind }},
	{"ssh_key_id", "its name, as its CA wrote it", true, func(r *Observation) any { return &r.Facts.SSHKeyID }},
	{"ssh_serial", "its serial number, decimal", true, func(r *Observation) any { return &r.Facts.SSHSerial }},
	{"ssh_principals", "users or hosts that it is valid for; absent means any", true, func(r *Observation) any { return &r.Facts.SSHPrincipals }},
	{"ssh_signer_sha256", "SHA-256 of its CA's public key as a subjectPublicKeyInfo", true, func(r *Observation) any { return &r.Facts.SSHSignerSHA256 }},
	{"not_before", "first second of an OpenSSH certificate's validity, UTC", true, func(r *Observation) any { return &r.Facts.NotBefore }},
	{"not_after", "last second of it, UTC; absent where it has no end", true, func(r *Observation) any { return &r.Facts.NotAfter }},
	{"parse_notes", "codes for what a strict parser objects to", true, func(r *Observation) any { return &r.Facts.ParseNotes }},
}

var endpointFields = []field[Endpoint]{
	{"target", "the target that asked for it", false, func(r *Endpoint) any { return &r.Target }},
	{"endpoint", "host:port as asked", false, func(r *Endpoint) any { return &r.Endpoint }},
	{"address", "IP address that was dialled; empty where a proxy resolved the name", false, func(r *Endpoint) any { return &r.Address }},
	{"port", "TCP port", false, func(r *Endpoint) any { return &r.Port }},
	{"server_name", "name sent as SNI; empty when none was sent", false, func(r *Endpoint) any { return &r.ServerName }},
	{"starttls", "protocol that was upgraded; empty for plain TLS", false, func(r *Endpoint) any { return &r.StartTLS }},
	{"tls_version", "negotiated version", false, func(r *Endpoint) any { return &r.TLSVersion }},
	{"cipher_suite", "negotiated suite, IANA name", false, func(r *Endpoint) any { return &r.CipherSuite }},
	{"key_exchange", "negotiated group; empty for RSA key transport", false, func(r *Endpoint) any { return &r.KeyExchange }},
	{"alpn", "negotiated application protocol", false, func(r *Endpoint) any { return &r.ALPN }},
	{"ocsp_stapled", "an OCSP response was stapled", true, func(r *Endpoint) any { return &r.OCSPStapled }},
	{"chain", "SHA-256 of each certificate as sent", false, func(r *Endpoint) any { return &r.Chain }},
	{"paths", "candidate paths from the leaf to a given root, whatever the date", false, func(r *Endpoint) any { return &r.Paths }},
	{"path_error", "why there is no path", true, func(r *Endpoint) any { return &r.PathError }},
	{"paths_elsewhere", "where there is none: paths that hold only with intermediates that were not sent and that the scan was given (--intermediates)", true, func(r *Endpoint) any { return &r.PathsElsewhere }},
	{"hostname_match", "the leaf names this host (RFC 9525); absent where it cannot be checked", true, func(r *Endpoint) any { return &r.HostnameMatch }},
	{"client_certificate_requested", "the server asked for a client certificate", true, func(r *Endpoint) any { return &r.ClientCert }},
	{"versions", "TLS versions accepted, as far as seen or probed", true, func(r *Endpoint) any { return &r.Versions }},
	{"versions_refused", "TLS versions probed and refused", true, func(r *Endpoint) any { return &r.VersionsRefused }},
	{"attempts", "connections tried for the handshake", false, func(r *Endpoint) any { return &r.Attempts }},
	{"observed_at", "when, UTC", false, func(r *Endpoint) any { return &r.ObservedAt }},
	{"ocsp_status", "what the stapled OCSP response says: good, revoked or unknown", true, func(r *Endpoint) any { return &r.OCSPStatus }},
	{"ocsp_verified", "its signature verifies under the issuer, or a responder that the issuer named", true, func(r *Endpoint) any { return &r.OCSPVerified }},
	{"ocsp_error", "why it is not verified: a stable code", true, func(r *Endpoint) any { return &r.OCSPError }},
	{"ocsp_produced_at", "when it was signed, UTC", true, func(r *Endpoint) any { return &r.OCSPProducedAt }},
	{"ocsp_this_update", "when its status was known to hold, UTC", true, func(r *Endpoint) any { return &r.OCSPThisUpdate }},
	{"ocsp_next_update", "when newer information is due, UTC; absent when it does not say", true, func(r *Endpoint) any { return &r.OCSPNextUpdate }},
	{"scts", "signed certificate timestamps in the handshake or the stapled response; absent where they were not asked for", true, func(r *Endpoint) any { return &r.SCTs }},
	{"probed", "probes that gave their answer, whole, by their names in the run record", true, func(r *Endpoint) any { return &r.Probed }},
	{"incomplete", "probes that were cut short: what they found stands, and more may exist", true, func(r *Endpoint) any { return &r.Incomplete }},
	{"cipher_suites", "suites accepted, IANA names by version, in the server's order where suite_order says so", true, func(r *Endpoint) any { return &r.CipherSuites }},
	{"suite_order", "by version, whose order decides: server or client", true, func(r *Endpoint) any { return &r.SuiteOrder }},
	{"key_exchanges", "groups accepted, in any version", true, func(r *Endpoint) any { return &r.KeyExchanges }},
	{"key_exchanges_refused", "groups offered and refused", true, func(r *Endpoint) any { return &r.KeyExchangesRefused }},
	{"dh_bits", "smallest prime of a finite-field key exchange that was seen", true, func(r *Endpoint) any { return &r.DHBits }},
	{"signature_schemes", "schemes that the server signs handshakes with (RFC 8446 section 4.2.3)", true, func(r *Endpoint) any { return &r.SignatureSchemes }},
	{"alpn_protocols", "application protocols accepted, of those that were offered", true, func(r *Endpoint) any { return &r.ALPNProtocols }},
	{"other_chains", "chains that other clients are shown: for (RSA, ECDSA, EdDSA, DSA or ML-DSA: clients that take no other key; no_sni; sample) and chain", true, func(r *Endpoint) any { return &r.OtherChains }},
	{"samples", "handshakes whose chains were compared; absent for one", true, func(r *Endpoint) any { return &r.Samples }},
	{"compression", "TLS compression is accepted", true, func(r *Endpoint) any { return &r.Compression }},
	{"secure_renegotiation", "secure renegotiation is supported (RFC 5746)", true, func(r *Endpoint) any { return &r.SecureRenegotiation }},
	{"extended_master_secret", "the extended master secret is supported (RFC 7627)", true, func(r *Endpoint) any { return &r.ExtendedMaster }},
	{"fallback_scsv", "a needless fallback is refused (RFC 7507)", true, func(r *Endpoint) any { return &r.FallbackSCSV }},
	{"heartbeat", "the heartbeat extension is supported (RFC 6520)", true, func(r *Endpoint) any { return &r.Heartbeat }},
	{"resumption_ticket", "a TLS 1.2 session resumes with a ticket (RFC 5077)", true, func(r *Endpoint) any { return &r.ResumptionTicket }},
	{"resumption_id", "a TLS 1.2 session resumes with its session id", true, func(r *Endpoint) any { return &r.ResumptionID }},
	{"resumption_psk", "a TLS 1.3 session resumes", true, func(r *Endpoint) any { return &r.ResumptionPSK }},
	{"http_status", "status of the answer to one HTTP request for /", true, func(r *Endpoint) any { return &r.HTTPStatus }},
	{"hsts", "that answer had a Strict-Transport-Security header (RFC 6797)", true, func(r *Endpoint) any { return &r.HSTS }},
	{"hsts_header", "its value", true, func(r *Endpoint) any { return &r.HSTSHeader }},
}

var revocationFields = []field[Revocation]{
	{"certificate", "SHA-256 of the certificate that was asked about", false, func(r *Revocation) any { return &r.Certificate }},
	{"issuer", "SHA-256 of its issuer's certificate", true, func(r *Revocation) any { return &r.Issuer }},
	{"method", "ocsp or crl", false, func(r *Revocation) any { return &r.Method }},
	{"source", "URL that was asked, or path of a list that was given", false, func(r *Revocation) any { return &r.Source }},
	{"status", "good, revoked or unknown; absent when nothing was obtained", true, func(r *Revocation) any { return &r.Status }},
	{"reason", "reason of a revocation (RFC 5280 section 5.3.1)", true, func(r *Revocation) any { return &r.Reason }},
	{"revoked_at", "when it was revoked, UTC", true, func(r *Revocation) any { return &r.RevokedAt }},
	{"produced_at", "when the OCSP response was signed, UTC", true, func(r *Revocation) any { return &r.ProducedAt }},
	{"this_update", "when the status was known to hold, UTC", true, func(r *Revocation) any { return &r.ThisUpdate }},
	{"next_update", "when newer information is due, UTC; absent when it does not say", true, func(r *Revocation) any { return &r.NextUpdate }},
	{"signer", "SHA-256 of the certificate that signed, when it is not the issuer's", true, func(r *Revocation) any { return &r.Signer }},
	{"verified", "the signature verifies, and its signer may speak for the issuer", true, func(r *Revocation) any { return &r.Verified }},
	{"error", "why nothing was obtained, or why it does not count: a stable code", true, func(r *Revocation) any { return &r.Error }},
	{"response_sha256", "SHA-256 of the response or list", true, func(r *Revocation) any { return &r.SHA256 }},
	{"observed_at", "when, UTC", false, func(r *Revocation) any { return &r.ObservedAt }},
}

var notAssessedFields = []field[NotAssessed]{
	{"target", "the target that brought it into scope", false, func(r *NotAssessed) any { return &r.Target }},
	{"path", "file, or", true, func(r *NotAssessed) any { return &r.Path }},
	{"endpoint", "host:port", true, func(r *NotAssessed) any { return &r.Endpoint }},
	{"address", "its address, where each address of a name is an endpoint of its own", true, func(r *NotAssessed) any { return &r.Address }},
	{"index", "object among those of its kind in the file, from 0; -1 when the whole is meant", false, func(r *NotAssessed) any { return &r.Index }},
	{"object", "csr, crl, private_key or public_key, where it is known and no certificate", true, func(r *NotAssessed) any { return &r.Object }},
	{"stage", "step that could not be done", false, func(r *NotAssessed) any { return &r.Stage }},
	{"reason", "stable code", false, func(r *NotAssessed) any { return &r.Reason }},
	{"detail", "the library's words", true, func(r *NotAssessed) any { return &r.Detail }},
	{"attempts", "tries made", true, func(r *NotAssessed) any { return &r.Attempts }},
	{"observed_at", "when, UTC", false, func(r *NotAssessed) any { return &r.ObservedAt }},
}

var endFields = []field[End]{
	{"finished", "when the scan ended, UTC", false, func(r *End) any { return &r.Finished }},
	{"resumed", "when the scan was last continued after it had been stopped, UTC", true, func(r *End) any { return &r.Resumed }},
	{"complete", "false when the scan was interrupted", false, func(r *End) any { return &r.Complete }},
	{"counts", "lines before this one, by kind", false, func(r *End) any { return &r.Counts }},
	{"sha256", "SHA-256 of every byte before this line", false, func(r *End) any { return &r.SHA256 }},
}

// A FieldDoc documents one evidence field.
type FieldDoc struct {
	Kind     Kind
	Name     string
	Doc      string
	Optional bool
}

// FieldDocs lists every evidence field in the order of the lines.
func FieldDocs() []FieldDoc {
	var docs []FieldDoc
	docs = appendDocs(docs, KindRun, runFields)
	docs = appendDocs(docs, KindCertificate, certificateHead)
	docs = appendDocs(docs, KindCertificate, certificateFacts)
	docs = appendDocs(docs, KindCertificate, certificateTail)
	docs = appendDocs(docs, KindFile, fileFields)
	docs = appendDocs(docs, KindObservation, observationFields)
	docs = appendDocs(docs, KindObservation, objectFields)
	docs = appendDocs(docs, KindEndpoint, endpointFields)
	docs = appendDocs(docs, KindRevocation, revocationFields)
	docs = appendDocs(docs, KindNotAssessed, notAssessedFields)
	return appendDocs(docs, KindEnd, endFields)
}

func appendDocs[T any](docs []FieldDoc, kind Kind, fields []field[T]) []FieldDoc {
	for _, f := range fields {
		docs = append(docs, FieldDoc{kind, f.name, f.doc, f.opt})
	}
	return docs
}

func rows[T any](r *T, fields []field[T]) func() (*T, []field[T]) {
	return func() (*T, []field[T]) { return r, fields }
}

func (r *RunRecord) appendTo(l *line)   { appendRecord(l, KindRun, rows(r, runFields)) }
func (r *File) appendTo(l *line)        { appendRecord(l, KindFile, rows(r, fileFields)) }
func (r *Endpoint) appendTo(l *line)    { appendRecord(l, KindEndpoint, rows(r, endpointFields)) }
func (r *Revocation) appendTo(l *line)  { appendRecord(l, KindRevocation, rows(r, revocationFields)) }
func (r *NotAssessed) appendTo(l *line) { appendRecord(l, KindNotAssessed, rows(r, notAssessedFields)) }
func (r *End) appendTo(l *line)         { appendRecord(l, KindEnd, rows(r, endFields)) }
func (u *Unknown) appendTo(*line)       {} // never written

func (r *Observation) appendTo(l *line) {
	if r.Facts == nil {
		appendRecord(l, KindObservation, rows(r, observationFields))
		return
	}
	appendRecord(l, KindObservation, rows(r, observationFields), rows(r, objectFields))
}

func (r *Certificate) appendTo(l *line) {
	if !r.Parsed {
		appendRecord(l, KindCertificate, rows(r, certificateHead), rows(r, certificateTail))
		return
	}
	appendRecord(l, KindCertificate, rows(r, certificateHead), rows(r, certificateFacts), rows(r, certificateTail))
}
