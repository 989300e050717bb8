package tlsprobe

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"certaudit/scan"
)

// TestPostfix has a mail server that upgrades, one that offers nothing, one
// whose certificate is missing, and one that takes one connection at a time.
func TestPostfix(t *testing.T) {
	t.Parallel()
	postfix := installed(t, "postfix")
	installed(t, "openssl")
	if os.Getuid() != 0 {
		t.Skip("postfix starts as root only")
	}
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "mail", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	for _, sub := range []string{"queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	as(t, "postfix", filepath.Join(dir, "data"))
	writeFile(t, dir, "main.cf", fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/maillog
maillog_file_prefixes = %[1]s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = %[2]s
smtpd_tls_key_file = %[3]s
`, dir, cert, key))
	good, none, broken, single := freePort(t), freePort(t), freePort(t), freePort(t)
	writeFile(t, dir, "master.cf", fmt.Sprintf(`127.0.0.1:%d inet n - n - - smtpd
127.0.0.1:%d inet n - n - - smtpd -o smtpd_tls_security_level=none
127.0.0.1:%d inet n - n - - smtpd -o smtpd_tls_cert_file=/nonexistent -o smtpd_tls_key_file=/nonexistent
127.0.0.1:%d inet n - n - - smtpd -o smtpd_client_connection_count_limit=1
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`, good, none, broken, single))
	t.Cleanup(func() { exec.Command(postfix, "-c", dir, "stop").Run() }) // its master outlives the command
	startDaemon(t, good, postfix, "-c", dir, "start-fg")

	sameAsClient(t, e, scan.SMTP, "smtp", good)
	turnsDown(t, e, scan.SMTP, "localhost", none, scan.ReasonNoStartTLS, "no STARTTLS")
	turnsDown(t, e, scan.SMTP, "localhost", broken, scan.ReasonStartTLSRefused, "454 4.7.0 TLS not available")
	defer holdOpen(t, single, "220 ")()
	turnsDown(t, e, scan.SMTP, "localhost", single, scan.ReasonRateLimited, "421 4.7.0")
	r := observe(t, upgradeProber(t, e), "localhost", good)
	if len(r.notAssessed) != 1 || r.notAssessed[0].Reason != scan.ReasonNotTLS || !strings.HasSuffix(r.notAssessed[0].Detail, "write smtp://localhost:"+strconv.Itoa(good)) {
		t.Errorf("plain TLS: %+v", r.notAssessed)
	}
}

// holdOpen makes a connection that the server greets, and gives what closes it.
func holdOpen(t testing.TB, port int, greeting string) func() {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(c).ReadString('\n'); !strings.HasPrefix(line, greeting) {
		t.Fatalf("the server greets with %q, %v", line, err)
	}
	return func() { c.Close() }
}

// TestDovecot has IMAP, POP3, ManageSieve and LMTP, and the first two of these
// again without TLS.
func TestDovecot(t *testing.T) {
	t.Parallel()
	dovecot := installed(t, "dovecot")
	installed(t, "openssl")
	if os.Getuid() != 0 {
		t.Skip("dovecot starts as root here")
	}
	e := newEstate(t)
	dir := openDir(t)
	cert, key := pemFiles(t, dir, "mail", e.leaf.key, e.leaf.Raw, e.inter.Raw)
	imap, pop3, sieve, lmtp := freePort(t), freePort(t), freePort(t), freePort(t)
	conf := func(name, protocols, ssl string) string {
		return writeFile(t, dir, name, fmt.Sprintf(`base_dir = %[1]s/%[2]s.run
state_dir = %[1]s/%[2]s.state
log_path = %[1]s/%[2]s.log
listen = 127.0.0.1
protocols = %[3]s
%[4]s
mail_location = maildir:%[1]s/mail
passdb {
  driver = static
  args = password=x
}
userdb {
  driver = static
  args = uid=dovecot gid=dovecot home=%[1]s
}
service imap-login {
  inet_listener imap {
    port = %[5]d
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = %[6]d
  }
  inet_listener pop3s {
    port = 0
  }
}
`, dir, name, protocols, ssl, imap, pop3))
	}
	full := conf("full", "imap pop3 lmtp sieve", "ssl = yes\nssl_cert = <"+cert+"\nssl_key = <"+key)
	f, err := os.OpenFile(full, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "service managesieve-login {\n  inet_listener sieve {\n    port = %d\n  }\n}\nservice lmtp {\n  inet_listener lmtp {\n    address = 127.0.0.1\n    port = %d\n  }\n}\n", sieve, lmtp)
	f.Close()
	stop := startDaemon(t, imap, dovecot, "-F", "-c", full)
	sameAsClient(t, e, scan.IMAP, "imap", imap)
	sameAsClient(t, e, scan.POP3, "pop3", pop3)
	sameAsClient(t, e, scan.Sieve, "sieve", sieve)
	sameAsClient(t, e, scan.LMTP, "lmtp", lmtp)
	stop()

	startDaemon(t, imap, dovecot, "-F", "-c", conf("bare", "imap pop3", "ssl = no"))
	turnsDown(t, e, scan.IMAP, "localhost", imap, scan.ReasonNoStartTLS, "no STARTTLS")
	turnsDown(t, e, scan.POP3, "localhost", pop3, scan.ReasonNoStartTLS, "-ERR")
}
