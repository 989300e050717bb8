package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// keySize defaults to the 112-bit strength of NIST SP 800-57 part 1 rev. 5
// table 2, with ECDSA raised from 224 to 256 bits, the smallest size in use.
func keySize() *Check {
	return &Check{
		ID:      "key-size",
		Title:   "Public key is large enough",
		Failure: "Public key is too small",
		Why:     "A key that is too short can be broken by computation while the certificate is still trusted. Whoever breaks it can impersonate its holder, sign in its name and, with RSA key transport, read recorded traffic.",
		Remedy:  "Generate a new key of the required size, have a new certificate issued for it, install both wherever this certificate is in use, and have the old certificate revoked.",
		Unit:    UnitCertificate,
		Params:  keySizeParams(),
		New:     newKeySize,
	}
}

func keySizeParams() []Param {
	defaults := map[string]string{"RSA": "2048", "RSA-PSS": "2048", "DSA": "2048", "ECDSA": "256"}
	var out []Param
	for _, k := range keyKinds {
		p := Param{Name: k.name, Type: Integer, Max: 1 << 20, Default: defaults[k.name], Doc: "least size of " + k.name + " keys in bits"}
		switch {
		case k.set:
			p.Default, p.Max, p.Doc = "0", 0, k.name+" keys are accepted; their name fixes the strength, so that 0 is the only value"
		case k.bits > 0:
			p.Default, p.Max = fmt.Sprint(k.bits), k.bits
			p.Doc = fmt.Sprintf("least size of %s keys in bits; every one of them has %d", k.name, k.bits)
		}
		out = append(out, p)
	}
	return append(out, Param{Name: "OID", Type: Integer, Max: 1 << 20, matches: isOID,
		Doc: "least size in bits of keys of the algorithm with this OID, for one that evidence does not name; 0 accepts it at any size"})
}

func newKeySize(p Values) (Test, error) {
	least := make(map[string]int, len(p))
	fixed := make(map[string]int)
	for _, v := range p {
		least[v.Name] = v.Data.(int)
	}
	for _, k := range keyKinds {
		fixed[k.name] = k.bits
	}
	return Test{
		Needs:    []string{"key_algorithm"}, // some names fix the size, and need no key_bits
		Requires: keySizeRequires(p),
		Eval: func(s *Subject, _ time.Time) Verdict {
			c := s.Certificate
			want, named := least[c.KeyAlgorithm]
			if !named {
				return Verdict{Result: NotAssessed, Observed: c.KeyAlgorithm,
					Message: "Policy and check name no minimum size for " + c.KeyAlgorithm + " keys."}
			}
			bits := c.KeyBits
			if bits == 0 {
				bits = fixed[c.KeyAlgorithm]
			}
			switch {
			case bits >= want:
				return pass
			case bits == 0:
				return Verdict{Result: NotAssessed, Observed: c.KeyAlgorithm,
					Message: "The size of the " + c.KeyAlgorithm + " key is not known" + curveNote(c.KeyCurve) + "."}
			}
			return Verdict{
				Result:   Fail,
				Observed: fmt.Sprintf("%s %d bits", c.KeyAlgorithm, bits),
				Required: fmt.Sprintf("%s at least %d bits", c.KeyAlgorithm, want),
				Message:  fmt.Sprintf("The %s key has %d bits; the policy asks for at least %d.", c.KeyAlgorithm, bits, want),
			}
		},
	}, nil
}

func curveNote(curve string) string {
	if curve == "" {
		return ""
	}
	return " (curve " + curve + ")"
}

// keySizeRequires states the minima, then what is accepted as it is: names that
// fix the size, with the parameter sets of one standard together, and a
// minimum of 0.
func keySizeRequires(p Values) string {
	var sized, accepted []string
	for _, v := range p {
		name, bits := v.Name, v.Data.(int)
		i := slices.IndexFunc(keyKinds, func(k keyKind) bool { return k.name == name })
		fixed := i >= 0 && keyKinds[i].bits > 0
		if bits > 0 && !fixed {
			sized = append(sized, fmt.Sprintf("%s at least %d bits", name, bits))
			continue
		}
		if i >= 0 && keyKinds[i].set {
			parts := strings.SplitN(name, "-", 3)
			name = parts[0] + "-" + parts[1]
		}
		if !slices.Contains(accepted, name) {
			accepted = append(accepted, name)
		}
	}
	if len(accepted) > 0 {
		sized = append(sized, list(accepted)+" as they are")
	}
	return strings.Join(sized, ", ")
}
