package tlsprobe

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"certaudit/scan"
)

// A server of the comparison: a real one, started by the test.
type compared struct {
	name  string
	start func(t testing.TB) (port int)
}

// TestCompare holds the facts of one endpoint against those that other tools
// find at the same server; the tests of servers behind STARTTLS do the same.
func TestCompare(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	for _, c := range comparedServers() {
		t.Run(c.name, func(t *testing.T) {
			compareTools(t, c.name, scan.Target{Kind: scan.EndpointTarget, Host: "localhost", Port: c.start(t)})
		})
	}
}

// compareTools asks openssl s_client and sslscan, and where
// CERTAUDIT_COMPARE=testssl is set, testssl.sh, which takes minutes for each. It
// prints agree or differ for each fact; every difference has an explanation in
// knownDifferences, or fails.
func compareTools(t *testing.T, server string, target scan.Target) {
	t.Helper()
	if testing.Short() {
		return
	}
	r := observeTarget(t, newProber(t, Options{Probes: scan.FullDepth(), Timeout: 2 * time.Minute}), target)
	if r.endpoint == nil || len(r.notAssessed) > 0 && target.StartTLS != scan.MySQL { // which gets a few connections only
		t.Fatalf("%s: %v %s", server, r.kinds(), details(r))
	}
	ours := factsOf(r.endpoint)
	for _, tool := range []struct {
		name  string
		facts func(testing.TB, scan.Target, *scan.Endpoint) facts
	}{{"s_client", sClientFacts}, {"sslscan", sslscanFacts}, {"testssl", testsslFacts}} {
		theirs := tool.facts(t, target, r.endpoint)
		for _, fact := range slices.Sorted(maps.Keys(theirs)) {
			if probe := probeOf(fact); probe == "" || slices.Contains(r.endpoint.Probed, probe) {
				compareFact(t, server, tool.name, fact, ours[fact], theirs[fact])
			}
		}
	}
}

// probeOf is the probe that gives a fact whole.
func probeOf(fact string) string {
	name, _, _ := strings.Cut(fact, " ")
	return map[string]string{"versions": scan.ProbeVersions, "suites": scan.ProbeCipherSuites, "groups": scan.ProbeKeyExchanges,
		"signature_schemes": scan.ProbeSignatureSchemes, "leaves": scan.ProbeCertificates, "alpn": scan.ProbeALPN,
		"secure_renegotiation": scan.ProbeOptions, "compression": scan.ProbeOptions, "fallback_scsv": scan.ProbeOptions, "heartbeat": scan.ProbeOptions,
		"extended_master_secret": scan.ProbeOptions, "resumption_id": scan.ProbeResumption, "resumption_ticket": scan.ProbeResumption, "hsts": scan.ProbeHSTS}[name]
}

// facts are what one tool says, by the name of the fact: a sorted set.
type facts map[string][]string

func (f facts) add(name string, values ...string) {
	f[name] = append(f[name], values...)
	slices.Sort(f[name])
	f[name] = slices.Compact(f[name])
}

func compareFact(t *testing.T, server, tool, fact string, ours, theirs []string) {
	more, less := minus(ours, theirs), minus(theirs, ours)
	if len(more)+len(less) == 0 {
		t.Logf("%-28s %-8s %-28s agree (%d)", server, tool, fact, len(ours))
		return
	}
	for _, e := range knownDifferences {
		if e.tool == tool && strings.HasPrefix(fact, e.fact) && e.covers(more, less) {
			t.Logf("%-28s %-8s %-28s differ: we have also %v, they %v: %s", server, tool, fact, more, less, e.why)
			return
		}
	}
	t.Errorf("%-28s %-8s %-28s DIFFER: we have also %v, they %v", server, tool, fact, more, less)
}

func minus(a, b []string) (left []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			left = append(left, s)
		}
	}
	return left
}

// knownDifferences are the differences that are known, and why we are right to differ.
var knownDifferences = []struct {
	tool, fact string
	covers     func(more, less []string) bool // what only we have, what only they have
	why        string
}{
	{"sslscan", "signature_schemes", func(more, less []string) bool {
		return len(less) == 0 && !slices.ContainsFunc(more, func(s string) bool { return !strings.HasPrefix(s, "ecdsa_") && !strings.HasPrefix(s, "dsa_") })
	}, "sslscan offers ECDSA schemes of TLS 1.2 only with the curve of RFC 8446, and none with SHA-1 or SHA-224"},
	{"sslscan", "signature_schemes", func(more, less []string) bool { return len(more) == 0 && slices.Contains(less, "dsa_sha1") },
		"sslscan counts handshakes in anonymous suites, which are signed with nothing"},
	{"sslscan", "secure_renegotiation", func(more, less []string) bool { return slices.Equal(less, []string{"no"}) },
		"sslscan renegotiates in whatever version it gets, and takes the refusal of a server for the lack of the extension; s_client, asked beside it, sees the extension"},
	{"sslscan", "groups", func(more, less []string) bool {
		return len(less) == 0 && !slices.ContainsFunc(more, func(s string) bool {
			return !strings.HasPrefix(s, "brainpool") && s != "secp256k1" && s != "P-192" && s != "P-224" && !strings.Contains(s, "MLKEM")
		})
	}, "sslscan's list of groups is shorter"},
	{"testssl", "alpn", func(more, less []string) bool { return len(less) == 0 }, "testssl.sh offers fewer protocols, and reports HTTP/2 in a line of its own"},
	{"testssl", "resumption_id", func(more, less []string) bool { return len(more) == 1 && len(less) == 1 },
		"s_client, asked beside it in TLS 1.2 and without tickets, agrees with us; of Dovecot's LMTP it is chance, for each process knows its own sessions"},
	{"testssl", "", func(more, less []string) bool {
		return len(more) == 0 && len(less) == 1 && (less[0] == "no" || less[0] == "yes")
	},
		"the question does not arise in TLS 1.3 alone: we give no fact, testssl.sh gives one"},
	{"testssl", "groups", func(more, less []string) bool {
		return len(less) == 0 && !slices.ContainsFunc(more, func(s string) bool { return !strings.HasPrefix(s, "brainpool") && !strings.Contains(s, "MLKEM") })
	}, "testssl.sh's list of groups is shorter"},
}

func comparedServers() []compared {
	openssl := func(args ...string) func(testing.TB) int {
		return func(t testing.TB) int { return startOpenSSL(t, append(twoCertificates(t), args...)...) }
	}
	all := "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
	return []compared{
		{"s_server", openssl()},
		{"s_server, all suites", openssl("-cipher", all, "-min_protocol", "TLSv1")},
		{"s_server, server's order", openssl("-cipher", all, "-serverpref")},
		{"s_server, TLS 1.0", openssl("-cipher", all, "-tls1")},
		{"s_server, TLS 1.1", openssl("-cipher", all, "-tls1_1")},
		{"s_server, TLS 1.2", openssl("-tls1_2")},
		{"s_server, TLS 1.3", openssl("-tls1_3")},
		{"s_server, one group", openssl("-groups", "P-384")},
		{"s_server, no tickets", openssl("-no_ticket", "-tls1_2")},
		{"nginx", compareNginx},
		{"apache", compareApache},
	}
}

// rsaKeyOnce is shared by the servers of the comparison.
var rsaKeyOnce = sync.OnceValue(func() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// twoCertificates are an RSA and an ECDSA certificate for localhost, as
// arguments of s_server.
func twoCertificates(t testing.TB) []string {
	e := newEstate(t)
	dir := t.TempDir()
	certRSA, keyRSA := pemFiles(t, dir, "rsa", rsaKeyOnce(), newParty(t, leafTemplate("localhost"), rsaKeyOnce(), e.inter).Raw, e.inter.Raw)
	ec := newParty(t, leafTemplate("localhost"), nextKey(), e.inter)
	certEC, keyEC := pemFiles(t, dir, "ec", ec.key, ec.Raw, e.inter.Raw)
	return []string{"-cert", certRSA, "-key", keyRSA, "-cert_chain", certRSA, "-dcert", certEC, "-dkey", keyEC}
}

func factsOf(e *scan.Endpoint) facts {
	f := facts{}
	f.add("versions", e.Versions...)
	for version, suites := range e.CipherSuites {
		f.add("suites "+version, suites...)
		f.add("suites", suites...)
	}
	for version, order := range e.SuiteOrder {
		f.add("order "+version, order)
	}
	f.add("groups", e.KeyExchanges...)
	f.add("signature_schemes", e.SignatureSchemes...)
	f.add("alpn", e.ALPNProtocols...)
	f.add("version", e.TLSVersion)
	f.add("leaves", e.Chain[0])
	for _, o := range e.OtherChains {
		f.add("leaves", o.Chain[0])
	}
	for name, a := range map[string]scan.Answer{"secure_renegotiation": e.SecureRenegotiation, "compression": e.Compression,
		"fallback_scsv": e.FallbackSCSV, "heartbeat": e.Heartbeat, "extended_master_secret": e.ExtendedMaster, "ocsp_stapled": e.OCSPStapled,
		"resumption_id": e.ResumptionID, "hsts": e.HSTS} {
		if a != scan.Unasked {
			f.add(name, yesNo(a == scan.Yes))
		}
	}
	f.add("resumption_ticket", yesNo(e.ResumptionTicket == scan.Yes || e.ResumptionPSK == scan.Yes))
	f.add("dh_bits", strconv.Itoa(e.DHBits))
	return f
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// sClientFacts are those of one handshake of openssl s_client.
func sClientFacts(t testing.TB, target scan.Target, e *scan.Endpoint) facts {
	args := []string{"-servername", "localhost", "-status"}
	if target.StartTLS != "" {
		args = append(args, "-starttls", toolProtocol("openssl", target.StartTLS))
	}
	if strings.HasPrefix(target.StartTLS, "xmpp") {
		args = append(args, "-xmpphost", "localhost")
	}
	if slices.Equal(e.Versions, []string{"TLS 1.0"}) || slices.Equal(e.Versions, []string{"TLS 1.1"}) {
		args = append(args, "-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1")
	}
	f := facts{}
	f.add("version", sClient(t, target.Port, args...).version)
	if secure, known := sClientRenegotiation(t, target.Port, args, e); known {
		f.add("secure_renegotiation", yesNo(secure))
	}
	// Each process of Dovecot's LMTP knows its own sessions; which one answers is chance.
	if resumes, known := sClientResumes(t, target.Port, args, e); known && target.StartTLS != scan.LMTP {
		f.add("resumption_id", yesNo(resumes))
	}
	for _, kind := range []string{"RSA", "ECDSA"} { // a client that takes only such keys
		only := append(args[:len(args):len(args)], "-sigalgs", kind+"+SHA256:"+kind+"+SHA1")
		if kind == "RSA" {
			only[len(only)-1] = "rsa_pss_rsae_sha256:" + only[len(only)-1]
		}
		if chain, ok := sClientChain(t, target.Port, only); ok {
			f.add("leaves", chain[0])
		}
	}
	return f
}

// sClientChain is the chain that the server shows to such a client; there may be
// none.
func sClientChain(t testing.TB, port int, args []string) (chain []string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	args = append([]string{"s_client", "-connect", "127.0.0.1:" + strconv.Itoa(port), "-showcerts"}, args...)
	text, _ := exec.CommandContext(ctx, installed(t, "openssl"), args...).Output()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			chain = append(chain, hexSum(block.Bytes))
		}
	}
	return chain, len(chain) > 0
}

// sClientResumes tells whether s_client resumes a session of TLS 1.2 without a
// ticket.
func sClientResumes(t testing.TB, port int, args []string, e *scan.Endpoint) (resumes, known bool) {
	t.Helper()
	if !slices.Contains(e.Versions, "TLS 1.2") {
		return false, false
	}
	session := filepath.Join(t.TempDir(), "session")
	again := func(more ...string) []byte {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		all := append([]string{"s_client", "-connect", "127.0.0.1:" + strconv.Itoa(port), "-tls1_2", "-no_ticket"}, args...)
		text, _ := exec.CommandContext(ctx, installed(t, "openssl"), append(all, more...)...).Output()
		return text
	}
	again("-sess_out", session)
	text := again("-sess_in", session)
	resumes = bytes.Contains(text, []byte("\nReused, TLSv1.2"))
	return resumes, resumes || bytes.Contains(text, []byte("\nNew, TLSv1.2"))
}

// sClientRenegotiation is what s_client says of RFC 5746 below TLS 1.3.
func sClientRenegotiation(t testing.TB, port int, args []string, e *scan.Endpoint) (secure, known bool) {
	t.Helper()
	if !slices.ContainsFunc(e.Versions, func(v string) bool { return v != "TLS 1.3" }) {
		return false, false
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	args = append([]string{"s_client", "-connect", "127.0.0.1:" + strconv.Itoa(port), "-no_tls1_3"}, args...)
	text, _ := exec.CommandContext(ctx, installed(t, "openssl"), args...).Output()
	secure = bytes.Contains(text, []byte("Secure Renegotiation IS supported"))
	return secure, secure || bytes.Contains(text, []byte("Secure Renegotiation IS NOT supported"))
}

// toolProtocol is a protocol as a tool calls it.
func toolProtocol(tool, starttls string) string {
	names := map[string]map[string]string{
		"openssl": {scan.XMPPClient: "xmpp", scan.XMPPServer: "xmpp-server", scan.Sieve: "sieve"},
		"sslscan": {scan.XMPPClient: "xmpp", scan.PostgreSQL: "psql"},
		"testssl": {scan.XMPPClient: "xmpp"},
	}
	if name := names[tool][starttls]; name != "" {
		return name
	}
	return starttls
}

// sslscanReport is what is read of sslscan's XML.
type sslscanReport struct {
	Test struct {
		Protocols []struct {
			Type    string `xml:"type,attr"`
			Version string `xml:"version,attr"`
			Enabled string `xml:"enabled,attr"`
		} `xml:"protocol"`
		Ciphers []struct {
			Version string `xml:"sslversion,attr"`
			ID      string `xml:"id,attr"`
			DHBits  string `xml:"dhebits,attr"`
		} `xml:"cipher"`
		Groups []struct {
			ID string `xml:"id,attr"`
		} `xml:"group"`
		Schemes []struct {
			ID string `xml:"id,attr"`
		} `xml:"connection-signature-algorithm"`
		Fallback []struct {
			Supported string `xml:"supported,attr"`
		} `xml:"fallback"`
		Renegotiation []struct {
			Secure string `xml:"secure,attr"`
		} `xml:"renegotiation"`
		Compression []struct {
			Supported string `xml:"supported,attr"`
		} `xml:"compression"`
	} `xml:"ssltest"`
}

// sslscanFacts runs sslscan where it is installed.
func sslscanFacts(t testing.TB, target scan.Target, e *scan.Endpoint) facts {
	tool, err := exec.LookPath("sslscan")
	if err != nil {
		t.Log("*** sslscan is not installed: NOT compared ***")
		return nil
	}
	args := []string{"--xml=-", "--show-sigs", "--no-heartbleed", "--no-check-certificate"}
	if target.StartTLS != "" {
		known := []string{scan.FTP, scan.IMAP, scan.LDAP, scan.POP3, scan.SMTP, scan.MySQL, scan.XMPPClient, scan.PostgreSQL}
		if !slices.Contains(known, target.StartTLS) {
			return nil
		}
		args = append(args, "--starttls-"+toolProtocol("sslscan", target.StartTLS))
	}
	out, err := exec.Command(tool, append(args, target.Endpoint())...).Output()
	if err != nil {
		t.Fatalf("sslscan: %v", err)
	}
	var r sslscanReport
	if err := xml.Unmarshal(withoutProse(out), &r); err != nil {
		t.Fatalf("sslscan: %v", err)
	}
	f := r.facts()
	if len(f["versions"]) == 0 {
		t.Logf("*** sslscan finds no TLS at %s: NOT compared ***", target.StartTLS)
		return nil
	}
	return f
}

// withoutProse drops the lines that sslscan prints into its XML in the form of
// its other output.
func withoutProse(out []byte) []byte {
	var kept []byte
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("<")) {
			kept = append(kept, line...)
		}
	}
	return kept
}

func (r *sslscanReport) facts() facts {
	f := facts{}
	f["versions"] = nil
	for _, p := range r.Test.Protocols {
		if p.Enabled == "1" {
			name := map[string]string{"ssl2": "SSL 2.0", "ssl3": "SSL 3.0"}[p.Type+p.Version]
			if name == "" {
				name = "TLS " + p.Version
			}
			f.add("versions", name)
		}
	}
	for _, c := range r.Test.Ciphers {
		id, _ := strconv.ParseUint(strings.TrimPrefix(c.ID, "0x"), 16, 16)
		f.add("suites "+strings.Replace(c.Version, "TLSv", "TLS ", 1), suiteName(uint16(id)))
	}
	for _, g := range r.Test.Groups {
		id, _ := strconv.ParseUint(strings.TrimPrefix(g.ID, "0x"), 16, 16)
		f.add("groups", groupName(uint16(id)))
	}
	for _, s := range r.Test.Schemes {
		id, _ := strconv.ParseUint(strings.TrimPrefix(s.ID, "0x"), 16, 16)
		if id < 0xFD00 { // beyond, it means that it cannot tell
			f.add("signature_schemes", schemeNamesOf([]uint16{uint16(id)})...)
		}
	}
	for _, x := range r.Test.Fallback {
		f.add("fallback_scsv", yesNo(x.Supported == "1"))
	}
	for _, x := range r.Test.Renegotiation {
		f.add("secure_renegotiation", yesNo(x.Secure == "1"))
	}
	for _, x := range r.Test.Compression {
		f.add("compression", yesNo(x.Supported == "1"))
	}
	return f
}

// testsslFacts runs testssl.sh where it was asked for and is installed.
func testsslFacts(t testing.TB, target scan.Target, e *scan.Endpoint) facts {
	if os.Getenv("CERTAUDIT_COMPARE") != "testssl" {
		return nil
	}
	tool, err := exec.LookPath("testssl")
	if err != nil {
		t.Log("*** testssl is not installed: NOT compared ***")
		return nil
	}
	file := filepath.Join(t.TempDir(), "testssl.json")
	args := []string{"--quiet", "--color", "0", "--jsonfile", file, "--ip", "127.0.0.1"}
	if target.StartTLS != "" {
		if slices.Contains([]string{scan.Sieve, scan.XMPPServer}, target.StartTLS) {
			t.Logf("*** testssl.sh does not speak %s: NOT compared ***", target.StartTLS)
			return nil
		}
		args = append(args, "--starttls", toolProtocol("testssl", target.StartTLS))
	}
	exec.Command(tool, append(args, target.Endpoint())...).Run() // its exit status counts findings
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("testssl: %v", err)
	}
	var found []struct{ ID, Finding string }
	if err := json.Unmarshal(text, &found); err != nil {
		t.Fatalf("testssl: %v", err)
	}
	f := facts{}
	f["versions"] = nil
	for _, x := range found {
		f.testssl(x.ID, x.Finding)
	}
	if len(f["versions"]) == 0 {
		t.Logf("*** testssl.sh finds no TLS at %s: NOT compared ***", target.StartTLS)
		return nil
	}
	return f
}

// testssl takes one finding.
func (f facts) testssl(id, finding string) {
	versions := map[string]string{"SSLv2": "SSL 2.0", "SSLv3": "SSL 3.0", "TLS1": "TLS 1.0", "TLS1_1": "TLS 1.1", "TLS1_2": "TLS 1.2", "TLS1_3": "TLS 1.3"}
	groups := map[string]string{"prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp224r1": "P-224", "prime192v1": "P-192"}
	offered := strings.HasPrefix(finding, "offered")
	switch {
	case versions[id] != "":
		if offered {
			f.add("versions", versions[id])
		}
	case strings.HasPrefix(id, "cipher_x"):
		n, err := strconv.ParseUint(strings.TrimPrefix(id, "cipher_x"), 16, 16)
		if err == nil {
			f.add("suites", suiteName(uint16(n)))
		}
	case id == "DH_groups" && !strings.Contains(finding, "ffdhe"): // a prime of the server's own
	case id == "PFS_ECDHE_curves", id == "FS_ECDHE_curves", id == "DH_groups":
		for _, name := range strings.Fields(finding) {
			if n := groups[name]; n != "" {
				name = n
			}
			f.add("groups", name)
		}
	case strings.HasPrefix(id, "cert_fingerprintSHA256"):
		f.add("leaves", strings.ToLower(finding))
	case id == "secure_renego":
		f.add("secure_renegotiation", yesNo(finding == "supported"))
	case id == "CRIME_TLS":
		f.add("compression", yesNo(!strings.HasPrefix(finding, "not vulnerable")))
	case id == "fallback_SCSV" && (finding == "supported" || finding == "not supported"):
		f.add("fallback_scsv", yesNo(finding == "supported"))
	case id == "heartbleed":
		f.add("heartbeat", yesNo(!strings.Contains(finding, "no heartbeat extension")))
	case id == "TLS_extensions":
		f.add("extended_master_secret", yesNo(strings.Contains(finding, "extended master secret")))
	case id == "OCSP_stapling":
		f.add("ocsp_stapled", yesNo(offered))
	case id == "sessionresumption_ID" && strings.HasSuffix(finding, "supported"):
		f.add("resumption_id", yesNo(finding == "supported"))
	case id == "HSTS" && finding == "not offered":
		f.add("hsts", "no")
	case id == "HSTS_time":
		f.add("hsts", "yes")
	case id == "ALPN" && finding != "not offered":
		f.add("alpn", strings.FieldsFunc(finding, func(r rune) bool { return r == ' ' || r == ',' })...)
	}
}

// compareNginx has HTTP/2 and HSTS.
func compareNginx(t testing.TB) int {
	path := installed(t, "nginx")
	dir, port := t.TempDir(), freePort(t)
	args := twoCertificates(t)
	conf := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events { worker_connections 256; }
http { access_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
server { listen 127.0.0.1:%[2]d ssl http2; server_name localhost; ssl_session_cache shared:s:1m;
ssl_certificate %[3]s; ssl_certificate_key %[4]s; ssl_certificate %[5]s; ssl_certificate_key %[6]s;
ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; add_header Strict-Transport-Security "max-age=31536000" always;
location / { return 200 "ok"; } } }
`, dir, port, args[1], args[3], args[7], args[9])
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServer(t, port, exec.Command(path, "-e", "stderr", "-c", file))
}

// compareApache has the configuration that Debian's packages come with.
func compareApache(t testing.TB) int {
	path := installed(t, "apache2")
	dir, port := t.TempDir(), freePort(t)
	args := twoCertificates(t)
	conf := fmt.Sprintf(`ServerRoot %[1]s
PidFile %[1]s/pid
ErrorLog %[1]s/error.log
Listen 127.0.0.1:%[2]d
ServerName localhost
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
DocumentRoot %[1]s
SSLEngine on
SSLSessionCache shmcb:%[1]s/cache(512000)
SSLCertificateFile %[3]s
SSLCertificateKeyFile %[4]s
SSLCertificateFile %[5]s
SSLCertificateKeyFile %[6]s
SSLCipherSuite HIGH:!aNULL
SSLProtocol all -SSLv3
`, dir, port, args[1], args[3], args[7], args[9])
	file := filepath.Join(dir, "apache.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServer(t, port, exec.Command(path, "-X", "-f", file))
}

// startServer starts a command that listens on the port and waits for it.
func startServer(t testing.TB, port int, cmd *exec.Cmd) int {
	t.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	start(t, cmd)
	waitFor(t, port, &said)
	return port
}
