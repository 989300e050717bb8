package certfile

import (
	"gopkg.in/yaml.v3"

	"certaudit/scan"
)

// jwkMembers are the members of a JSON Web Key that tell what it is (RFC 7517
// section 4, RFC 7518 section 6). Of d it only counts that it is there.
var jwkMembers = []string{"kty", "crv", "kid", "n", "e", "x", "y", "d", "k"}

// jwkSecrets are the members of a private key that nothing is told by (RFC 7518
// section 6.3.2).
var jwkSecrets = []string{"p", "q", "dp", "dq", "qi", "oth"}

// jwk records a JSON Web Key and tells whether the mapping is one. A public key
// that comes with its certificates is told by them (RFC 7517 section 4.7).
func (w *treeWalk) jwk(n *yaml.Node, in field) bool {
	if text(n, "kty") == "" {
		return false
	}
	o, kind, reason := scan.DeriveJWK(func(name string) string { return text(n, name) })
	if child(n, "x5c") != nil && kind == scan.ObjectPublicKey {
		return true
	}
	if kind == scan.ObjectPrivateKey && w.f.opt.NoPrivateKeys {
		o, reason = &scan.Object{Format: scan.FormatJWK}, ""
	}
	alias := text(n, "kid")
	if alias == "" {
		alias = w.name(in)
	}
	w.f.keyOr(kind, o, reason, "JSON Web Key "+shorten(alias), entry{container: "jwks", alias: alias, line: w.line + n.Line})
	return true
}
