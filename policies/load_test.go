package policies

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// files opens policies from memory.
func files(content map[string]string) LoadOptions {
	m := fstest.MapFS{}
	for name, text := range content {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return LoadOptions{Open: func(path string) (io.ReadCloser, error) { return m.Open(path) }}
}

const goodRule = "rules: [{id: r, check: expired, severity: high}]\n"

func TestLoadBadPolicies(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"empty", "", `acme.yaml: the file is empty`},
		{"comment only", "# nothing\n", `acme.yaml: the file is empty`},
		{"null", "---\n", `acme.yaml: the file is empty`},
		{"not YAML", "id: a\nrules: [\n", `acme.yaml:2: not YAML: did not find expected node content`},
		{"a list", "- id: a\n", `acme.yaml:1:1: a policy is a mapping of keys to values, not a list`},
		{"two documents", "id: a\n" + goodRule + "---\nid: b\n", `acme.yaml: the file holds more than one YAML document`},
		{"no rules", "id: acme\n", `acme.yaml:1:1: the policy has no rules and extends no other policy, so that it would judge nothing`},
		{"empty rules", "id: acme\nrules: []\n", `acme.yaml: the policy has no rules left, so that it would judge nothing`},
		{"null rules", "id: acme\nrules:\n", `acme.yaml:2:7: rules: expected a list, found nothing`},
		{"language", "language: 2\nid: acme\n" + goodRule, `acme.yaml:1:11: language: this version of certaudit reads policy language 1, not 2`},
		{"language text", "language: \"1\"\nid: acme\n" + goodRule, `acme.yaml:1:11: language: expected a whole number, found the text "1"`},
		{"no id", goodRule, `acme.yaml:1:1: the policy lacks the key "id"`},
		{"bad id", "id: Acme Corp\n" + goodRule, `acme.yaml:1:5: id "Acme Corp": write it with lower-case letters, digits, - and _, beginning with a letter or digit, at most 128 characters`},
		{"reserved id", "id: soc2\n" + goodRule, `acme.yaml: the id "soc2" is that of a built-in policy; choose another, and extend soc2 where its rules are wanted`},
		{"number as version", "id: acme\nversion: 2026.1\n" + goodRule, `acme.yaml:2:10: version: expected text, found the number "2026.1"; put it in quotes`},
		{"empty title", "id: acme\ntitle: ''\n" + goodRule, `acme.yaml:2:8: title: the text is empty`},
		{"escape in title", "id: acme\ntitle: \"a\\e[31mb\"\n" + goodRule, `acme.yaml:2:8: title: the text has the character U+001B, which reports cannot print`},
		{"line break in title", "id: acme\ntitle: \"a\\nb\"\n" + goodRule, `acme.yaml:2:8: title: the text has the character U+000A, which reports cannot print`},
		{"bidi in title", "id: acme\ntitle: \"a\\u202eb\"\n" + goodRule, `acme.yaml:2:8: title: the text has the character U+202E, which reports cannot print`},
		{"unknown key", "id: acme\nrule:\n  - id: r\n", `acme.yaml:2:1: unknown key "rule" in policy; did you mean "rules"?`},
		{"unknown key far away", "id: acme\nfrobnicate: 1\n" + goodRule, `acme.yaml:2:1: unknown key "frobnicate" in policy; known keys are language, id, title, version, description, extends, without, map, controls, rules`},
		{"hostile key", "id: acme\n\"a\\n::error::b\": 1\n" + goodRule, `acme.yaml:2:1: unknown key "a\n::error::b" in policy; known keys are language, id, title, version, description, extends, without, map, controls, rules`},
		{"duplicate key", "id: acme\nid: acme\n" + goodRule, `acme.yaml:2:1: key "id" appears twice in policy, first in line 1`},
		{"merge key", "id: acme\nrules:\n  - &r {id: r, check: expired, severity: high}\n  - {<<: *r, id: s}\n", `acme.yaml:4:6: rule: expected text as key, found a value with the tag "!!merge"`},
		{"list as key", "id: acme\n? [a]\n: b\n" + goodRule, `acme.yaml:2:3: policy: expected text as key, found a list`},
		{"misspelt rule key", "id: acme\nrules:\n  - id: r\n    title: T\n    check: expired\n    # comment\n    sevrity: high\n", `acme.yaml:7:5: unknown key "sevrity" in rule; did you mean "severity"?`},
		{"missing keys", "id: acme\nrules:\n  - title: T\n", "acme.yaml:3:5: the rule lacks the key \"check\"\nacme.yaml:3:5: the rule lacks the key \"id\"\nacme.yaml:3:5: the rule lacks the key \"severity\""},
		{"rule is text", "id: acme\nrules: [expired]\n", `acme.yaml:2:9: rule: expected a mapping, found the text "expired"`},
		{"rule id", "id: acme\nrules: [{id: a/b, check: expired, severity: low}]\n", `acme.yaml:2:14: id "a/b": write it with lower-case letters, digits, - and _, beginning with a letter or digit, at most 128 characters`},
		{"duplicate rule", "id: acme\nrules:\n  - {id: r, check: expired, severity: high}\n  - {id: r, check: self-signed, severity: high}\n", `acme.yaml:4:5: rule "acme/r" appears twice, first in line 3`},
		{"unknown check", "id: acme\nrules: [{id: r, check: key-sise, severity: low}]\n", `acme.yaml:2:24: unknown check "key-sise"; did you mean "key-size"?`},
		{"unknown check far away", "id: acme\nrules: [{id: r, check: zzzzzzzz, severity: low}]\n", `acme.yaml:2:24: unknown check "zzzzzzzz"; checks are chain-complete, chain-trusted, cipher-suite, ct, expired, expires-soon, handshake-options, hostname-match, hsts, key-algorithm, key-exchange, key-size, not-yet-valid, ocsp-stapling, renegotiation, resumption, revoked, self-signed, signature-algorithm, signature-scheme, tls-version, validity-period`},
		{"severity", "id: acme\nrules: [{id: r, check: expired, severity: hihg}]\n", `acme.yaml:2:43: severity "hihg" is not one of critical, high, medium, low, info; did you mean "high"?`},
		{"severity in capitals", "id: acme\nrules: [{id: r, check: expired, severity: High}]\n", `acme.yaml:2:43: severity "High" is not one of critical, high, medium, low, info; did you mean "high"?`},
		{"parameters where there are none", "id: acme\nrules: [{id: r, check: expired, severity: low, params: {days: 1}}]\n", `acme.yaml:2:56: check expired takes no parameters`},
		{"unknown parameter", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSAA: 3072}}]\n", `acme.yaml:2:58: unknown parameter "RSAA" of check key-size; did you mean "RSA"?`},
		{"parameter type", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSA: big}}]\n", `acme.yaml:2:63: parameter RSA: expected a whole number, found the text "big"`},
		{"parameter quoted", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSA: '3072'}}]\n", `acme.yaml:2:63: parameter RSA: expected a whole number, found the text "3072"`},
		{"parameter octal", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSA: 04000}}]\n", `acme.yaml:2:63: parameter RSA: write "04000" as a plain decimal number`},
		{"parameter range", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSA: -1}}]\n", `acme.yaml:2:63: parameter RSA: "-1" is not a number from 0 to 1048576`},
		{"parameter beyond int", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSA: 99999999999999999999}}]\n", `acme.yaml:2:63: parameter RSA: expected a whole number, found the number "99999999999999999999"`},
		{"parameter null", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {RSA: }}]\n", `acme.yaml:2:63: parameter RSA: expected a whole number, found nothing`},
		{"parameters null", "id: acme\nrules:\n  - id: r\n    check: key-size\n    severity: low\n    params:\n", `acme.yaml:6:12: params: expected a mapping, found nothing`},
		{"fixed strength", "id: acme\nrules: [{id: r, check: key-size, severity: low, params: {ML-DSA-65: 128}}]\n", `acme.yaml:2:69: parameter ML-DSA-65: "128" is not a number from 0 to 0`},
		{"unknown suite", "id: acme\nrules: [{id: r, check: cipher-suite, severity: low, params: {deny: TLS_RSA_WITH_AES_128_CBC_SHA1}}]\n", `acme.yaml:2:68: parameter deny: "TLS_RSA_WITH_AES_128_CBC_SHA1": it matches no cipher suite by its IANA name; did you mean "TLS_RSA_WITH_AES_128_CBC_SHA"?`},
		{"unknown version", "id: acme\nrules: [{id: r, check: tls-version, severity: low, params: {min: TLS1.2}}]\n", `acme.yaml:2:66: parameter min: "TLS1.2" is not one of SSL 3.0, TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3; did you mean "TLS 1.2"?`},
		{"nothing asked", "id: acme\nrules: [{id: r, check: tls-version, severity: low}]\n", `acme.yaml:2:9: params: nothing is barred and nothing demanded; name min, must_not_offer or must_offer`},
		{"contradiction", "id: acme\nrules: [{id: r, check: tls-version, severity: low, params: {min: TLS 1.3, must_offer: TLS 1.2}}]\n", `acme.yaml:2:87: parameter must_offer: TLS 1.2 is barred as well`},
		{"bad hash", "id: acme\nrules: [{id: r, check: signature-algorithm, severity: low, params: {deny: [MD5, SHA-1]}}]\n", `acme.yaml:2:81: parameter deny: "SHA-1": it is neither a name that certaudit knows nor an OID; did you mean "SHA1"?`},
		{"denied by default", "id: acme\nrules: [{id: r, check: key-algorithm, severity: low, params: {allow: [RSA, DSA]}}]\n", `acme.yaml:2:70: parameter allow: DSA is also denied; deny holds it unless the policy says otherwise`},
		{"band", "id: acme\nrules: [{id: r, check: expires-soon, severity: low, params: {bands: [{days: 30}]}}]\n", `acme.yaml:2:70: parameter bands lacks the key "severity"`},
		{"band key", "id: acme\nrules: [{id: r, check: expires-soon, severity: low, params: {bands: [{day: 30, severity: low}]}}]\n", `acme.yaml:2:71: unknown key "day" of parameter bands; did you mean "days"?`},
		{"no bands", "id: acme\nrules: [{id: r, check: expires-soon, severity: low, params: {bands: []}}]\n", `acme.yaml:2:69: parameter bands: name at least one band`},
		{"equal bands", "id: acme\nrules: [{id: r, check: expires-soon, severity: low, params: {bands: [{days: 1, severity: low}, {days: 1, severity: high}]}}]\n", `acme.yaml:2:69: parameter bands: two bands begin at 1 day`},
		{"fraction", "id: acme\nrules: [{id: r, check: expires-soon, severity: low, params: {lifetime_fraction: 0.3}}]\n", `acme.yaml:2:81: parameter lifetime_fraction: expected text, found the number "0.3"; put it in quotes`},
		{"fraction above one", "id: acme\nrules: [{id: r, check: expires-soon, severity: low, params: {lifetime_fraction: 3/2}}]\n", `acme.yaml:2:81: parameter lifetime_fraction: "3/2": write a fraction of at most 1 with terms from 1 to 1000, such as "1/3"`},
		{"cap date", "id: acme\nrules: [{id: r, check: validity-period, severity: low, params: {caps: [{from: 2026-02-30, days: 3}]}}]\n", `acme.yaml:2:79: parameter caps: from: "2026-02-30": write a date as 2006-01-02`},
		{"two caps", "id: acme\nrules: [{id: r, check: validity-period, severity: low, params: {days: 1, caps: [{from: 2026-02-01, days: 3}]}}]\n", `acme.yaml:2:71: parameter days: name either days or caps, not both`},
		{"use", "id: acme\nrules: [{id: r, check: expired, severity: low, when: {use: identiy}}]\n", `acme.yaml:2:60: use "identiy" is not one of identity, chain, anchor, unknown; did you mean "identity"?`},
		{"empty use", "id: acme\nrules: [{id: r, check: expired, severity: low, when: {use: []}}]\n", `acme.yaml:2:60: when: use is an empty list, which matches nothing`},
		{"when key", "id: acme\nrules: [{id: r, check: expired, severity: low, when: {hosts: a}}]\n", `acme.yaml:2:55: unknown key "hosts" in when; did you mean "host"?`},
		{"glob", "id: acme\nrules: [{id: r, check: expired, severity: low, when: {path: 'a['}}]\n", `acme.yaml:2:61: when: path: glob "a[": a [ is never closed`},
		{"path and host", "id: acme\nrules: [{id: r, check: expired, severity: low, when: {path: a, host: b}}]\n", `acme.yaml:2:54: when: path and host together match nothing, because a certificate is found in a file or at an endpoint; write two rules`},
		{"use of an endpoint", "id: acme\nrules: [{id: r, check: hostname-match, severity: low, when: {use: identity}}]\n", `acme.yaml:2:67: when: check hostname-match judges endpoints, which have no use; limit it by host`},
		{"container", "id: acme\nrules: [{id: r, check: expired, severity: low, when: {container: pkcs-12}}]\n", `acme.yaml:2:66: container "pkcs-12" is not one of base64, bcfks, bks, der, jceks, jks, json, jwks, k8s-secret, openssh, pem, pkcs12, pkcs7-der, pkcs7-pem, saml-xml, sfdx-xml, sst, tls, uber, xml, yaml; did you mean "pkcs12"?`},
		{"control", "id: acme\nrules: [{id: r, check: expired, severity: low, controls: [CC6.1]}]\n", `acme.yaml:2:59: control "CC6.1": write it as FRAMEWORK/ID`},
		{"control title", "id: acme\ncontrols: {CC6.1: T}\n" + goodRule, `acme.yaml:2:12: control "CC6.1": write it as FRAMEWORK/ID`},
		{"SSL 2.0 demanded", "id: acme\nrules: [{id: r, check: tls-version, severity: low, params: {must_offer: SSL 2.0}}]\n", `acme.yaml:2:73: parameter must_offer: "SSL 2.0" is not one of SSL 3.0, TLS 1.0, TLS 1.1, TLS 1.2, TLS 1.3; did you mean "SSL 3.0"?`},
		{"nothing barred below SSL 3.0", "id: acme\nrules: [{id: r, check: tls-version, severity: low, params: {min: SSL 3.0}}]\n", `acme.yaml:2:60: params: nothing is barred and nothing demanded; name min, must_not_offer or must_offer`},
		{"no such suite barred", "id: acme\nrules: [{id: r, check: cipher-suite, severity: low, params: {must_not_offer: ['TLS_RAS_*']}}]\n", `acme.yaml:2:79: parameter must_not_offer: "TLS_RAS_*": it matches no cipher suite by its IANA name`},
		{"nothing asked of offered suites", "id: acme\nrules: [{id: r, check: cipher-suite, severity: low, params: {deny: [], apply_to: offered}}]\n", `acme.yaml:2:61: params: deny and allow are both empty, so that everything would pass`},
		{"no such group", "id: acme\nrules: [{id: r, check: key-exchange, severity: low, params: {must_offer: X25519MLKEM786}}]\n", `acme.yaml:2:74: parameter must_offer: "X25519MLKEM786": it is neither a group that certaudit knows nor a number as evidence writes it, such as 0x0009; did you mean "X25519MLKEM768"?`},
		{"group barred and demanded", "id: acme\nrules: [{id: r, check: key-exchange, severity: low, params: {must_offer: P-256, must_not_offer: [P-192, P-256]}}]\n", `acme.yaml:2:74: parameter must_offer: P-256 is barred as well`},
		{"nothing asked of groups", "id: acme\nrules: [{id: r, check: key-exchange, severity: low, params: {min_bits: 0}}]\n", `acme.yaml:2:61: params: no strength, size or group is asked for, so that everything would pass`},
		{"no such scheme", "id: acme\nrules: [{id: r, check: signature-scheme, severity: low, params: {must_not_offer: ['*_sha-1']}}]\n", `acme.yaml:2:83: parameter must_not_offer: "*_sha-1": it matches no signature scheme by its IANA name`},
		{"no scheme", "id: acme\nrules: [{id: r, check: signature-scheme, severity: low, params: {must_not_offer: []}}]\n", `acme.yaml:2:82: parameter must_not_offer: the list is empty, so that everything would pass`},
		{"option barred and required", "id: acme\nrules: [{id: r, check: handshake-options, severity: low, params: {require: compression}}]\n", `acme.yaml:2:76: parameter require: compression is barred as well`},
		{"no option", "id: acme\nrules: [{id: r, check: handshake-options, severity: low, params: {bar: []}}]\n", `acme.yaml:2:66: params: bar and require are both empty, so that everything would pass`},
		{"no fault of chains", "id: acme\nrules: [{id: r, check: chain-complete, severity: low, params: {bar: []}}]\n", `acme.yaml:2:69: parameter bar: the list is empty, so that everything would pass`},
		{"every way of resumption", "id: acme\nrules: [{id: r, check: resumption, severity: low}]\n", `acme.yaml:2:9: params: every way is allowed, so that everything would pass`},
		{"unknown parent", "id: acme\nextends: [basline]\n", `acme.yaml:2:11: extends: unknown policy "basline": it is not built in, and there is no basline.yaml or policies/basline.yaml; did you mean "baseline"?`},
		{"path as parent", "id: acme\nextends: [../../etc/passwd]\n", `acme.yaml:2:11: extends: policy "../../etc/passwd": write an id or ID@EDITION`},
		{"old edition", "id: acme\nextends: [soc2@2019.1]\n", `acme.yaml:2:11: extends: policy soc2: edition "2019.1" is asked for, and the one here (built in) is 2026.1`},
		{"circle with itself", "id: acme\nextends: [acme]\n", `acme.yaml:2:11: extends: policies extend each other in a circle: acme.yaml → acme.yaml`},
		{"without", "id: acme\nextends: [baseline]\nwithout: [baseline/expird]\n", `acme.yaml:3:11: without: "baseline/expird" is no inherited rule; did you mean "baseline/expired"?`},
		{"without an own rule", "id: acme\nextends: [baseline]\nwithout: [acme/r]\n" + goodRule, `acme.yaml:3:11: without: "acme/r" is no inherited rule`},
		{"map", "id: acme\nextends: [baseline]\nmap: {baseline/key-sise: [A/1]}\n", `acme.yaml:3:7: map: "baseline/key-sise" is no inherited rule; did you mean "baseline/key-size"?`},
		{"map of what is dropped", "id: acme\nextends: [baseline]\nwithout: [baseline/expired]\nmap: {baseline/expired: [A/1]}\n", `acme.yaml:4:7: map: the rule "baseline/expired" is dropped by without`},
		{"alias circle", "id: acme\nrules: &r [*r]\n", `acme.yaml:2:12: the file nests deeper than 16 levels`},
		{"too deep", "id: acme\nrules: " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "\n", `acme.yaml:2:24: the file nests deeper than 16 levels`},
		{"billion laughs", "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", `acme.yaml:5:26: the file has more than 100000 values, aliases expanded`},
		{"too large", "id: acme\n#" + strings.Repeat("x", 1<<20), `acme.yaml: the file is larger than 1048576 bytes, the most that a policy may have`},
		{"every fault", "id: acme\nversion: 1\nrules:\n  - id: r\n    check: expird\n    severity: low\n  - id: s\n    check: key-size\n    severity: lo\n    params: {RSA: x, ECDS: 1}\n",
			"acme.yaml:2:10: version: expected text, found the number \"1\"; put it in quotes\n" +
				"acme.yaml:5:12: unknown check \"expird\"; did you mean \"expired\"?\n" +
				"acme.yaml:9:15: severity \"lo\" is not one of critical, high, medium, low, info; did you mean \"low\"?\n" +
				"acme.yaml:10:19: parameter RSA: expected a whole number, found the text \"x\"\n" +
				"acme.yaml:10:22: unknown parameter \"ECDS\" of check key-size; did you mean \"ECDSA\"?"},
		{"more faults than are told", "id: acme\nrules: [" + strings.Repeat("x, ", 13) + "]\n",
			func() string {
				var lines []string
				for i := range 10 {
					lines = append(lines, fmt.Sprintf(`acme.yaml:2:%d: rule: expected a mapping, found the text "x"`, 9+3*i))
				}
				return strings.Join(append(lines, "acme.yaml: and 3 more"), "\n")
			}()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load([]string{"acme.yaml"}, files(map[string]string{"acme.yaml": tt.yaml}))
			if err == nil {
				t.Fatal("loads")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLoadHostileYAML: no file keeps the loader busy for long. (The bound is
// wide, for slow machines with the race detector.)
func TestLoadHostileYAML(t *testing.T) {
	suites := func() string {
		rule := "- {id: r, check: cipher-suite, severity: low, params: {deny: [" + strings.Repeat("'"+strings.Repeat("*_", 30)+"',", 99) + "]}}\n"
		return "id: acme\nrules:\n" + strings.Repeat(rule, maxPolicyBytes/8/len(rule))
	}
	fill := func(s string) string { return strings.Repeat(s, maxPolicyBytes/8/len(s)) }
	start := time.Now()
	for name, text := range map[string]string{
		"brackets":  fill("["),
		"dashes":    fill("- "),
		"questions": fill("? "),
		"keys":      fill("a: b\n"),
		"aliases":   "a: &a b\nc: [" + fill("*a,") + "]",
		"comments":  fill("a: b #c\n"),
		"items":     "[" + fill("a,") + "]",
		"rules":     "id: acme\nrules:\n" + fill("- {a: b}\n"),
		"patterns":  suites(),
	} {
		if _, err := Load([]string{"acme.yaml"}, files(map[string]string{"acme.yaml": text})); err == nil {
			t.Errorf("%s load", name)
		}
	}
	if d := time.Since(start); d > 3*time.Minute {
		t.Errorf("took %v", d)
	}
}

func TestLoadNames(t *testing.T) {
	o := files(map[string]string{
		"policies/acme.yaml":  "id: acme\nversion: '3'\n" + goodRule,
		"policies/other.yaml": "id: another\n" + goodRule,
		"x/acme.yaml":         "id: acme\nversion: '4'\n" + goodRule,
		"x/copy.yaml":         "id: acme\nversion: '3'\n" + goodRule,
		"a.yaml":              "id: a\nextends: [b]\n",
		"b.yaml":              "id: b\nextends: [c]\n",
		"policies/c.yaml":     "id: c\nextends: [d]\n",
		"policies/d.yaml":     "id: d\nextends: [c]\n",
		"bad.yaml":            "id: bad\n",
		"twice1.yaml":         "id: twice1\nextends: [bad]\n",
		"new\nline.yaml":      "id: x\n",
	})
	tests := []struct {
		names string
		rules int
		want  string // error
	}{
		{"baseline", 20, ""},
		{"baseline baseline soc2 hipaa", 20, ""},
		{"baseline@2026.1", 20, ""},
		{"baseline@2025.1", 0, `policy baseline: edition "2025.1" is asked for, and the one here (built in) is 2026.1`},
		{"baseline@", 0, `policy "baseline@": write an id or ID@EDITION`},
		{"acme", 1, ""},
		{"acme@3", 1, ""},
		{"acme policies/acme.yaml", 1, ""},
		{"acme x/copy.yaml", 1, ""},
		{"acme x/acme.yaml", 0, `policy acme: policies/acme.yaml and x/acme.yaml have the same id and different content`},
		{"other", 0, `policies/other.yaml: its id is "another", but it is found as "other"; make file name and id the same`},
		{"hippa", 0, `unknown policy "hippa": it is not built in, and there is no policies/hippa.yaml; did you mean "hipaa"?`},
		{"iso27001", 0, `unknown policy "iso27001": it is not built in, and there is no policies/iso27001.yaml; built in are baseline, hipaa, revocation, soc2 and tls-deep`},
		{"no/such.yaml", 0, `policy no/such.yaml: open no/such.yaml: file does not exist`},
		{"a.yaml", 0, `policies/d.yaml:2:11: extends: policies extend each other in a circle: policies/c.yaml → policies/d.yaml → policies/c.yaml`},
		{"twice1.yaml bad.yaml", 0, `bad.yaml:1:1: the policy has no rules and extends no other policy, so that it would judge nothing`},
		{"new\nline.yaml", 0, `"new\nline.yaml":1:1: the policy has no rules and extends no other policy, so that it would judge nothing`},
		{"", 0, "no policy is named"},
	}
	for _, tt := range tests {
		t.Run(tt.names, func(t *testing.T) {
			var names []string
			if tt.names != "" {
				names = strings.Split(tt.names, " ")
			}
			s, err := Load(names, o)
			if tt.want != "" {
				if err == nil || err.Error() != tt.want {
					t.Fatalf("error %v\nwant  %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Rules) != tt.rules {
				t.Errorf("%d rules, want %d", len(s.Rules), tt.rules)
			}
		})
	}
	if _, err := Load([]string{"acme.yaml"}, LoadOptions{}); err == nil {
		t.Error("a file loads without a way to open it")
	}
}

func ruleIDs(s *Set) (out []string) {
	for _, r := range s.Rules {
		out = append(out, r.ID)
	}
	return out
}

func TestInheritance(t *testing.T) {
	o := files(map[string]string{
		"base.yaml": "id: base\nrules:\n" +
			"  - {id: a, check: expired, severity: high, controls: [F/2, F/1, F/2]}\n" +
			"  - {id: b, check: self-signed, severity: low}\n" +
			"  - {id: c, check: not-yet-valid, severity: low}\n",
		"left.yaml":  "id: left\nextends: [base]\nwithout: [base/b]\nmap: {base/a: [L/1]}\ncontrols: {L/1: From the left, F/1: Renamed}\n",
		"right.yaml": "id: right\nextends: [base]\nmap: {base/a: R/1}\nrules: [{id: own, check: expired, severity: info, controls: SOC2/CC6.1}]\n",
		"both.yaml":  "id: both\nextends: [left, right]\nwithout: [base/c]\n",
	})
	load := func(names ...string) *Set {
		t.Helper()
		s, err := Load(names, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	controls := func(s *Set, id string) []string {
		for _, r := range s.Rules {
			if r.ID == id {
				return r.Controls
			}
		}
		return nil
	}
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	left := load("left.yaml")
	check("left rules", ruleIDs(left), []string{"base/a", "base/c"})
	check("left controls", controls(left, "base/a"), []string{"F/1", "F/2", "L/1"})

	both := load("both.yaml")
	check("a rule dropped in one branch comes from the other", ruleIDs(both), []string{"base/a", "base/b", "right/own"})
	check("controls of both branches", controls(both, "base/a"), []string{"F/1", "F/2", "L/1", "R/1"})
	check("controls of the set", both.Controls, []Control{
		{"F/1", "F", "1", "Renamed"},
		{"F/2", "F", "2", ""},
		{"L/1", "L", "1", "From the left"},
		{"R/1", "R", "1", ""},
		{"SOC2/CC6.1", "SOC2", "CC6.1", "Logical access security over protected information assets, certificates and their keys among them"},
	})
	var order []string
	for _, p := range both.Policies {
		order = append(order, p.ID)
	}
	check("load order", order, []string{"base", "left", "right", "both"})

	check("one policy drops what another keeps", ruleIDs(load("left.yaml", "base.yaml")), []string{"base/a", "base/b", "base/c"})
	check("controls of the policies asked for only", controls(load("base.yaml"), "base/a"), []string{"F/1", "F/2"})

	soc2 := load("soc2")
	hipaa := load("hipaa")
	union := load("hipaa", "soc2")
	check("two packs share their rules", ruleIDs(union), ruleIDs(soc2))
	want := slices.Concat(controls(hipaa, "baseline/key-size"), controls(soc2, "baseline/key-size"))
	check("and unite the controls", controls(union, "baseline/key-size"), want)
}

func TestRuleFields(t *testing.T) {
	s, err := Load([]string{"acme.yaml"}, files(map[string]string{"acme.yaml": `id: acme
title: ACME
version: "1"
rules:
  - id: rsa-3072
    title: Long keys
    check: key-size
    severity: high
    params: {RSA: 3072, 1.2.3.4: 100}
    when: {use: identity, path: ["a/**", b.pem], source: file, container: pem}
    controls: [ACME/K1]
    basis: In-house
    rationale: |
      First line.
      Second line.
    remediation: Make a long one.
`}))
	if err != nil {
		t.Fatal(err)
	}
	r := s.Rules[0]
	if got, want := r.Params.String(), "{RSA: 3072, RSA-PSS: 2048, DSA: 2048, ECDSA: 256, Ed25519: 256, "; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "1.2.3.4: 100}") {
		t.Errorf("params %s", got)
	}
	if got := fmt.Sprintf("%s|%s|%s|%s|%s|%s|%d|%s", r.ID, r.Policy, r.Title, r.Severity, r.Controls, r.Basis, r.Line, r.When); got !=
		"acme/rsa-3072|acme|Long keys|high|[ACME/K1]|In-house|5|use identity, path a/** or b.pem, source file, container pem" {
		t.Errorf("fields %s", got)
	}
	if r.Rationale != "First line.\nSecond line." || r.Remediation != "Make a long one." {
		t.Errorf("texts %q, %q", r.Rationale, r.Remediation)
	}
	if p := s.Policies[0]; p.Title != "ACME" || p.Version != "1" || len(p.SHA256) != 64 || p.Origin != "acme.yaml" {
		t.Errorf("policy %+v", p)
	}
}

func TestBuiltinPacks(t *testing.T) {
	var ids []string
	for _, p := range Builtin() {
		ids = append(ids, p.ID)
		if p.Origin != "built in" || p.Version != "2026.1" || p.Title == "" || p.Description == "" {
			t.Errorf("pack %+v", p)
		}
		s, err := Load([]string{p.ID}, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Rules {
			if r.Basis == "" {
				t.Errorf("%s names no baseline", r.ID)
			}
			if len(p.Extends) > 0 && len(r.Controls) == 0 {
				t.Errorf("%s does not map %s", p.ID, r.ID)
			}
		}
		for _, c := range s.Controls {
			if c.Title == "" {
				t.Errorf("control %s has no title", c.ID)
			}
		}
	}
	if diff := cmp.Diff([]string{"baseline", "hipaa", "revocation", "soc2", "tls-deep"}, ids); diff != "" {
		t.Errorf("packs (-want +got):\n%s", diff)
	}
	// No file may hide behind another id.
	for _, d := range builtinDocuments(Checks()) {
		if d.problems.file != d.policy.ID+".yaml" {
			t.Errorf("%s has the id %s", d.problems.file, d.policy.ID)
		}
		for id := range maps.Keys(d.controls) {
			if !isControl(id) {
				t.Errorf("control %q", id)
			}
		}
	}
}

// dump writes everything about a set that a run depends on.
func dump(s *Set) string {
	var b strings.Builder
	for _, p := range s.Policies {
		fmt.Fprintf(&b, "%s %q %q %q %v %s\n", p.ID, p.Title, p.Version, p.Description, p.Extends, p.SHA256)
	}
	for _, r := range s.Rules {
		fmt.Fprintf(&b, "%s %q %s %v %s [%s] %v %q %q %q %q %v %v\n", r.ID, r.Title, r.Check.ID, r.Severity, r.Params, r.When, r.Controls,
			r.Basis, r.Rationale, r.Remediation, r.Test.Requires, r.Test.Needs, r.Test.Probes)
	}
	fmt.Fprintln(&b, s.Controls)
	return b.String()
}

// FuzzPolicy: no input brings the loader down, whatever it refuses it refuses
// in printable lines, and whatever loads loads again the same.
func FuzzPolicy(f *testing.F) {
	for _, p := range Builtin() {
		f.Add(string(p.Source))
		f.Add(strings.Replace(string(p.Source), "id: "+p.ID, "id: acme", 1))
	}
	f.Add("id: acme\nrules: &r [*r]\n")
	f.Add("id: acme\nextends: [acme, soc2@1]\nmap: {a/b: [C/1]}\nwithout: x\n" + goodRule)
	f.Add("id: a\nrules: [{id: r, check: validity-period, severity: low, params: {caps: [{from: 2026-02-01, days: 3}]}, when: {path: '**/[a-z]?'}}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		o := files(map[string]string{"acme.yaml": text})
		s, err := Load([]string{"acme.yaml"}, o)
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if escape(line) != line && len(line) < 1000 {
					t.Fatalf("error is not printable: %q", line)
				}
			}
			return
		}
		again, err := Load([]string{"acme.yaml"}, o)
		if err != nil {
			t.Fatalf("loads once only: %v", err)
		}
		if diff := cmp.Diff(dump(s), dump(again)); diff != "" {
			t.Fatalf("differs:\n%s", diff)
		}
		for _, r := range s.Rules {
			if r.Severity == 0 || r.Test.Eval == nil || len(r.Test.Requires) == 0 {
				t.Fatalf("rule %s is not whole", r.ID)
			}
		}
	})
}
