package tlsprobe

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"certaudit/scan"
)

// run runs a program that must succeed.
func run(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// TestSlapd has a directory with TLS, and without.
func TestSlapd(t *testing.T) {
	t.Parallel()
	slapd := installed(t, "slapd")
	installed(t, "openssl")
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "ldap", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	basic := "pidfile " + dir + "/pid\n"
	for name, conf := range map[string]string{"bare": basic, "full": basic + "TLSCertificateFile " + cert + "\nTLSCertificateKeyFile " + key + "\n"} {
		port := freePort(t)
		startDaemon(t, port, slapd, "-d", "0", "-f", writeFile(t, dir, name, conf), "-h", "ldap://127.0.0.1:"+strconv.Itoa(port)+"/")
		if name == "full" {
			sameAsClient(t, e, scan.LDAP, "ldap", port)
		} else {
			turnsDown(t, e, scan.LDAP, "localhost", port, scan.ReasonNoStartTLS, "result 2")
		}
	}
}

// TestVsftpd has an FTP server with TLS, and without.
func TestVsftpd(t *testing.T) {
	t.Parallel()
	vsftpd := installed(t, "vsftpd")
	installed(t, "openssl")
	if os.Getuid() != 0 {
		t.Skip("vsftpd starts as root only")
	}
	e := newEstate(t)
	dir := openDir(t)
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	cert, key := pemFiles(t, dir, "ftp", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	basic := "listen=YES\nlisten_address=127.0.0.1\nbackground=NO\nanonymous_enable=YES\nseccomp_sandbox=NO\nsecure_chroot_dir=" + dir + "/empty\n"
	for name, more := range map[string]string{"bare": "", "full": "ssl_enable=YES\nrsa_cert_file=" + cert + "\nrsa_private_key_file=" + key + "\n"} {
		port := freePort(t)
		startDaemon(t, port, vsftpd, writeFile(t, dir, name, basic+more+"listen_port="+strconv.Itoa(port)+"\n"))
		if name == "full" {
			sameAsClient(t, e, scan.FTP, "ftp", port)
		} else {
			turnsDown(t, e, scan.FTP, "localhost", port, scan.ReasonNoStartTLS, "530")
		}
	}
}

// TestProsody has an XMPP server for clients and for servers, and asks it for a
// host that it does not have.
func TestProsody(t *testing.T) {
	t.Parallel()
	prosody := installed(t, "prosody")
	installed(t, "openssl")
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "xmpp", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	user := as(t, "prosody", dir, cert, key)
	client, server := freePort(t), freePort(t)
	conf := writeFile(t, dir, "prosody.cfg.lua", fmt.Sprintf(`pidfile = "%[1]s/pid"
data_path = "%[1]s"
interfaces = { "127.0.0.1" }
c2s_ports = { %[2]d }
s2s_ports = { %[3]d }
c2s_direct_tls_ports = {}
s2s_direct_tls_ports = {}
modules_enabled = { "tls"; "saslauth"; "s2s"; "c2s" }
log = { info = "*console" }
ssl = { certificate = "%[4]s"; key = "%[5]s" }
VirtualHost "localhost"
`, dir, client, server, cert, key))
	startDaemon(t, client, append(slices.Clone(user), prosody, "--config", conf, "-F")...)
	sameAsClient(t, e, scan.XMPPClient, "xmpp", client, "-xmpphost", "localhost")
	sameAsClient(t, e, scan.XMPPServer, "xmpp-server", server, "-xmpphost", "localhost")
	turnsDown(t, e, scan.XMPPClient, "127.0.0.1", client, scan.ReasonStartTLSRefused, `stream error "host-unknown"`)
}

// TestXrdp has a remote desktop with TLS, and one that has RDP's own security
// alone. openssl s_client does not speak RDP, so that the certificate is
// compared with the one that the server was given.
func TestXrdp(t *testing.T) {
	xrdp := installed(t, "xrdp")
	if os.Getuid() != 0 {
		t.Skip("xrdp starts as root here")
	}
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "rdp", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	for layer, protocols := range map[string]string{"negotiate": "TLSv1.2, TLSv1.3", "rdp": ""} {
		port := freePort(t)
		conf := writeFile(t, dir, layer+".ini", fmt.Sprintf("[Globals]\nini_version=1\nfork=true\nport=tcp://127.0.0.1:%d\nsecurity_layer=%s\ncertificate=%s\nkey_file=%s\nssl_protocols=%s\n[Logging]\nLogFile=%s/log\nLogLevel=INFO\nEnableSyslog=false\n",
			port, layer, cert, key, protocols, dir))
		startDaemon(t, port, xrdp, "--nodaemon", "--config", conf)
		if layer == "rdp" {
			turnsDown(t, e, scan.RDP, "localhost", port, scan.ReasonNoStartTLS, "")
			continue
		}
		r := observeVia(t, upgradeProber(t, e), scan.RDP, "localhost", port)
		if r.endpoint == nil || len(r.notAssessed) > 0 {
			t.Fatalf("records %v %+v", r.kinds(), r.notAssessed)
		}
		if got := r.endpoint; got.Chain[0] != hexSum(e.leaf.Raw) || got.TLSVersion != "TLS 1.3" || !slices.Contains(got.VersionsRefused, "TLS 1.1") {
			t.Errorf("%+v", got)
		}
	}
}

// newsProgram finds a program of INN, which are apart from the others.
func newsProgram(t testing.TB, name string) string {
	t.Helper()
	if path := "/usr/lib/news/bin/" + name; executable(path) {
		return path
	}
	return installed(t, name)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o100 != 0
}

// TestNnrpd has a news server for readers with TLS, and one whose key is
// missing.
func TestNnrpd(t *testing.T) {
	nnrpd, makehistory, makedbz := newsProgram(t, "nnrpd"), newsProgram(t, "makehistory"), newsProgram(t, "makedbz")
	installed(t, "openssl")
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "news", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	conf := func(key string) string {
		return fmt.Sprintf("mta: \"/bin/true %%s\"\novmethod: tradindexed\nhismethod: hisv6\ndomain: example.test\npathhost: news.example.test\npathnews: /usr/lib/news\npathbin: %[4]s\n"+
			"pathetc: %[1]s\npathrun: %[1]s\npathdb: %[1]s\npathspool: %[1]s\npatharticles: %[1]s\npathoverview: %[1]s\npathlog: %[1]s\npathtmp: %[1]s\n"+
			"tlscafile: %[2]s\ntlscapath: %[1]s\ntlscertfile: %[2]s\ntlskeyfile: %[3]s\n", dir, cert, key, filepath.Dir(nnrpd))
	}
	full, broken := writeFile(t, dir, "inn.conf", conf(key)), writeFile(t, dir, "broken.conf", conf("/nonexistent"))
	readers := writeFile(t, dir, "readers.conf", "auth all {\n  hosts: \"*\"\n  default: \"<x>\"\n}\naccess all {\n  users: \"<x>\"\n  newsgroups: \"*\"\n}\n")
	files := []string{dir, cert, key, writeFile(t, dir, "storage.conf", "method tradspool {\n  newsgroups: *\n  class: 0\n}\n"),
		writeFile(t, dir, "active", "local.test 0000000000 0000000001 y\n"), writeFile(t, dir, "newsgroups", ""), writeFile(t, dir, "history", "")}
	user := append(as(t, "news", files...), "env")
	run(t, append(slices.Clone(user), "INNCONF="+full, makedbz, "-i", "-o")...)
	exec.Command(user[0], append(user[1:], "INNCONF="+full, makehistory, "-O", "-x", "-F")...).Run() // makes the index, and misses a map of articles

	for _, file := range []string{full, broken} {
		port := freePort(t)
		stop := startDaemon(t, port, append(slices.Clone(user), "INNCONF="+file, nnrpd, "-D", "-f", "-4", "127.0.0.1", "-p", strconv.Itoa(port), "-c", readers)...)
		if file == full {
			sameAsClient(t, e, scan.NNTP, "nntp", port)
		} else {
			turnsDown(t, e, scan.NNTP, "localhost", port, scan.ReasonStartTLSRefused, "580")
		}
		stop()
	}
}
