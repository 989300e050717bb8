package policies

import (
	"slices"
	"time"

	"certaudit/scan"
)

func signatureScheme() *Check {
	return &Check{
		ID:      "signature-scheme",
		Title:   "Handshakes are signed with sound schemes only",
		Failure: "Handshake signature scheme is not approved",
		Why:     "The server proves with a signature over the handshake that it holds its key. Under MD5 and SHA-1 collisions can be computed fast enough to pass a signature off for another handshake, whatever the certificate itself is signed with.",
		Remedy:  "Limit the signature algorithms of the server to those with SHA-256 or better, as its TLS library names them (SignatureAlgorithms in OpenSSL), and update what cannot do without SHA-1.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "must_not_offer", Type: TextList, Default: `["*_md5*", "*_sha1"]`, near: signatureSchemeNames, accepts: acceptSignatureScheme,
				Doc: "schemes that the server may not sign with, by name (IANA registry of TLS SignatureSchemes) or glob"},
		},
		New: newSignatureScheme,
	}
}

// signatureSchemeNames are what evidence can call the schemes that a server
// signs handshakes with: those of the IANA registry "TLS SignatureScheme", and
// the pairs of hash and algorithm of TLS 1.2 (RFC 5246 section 7.4.1.4.1) in
// the same form.
var signatureSchemeNames = []string{
	"dsa_md5", "dsa_sha1", "dsa_sha224", "dsa_sha256", "dsa_sha384", "dsa_sha512",
	"ecdsa_brainpoolP256r1tls13_sha256", "ecdsa_brainpoolP384r1tls13_sha384", "ecdsa_brainpoolP512r1tls13_sha512",
	"ecdsa_md5", "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ecdsa_sha1", "ecdsa_sha224",
	"ed25519", "ed448",
	"gostr34102012_256a", "gostr34102012_256b", "gostr34102012_256c", "gostr34102012_256d",
	"gostr34102012_512a", "gostr34102012_512b", "gostr34102012_512c",
	"mldsa44", "mldsa65", "mldsa87",
	"rsa_pkcs1_md5", "rsa_pkcs1_md5_sha1", // the latter of TLS 1.1 and before (RFC 4346 section 7.4.3)
	"rsa_pkcs1_sha1", "rsa_pkcs1_sha224", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512",
	"rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512",
	"rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
	"sm2sig_sm3",
}

func acceptSignatureScheme(p string) error {
	return acceptPattern(p, signatureSchemeNames, "signature scheme by its IANA name")
}

// schemesTold is the most schemes that a message lists.
const schemesTold = 8

func newSignatureScheme(p Values) (Test, error) {
	barred, err := compilePatterns(p.TextList("must_not_offer"))
	switch {
	case err != nil:
		return Test{}, paramErrorf("must_not_offer", "%v", err)
	case len(barred.texts) == 0:
		return Test{}, paramErrorf("must_not_offer", "the list is empty, so that everything would pass")
	}
	required := "signs with no " + orList(barred.texts)
	return Test{
		Needs:    []string{"signature_schemes"},
		Probes:   []Probe{{Name: scan.ProbeSignatureSchemes}},
		Requires: required,
		Eval:     func(s *Subject, _ time.Time) Verdict { return evalSignatureScheme(s.Endpoint, &barred, required) },
	}, nil
}

func evalSignatureScheme(e *scan.Endpoint, barred *patterns, required string) Verdict {
	var bad, strange []string
	for _, name := range e.SignatureSchemes {
		if _, match := barred.match(name); match {
			bad = append(bad, name)
		} else if !slices.Contains(signatureSchemeNames, name) {
			strange = append(strange, name)
		}
	}
	switch {
	case len(bad) > 0:
		return Verdict{Result: Fail, Observed: "signs with " + clipped(bad, schemesTold), Required: required,
			Message: "The endpoint signs handshakes with " + clipped(bad, schemesTold) + ", which the policy bars."}
	case !answered(e, scan.ProbeSignatureSchemes):
		return unanswered(e, "Whether the endpoint signs with further schemes", scan.ProbeSignatureSchemes)
	case len(strange) > 0:
		return Verdict{Result: NotAssessed, Observed: clipped(strange, schemesTold),
			Message: "The endpoint signs with " + clipped(strange, schemesTold) + ", which certaudit does not know by an IANA name."}
	}
	return pass
}
