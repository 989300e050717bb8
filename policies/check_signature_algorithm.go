package policies

import (
	"slices"
	"time"

	"certaudit/scan"
)

func signatureAlgorithm() *Check {
	return &Check{
		ID:      "signature-algorithm",
		Title:   "Certificate is signed with a sound algorithm",
		Failure: "Certificate is signed with a weak algorithm",
		Why:     "Collisions in MD5 and SHA-1 can be computed: whoever finds one can move a genuine signature to a forged certificate, which then is accepted for names that its holder does not own.",
		Remedy:  "Have the certificate issued again, signed with SHA-256 or better, by an issuer whose own certificate is signed so too; the key need not change. Replace it wherever it is in use.",
		Unit:    UnitCertificate,
		Params: []Param{
			{Name: "deny", Type: TextList, Default: "[MD2, MD5, SHA1]", OneOf: signatureTerms(), accepts: acceptOID,
				Doc: "what fails: a hash (SHA1), a family (DSA), a whole name (ECDSA-SHA1) or an OID"},
			{Name: "allow", Type: TextList, OneOf: signatureTerms(), accepts: acceptOID,
				Doc: "where given, everything else fails; where not, an algorithm that certaudit cannot name is not assessed"},
		},
		New: newSignatureAlgorithm,
	}
}

func newSignatureAlgorithm(p Values) (Test, error) {
	deny, allow, err := denyAllow(p)
	if err != nil {
		return Test{}, err
	}
	known := make(map[string]signature)
	for _, s := range signatures() {
		known[s.name] = s
	}
	required := denyAllowRequires("signature", deny, allow)
	return Test{
		Needs:    []string{"signature_algorithm"},
		Requires: required,
		Eval: func(s *Subject, _ time.Time) Verdict {
			name := s.Certificate.SignatureAlgorithm
			sig, named := known[name]
			switch {
			case ownSignatureOnly(s):
				return Verdict{Result: NotApplicable}
			case sig.isAmong(name, deny):
				return Verdict{Result: Fail, Observed: name, Required: required,
					Message: "The certificate is signed with " + name + ", which the policy denies."}
			case len(allow) > 0 && sig.isAmong(name, allow):
				return pass
			case len(allow) > 0:
				return Verdict{Result: Fail, Observed: name, Required: required,
					Message: "The certificate is signed with " + name + ", which is not among the algorithms that the policy allows."}
			case named:
				return pass
			}
			return Verdict{Result: NotAssessed, Observed: name,
				Message: "The certificate is signed with " + name + ", which certaudit cannot take apart and the policy does not mention."}
		},
	}, nil
}

// isAmong reports whether terms have the algorithm's hash, family or name.
func (s signature) isAmong(name string, terms []string) bool {
	return slices.Contains(terms, name) ||
		s.hash != "" && slices.Contains(terms, s.hash) ||
		s.family != "" && slices.Contains(terms, s.family)
}

// ownSignatureOnly is true for a self-signed certificate that is nowhere an
// identity: what trusts it trusts the certificate itself, and relies on no
// signature (RFC 5280 section 6.1).
func ownSignatureOnly(s *Subject) bool {
	return s.Certificate.SelfSigned == scan.Yes && len(s.Places) > 0 && usesOf(s.Places)&(maskIdentity|maskUnknown) == 0
}
