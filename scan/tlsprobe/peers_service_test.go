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
