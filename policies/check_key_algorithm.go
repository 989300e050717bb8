package policies

import (
	"slices"
	"time"
)

func keyAlgorithm() *Check {
	return &Check{
		ID:      "key-algorithm",
		Title:   "Public key algorithm is approved",
		Failure: "Public key algorithm is not approved",
		Why:     "Algorithms that standards have withdrawn receive no further review, and current software drops them, so that a certificate which relies on one is both a weakness and a coming outage.",
		Remedy:  "Generate a key of an approved algorithm, have a new certificate issued for it, install both wherever this certificate is in use, and have the old certificate revoked.",
		Unit:    UnitCertificate,
		Params: []Param{
			{Name: "deny", Type: TextList, Default: "[DSA]", OneOf: keyAlgorithmNames(), accepts: acceptOID,
				Doc: "algorithms that fail, by name or OID"},
			{Name: "allow", Type: TextList, OneOf: keyAlgorithmNames(), accepts: acceptOID,
				Doc: "where given, every other algorithm fails; where not, an algorithm that no standard names is not assessed"},
		},
		New: newKeyAlgorithm,
	}
}

func newKeyAlgorithm(p Values) (Test, error) {
	deny, allow, err := denyAllow(p)
	if err != nil {
		return Test{}, err
	}
	required := denyAllowRequires("key algorithm", deny, allow)
	return Test{
		Needs:    []string{"key_algorithm"},
		Requires: required,
		Eval: func(s *Subject, _ time.Time) Verdict {
			name := s.Certificate.KeyAlgorithm
			switch {
			case slices.Contains(deny, name):
				return Verdict{Result: Fail, Observed: name, Required: required,
					Message: "The key is of the algorithm " + name + ", which the policy denies."}
			case len(allow) > 0 && slices.Contains(allow, name):
				return pass
			case len(allow) > 0:
				return Verdict{Result: Fail, Observed: name, Required: required,
					Message: "The key is of the algorithm " + name + ", which is not among those that the policy allows."}
			case isKeyAlgorithm(name):
				return pass
			}
			return Verdict{Result: NotAssessed, Observed: name,
				Message: "The key is of the algorithm " + name + ", which certaudit cannot name and the policy does not mention."}
		},
	}, nil
}

func isKeyAlgorithm(name string) bool {
	for i := range keyKinds {
		if keyKinds[i].name == name {
			return true
		}
	}
	return false
}

// denyAllow reads the two lists that several checks take.
func denyAllow(p Values) (deny, allow []string, err error) {
	deny, allow = p.TextList("deny"), p.TextList("allow")
	if len(deny)+len(allow) == 0 {
		return nil, nil, paramErrorf("", "deny and allow are both empty, so that everything would pass")
	}
	if name, both := firstCommon(allow, deny); both {
		note := ""
		if !p.Given("deny") {
			note = "; deny holds it unless the policy says otherwise"
		}
		return nil, nil, paramErrorf("allow", "%s is also denied%s", name, note)
	}
	return deny, allow, nil
}

func denyAllowRequires(what string, deny, allow []string) string {
	switch {
	case len(allow) == 0:
		return what + " not " + orList(deny)
	case len(deny) == 0:
		return what + " " + orList(allow)
	}
	return what + " " + orList(allow) + ", not " + orList(deny)
}
