package certfile

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// A testCert is a self-signed certificate in the forms that text holds.
type testCert struct {
	der              []byte
	pem, key         string
	b64, b64pem, sum string
}

func newTestCert(t testing.TB, name string) testCert {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: testNow, NotAfter: testNow.Add(time.Hour), DNSNames: []string{name}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	c, _ := scan.DeriveX509(der)
	return testCert{der: der, pem: string(text), sum: c.SHA256,
		key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		b64: base64.StdEncoding.EncodeToString(der), b64pem: base64.StdEncoding.EncodeToString(text)}
}

// seen is what a scan of one file says, in short lines.
func seen(t testing.TB, opt Options, name string, content []byte, certs ...testCert) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range observeAll(t, opt, file) {
		switch r := r.(type) {
		case *scan.Observation:
			if r.Object != scan.ObjectCertificate {
				continue // TestTextObjects
			}
			who := "other"
			for i, c := range certs {
				if c.sum == r.SHA256 {
					who = string(rune('A' + i))
				}
			}
			out = append(out, fmt.Sprintf("%s #%d %s %s [%s] line %d %s", strings.TrimPrefix(r.Path, file), r.Index, who, r.Container, r.Alias, r.Line, r.Use))
		case *scan.NotAssessed:
			out = append(out, fmt.Sprintf("%s #%d %s/%s", strings.TrimPrefix(r.Path, file), r.Index, r.Stage, r.Reason))
		case *scan.File:
			out = append(out, string(r.Outcome))
		}
	}
	return out
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) + "\n"
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestStructuredText(t *testing.T) {
	a, b := newTestCert(t, "a.example"), newTestCert(t, "b.example")
	half := a.b64[:len(a.b64)/2]
	crlf := strings.ReplaceAll(a.pem, "\n", "\r\n")
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"saml metadata", `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/">
 <md:KeyDescriptor use="signing"><ds:X509Certificate>
  ` + a.b64[:60] + "\n  " + a.b64[60:] + `
 </ds:X509Certificate></md:KeyDescriptor>
 <md:KeyDescriptor use="encryption"><ds:X509Certificate>` + b.b64 + `</ds:X509Certificate></md:KeyDescriptor>
</md:EntityDescriptor>`, []string{
			" #0 A saml-xml [https://idp.example/ signing] line 3 unknown",
			" #1 B saml-xml [https://idp.example/ encryption] line 6 unknown", "read"}},
		{"saml placeholder, damage, self-closing", `<R><X509Certificate>${CERT}</X509Certificate><X509Certificate>stuff</X509Certificate><X509Certificate/><X509Certificate>` + half + `</X509Certificate></R>`,
			[]string{" #0 decode/corrupt", " #1 decode/truncated", "not_assessed"}},
		{"salesforce", `<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
  <oauthConfig><certificate>` + a.b64pem + `</certificate></oauthConfig>
  <samlConfig><certificate>` + b.b64 + `</certificate><encryptionCertificate>MyCertName</encryptionCertificate></samlConfig>
  <x>HIDDEN_BY_SFDX_HARDIS</x>
</ConnectedApp>`, []string{
			" #0 A sfdx-xml [oauthConfig.certificate] line 3 unknown",
			" #1 B sfdx-xml [samlConfig.certificate] line 4 unknown", "read"}},
		{"xml text, CDATA and attribute", "<a>\n<b><![CDATA[\n" + a.pem + "]]></b><c pem='" + strings.ReplaceAll(b.pem, "\n", "&#10;") + "'/></a>",
			[]string{" #0 A xml [b] line 3 unknown", fmt.Sprintf(" #1 B xml [c@pem] line %d unknown", 3+strings.Count(a.pem, "\n")), "read"}},
		{"xml cut inside an element", "<a><b>" + a.b64 + "</b><c>" + b.b64, []string{" #-1 decode/corrupt", " #0 A xml [b] line 1 unknown", " #1 B xml [c] line 1 unknown", "read"}},
		{"xml malformed", "<a><b>" + a.b64 + "</b><c =<<>" + b.b64 + "</c>", []string{" #-1 decode/corrupt", " #0 A xml [b] line 1 unknown", " #1 B xml [] line 0 unknown", "read"}},
		{"xml deep", strings.Repeat("<a>", 300) + a.b64, []string{" #-1 limit/too_deep", " #0 A xml [] line 0 unknown", "read"}},
		{"entities are not expanded", `<!DOCTYPE a [<!ENTITY x "` + b.b64 + `"><!ENTITY y "&x;&x;&x;">]><a><b>&y;</b><c>` + a.b64 + `</c></a>`,
			[]string{" #0 A xml [c] line 1 unknown", "read"}},

		{"jwks", `{"keys":[{"kty":"EC","x5c":["` + a.b64 + `","` + b.b64 + `"],"kid":"1"}]}`,
			[]string{" #0 A jwks [keys[0].x5c[0]] line 1 unknown", " #1 B jwks [keys[0].x5c[1]] line 1 unknown", "read"}},
		{"json strings", "{\n\"n\": [1, true, null, \"short\"],\n\"a\": " + quoted(a.pem+b.pem) + ",\n\"a\": " + quoted(a.b64pem) + "}",
			[]string{" #0 A json [a] line 3 anchor", " #1 B json [a] line 3 anchor", " #2 A json [a] line 4 unknown", "read"}},
		{"json secret, kind last", `{"apiVersion":"v1","data":{"tls.crt":"` + a.b64pem + `","tls.key":"` + base64.StdEncoding.EncodeToString([]byte(a.key)) + `"},"kind":"Secret","metadata":{"name":"s","namespace":"n"}}`,
			[]string{" #0 A k8s-secret [n/s/tls.crt] line 1 identity", "read"}},
		{"json escapes", `{"a":"` + strings.ReplaceAll(strings.ReplaceAll(a.b64, "/", `\/`), "+", `\u002B`) + `"}`, []string{" #0 A json [a] line 1 unknown", "read"}},
		{"json lines", `{"a":"` + a.b64 + "\"}\n{\"b\":\"" + b.b64 + `"}`, []string{" #0 A json [a] line 1 unknown", " #1 B json [b] line 2 unknown", "read"}},
		{"json cut", `{"a":"` + a.b64 + `","b":["` + b.b64, []string{" #-1 decode/corrupt", " #0 A json [a] line 1 unknown", " #1 B json [] line 0 unknown", "read"}},
		{"json cut, PEM", `{"a":` + quoted(a.pem), []string{" #-1 decode/corrupt", " #0 A json [a] line 1 unknown", "read"}},
		{"json deep", strings.Repeat("[", 300) + `"` + a.b64 + `"`, []string{" #-1 limit/too_deep", " #0 A json [] line 0 unknown", "read"}},
		{"json one-line PEM", `{"a":"` + strings.ReplaceAll(strings.TrimSpace(a.pem), "\n", " ") + `"}`, []string{" #0 A json [a] line 1 unknown", "read"}},
		{"json prose", `{"a":"a file has -----BEGIN CERTIFICATE----- and\n more","x5c":"MIIfoo bar"}`, []string{"no_certificates"}},

		{"secret with its key", "kind: Secret\nmetadata: {name: s}\ndata:\n  tls.crt: " + a.b64pem + "\n  tls.key: " + base64.StdEncoding.EncodeToString([]byte(a.key)) + "\n",
			[]string{" #0 A k8s-secret [s/tls.crt] line 4 identity", "read"}},
		{"list, ConfigMap, stringData, documents", "kind: List\nitems:\n- kind: ConfigMap\n  metadata: {name: c, namespace: n}\n  data:\n    ca.crt: |\n" + indent(a.pem+b.pem, "      ") +
			"---\nkind: Secret\nmetadata: {name: s}\nstringData:\n  tls.crt: |-\n" + indent(a.pem, "    "), []string{
			" #0 A yaml [n/c/ca.crt] line 7 anchor", fmt.Sprintf(" #1 B yaml [n/c/ca.crt] line %d anchor", 7+strings.Count(a.pem, "\n")),
			fmt.Sprintf(" #2 A k8s-secret [s/tls.crt] line %d unknown", 12+strings.Count(a.pem+b.pem, "\n")), "read"}},
		{"kubeconfig", "kind: Config\nclusters:\n- name: c\n  cluster: {certificate-authority-data: " + a.b64pem + "}\nusers:\n- user:\n    client-certificate-data: " + b.b64pem + "\n",
			[]string{" #0 A yaml [clusters[0].cluster.certificate-authority-data] line 4 unknown", " #1 B yaml [users[0].user.client-certificate-data] line 7 unknown", "read"}},
		{"yaml DER, quoted PEM, alias", "a: &x " + a.b64 + "\nb: " + quoted(b.pem) + "\nc: *x\n",
			[]string{" #0 A yaml [a] line 1 unknown", " #1 B yaml [b] line 2 unknown", " #2 A yaml [c] line 1 unknown", "read"}},
		{"yaml placeholders and damage", "kind: Secret\nmetadata: {name: s}\ndata:\n  a: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\n  b: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0=\n  c: ${CERT}\n  d: " + half + "\n  e: '!!!'\n",
			[]string{" #0 decode/truncated", " #1 decode/corrupt", " #2 decode/truncated", "not_assessed"}},
		{"yaml one document damaged", "a: " + a.b64pem + "\n---\n{{ if x }}\nb: [" + b.b64pem + "\n---\nc: " + a.b64 + "\n",
			[]string{" #-1 decode/corrupt", " #0 A yaml [a] line 1 unknown", " #1 B yaml [] line 0 unknown", " #2 A yaml [c] line 6 unknown", "read"}},
		{"yaml keystore in a secret", "kind: Secret\nmetadata: {name: s}\ndata: {k.jks: /u3+7QAAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA}\n", nil},
		{"base64", a.b64[:64] + "\r\n" + a.b64[64:], []string{" #0 A base64 [] line 1 unknown", "read"}},
		{"base64 of PEM", a.b64pem, []string{" #0 A base64 [] line 1 unknown", "read"}},
		{"base64 on each line", a.b64 + "\n" + b.b64 + "\n", []string{" #0 A base64 [] line 1 unknown", " #1 B base64 [] line 2 unknown", "read"}},
		{"base64 cut", half, []string{" #0 decode/truncated", "not_assessed"}},
		{"PEM stays PEM", "Issuer: x\n" + crlf, []string{" #0 A pem [] line 2 unknown", "read"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := seen(t, Options{}, "f", []byte(tt.text), a, b)
			if tt.want == nil { // read or not by this version, the store is a member of its own
				if len(got) == 0 || !strings.HasPrefix(got[0], "!s/k.jks ") && got[0] != "no_certificates" {
					t.Errorf("got %q", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestYAMLBombs: aliases that multiply end at the bound, quickly, and what
// stands in the document itself is found.
func TestYAMLBombs(t *testing.T) {
	a := newTestCert(t, "a.example")
	var laughs bytes.Buffer
	laughs.WriteString("l0: &l0 [lol]\n")
	for i := 1; i < 30; i++ {
		ref := fmt.Sprintf("*l%d,", i-1)
		fmt.Fprintf(&laughs, "l%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(ref, 9), ","))
	}
	fmt.Fprintf(&laughs, "cert: %s\n", a.b64)
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"billion laughs": {laughs.String(), []string{" #-1 limit/expansion_limit", " #0 A yaml [cert] line 31 unknown", "read"}},
		"a cycle":        {"a: &a [*a]\ncert: " + a.b64 + "\n", []string{" #-1 limit/expansion_limit", " #0 A yaml [cert] line 2 unknown", "read"}},
		"deep":           {"a: " + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "\ncert: " + a.b64 + "\n", []string{" #-1 limit/too_deep", " #0 A yaml [] line 0 unknown", "read"}},
		"many nodes":     {"a: [" + strings.Repeat("1,", 500_000) + "1]\ncert: " + a.b64 + "\n", []string{" #-1 limit/too_large", " #0 A yaml [] line 0 unknown", "read"}},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if diff := cmp.Diff(tt.want, seen(t, Options{}, "f", []byte(tt.text), a)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// TestObjectBound: strings of structured text obey the bound on objects.
func TestObjectBound(t *testing.T) {
	a := newTestCert(t, "a.example")
	text := `["` + strings.Repeat(a.b64+`","`, 20) + `"]`
	got := seen(t, Options{Limits: Limits{Objects: 3}}, "f", []byte(text), a)
	if len(got) != 5 || got[0] != " #-1 limit/too_many_objects" || got[4] != "read" {
		t.Errorf("got %q", got)
	}
}

// fuzzFile reads content as one container and holds the records together.
func fuzzFile(t *testing.T, content []byte, read func(f *file)) {
	if len(content) > 1<<16 {
		return
	}
	opt := New(Options{Now: func() time.Time { return testNow }, Limits: Limits{Expansion: 1 << 22, Members: 100}}).opt
	certificates, placements, damaged := 0, 0, 0
	f := newFile(context.Background(), &opt, "t", "p", testNow, func(r scan.Record) {
		switch r := r.(type) {
		case *scan.Certificate:
			certificates++
		case *scan.Observation:
			if r.Object != scan.ObjectCertificate {
				return
			}
			placements++
			if r.Container == "" || r.SHA256 == "" {
				t.Errorf("incomplete observation %+v", r)
			}
		case *scan.NotAssessed:
			damaged++
			if r.Reason == scan.ReasonPanic {
				t.Errorf("panic: %s", r.Detail)
			}
		}
	})
	f.content, f.whole = content, content
	read(f)
	f.place()
	if certificates != placements || placements != f.placed.len()+f.inner || damaged != f.trouble {
		t.Errorf("%d certificates, %d placements (%d in the file, %d in members), %d damaged, %d counted", certificates, placements, f.placed.len(), f.inner, damaged, f.trouble)
	}
}

func FuzzXML(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add([]byte(`<a entityID="x"><KeyDescriptor use="signing"><X509Certificate>` + a.b64 + `</X509Certificate></KeyDescriptor><b c="` + a.b64pem + `"/></a>`))
	f.Add([]byte("<a><![CDATA[" + a.pem + "]]></b></a>"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, readXML) })
}

func FuzzJSON(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add([]byte(`{"kind":"Secret","data":{"a":"` + a.b64pem + `"},"keys":[{"x5c":["` + a.b64 + `"]}]}`))
	f.Add([]byte(`{"a":` + quoted(a.pem) + `,"b":[1,{}]} [`))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, readJSON) })
}

func FuzzYAML(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add([]byte("kind: Secret\nmetadata: {name: s}\ndata:\n  a: &x " + a.b64pem + "\n  b: *x\n---\nc: |\n" + indent(a.pem, "  ")))
	f.Add([]byte("a: &a [*a]\n--- \n- " + a.b64))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, readYAML) })
}

func FuzzBase64(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add([]byte(a.b64))
	f.Add([]byte(a.b64pem))
	f.Add([]byte(a.b64 + "\n" + a.b64 + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, readBase64) })
}
