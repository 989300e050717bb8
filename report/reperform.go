package report

import (
	"net"
	"strconv"
	"strings"
	"unicode"

	"certaudit/scan"
)

// reperform gives a stock command that shows the fact behind a finding to
// someone who has no certaudit.
func reperform(f *Finding, u *unit, check string) string {
	if u.observed != nil {
		ep := *u.observed
		ep.Endpoint = dialled(f.Locations[0])
		return probeCommand(&ep, check, f.Observed)
	}
	if len(f.Locations) == 0 {
		return ""
	}
	first := f.Locations[0]
	const show = "openssl x509 -noout -text -fingerprint -sha256"
	switch {
	case first.Endpoint != "" && (first.Alias != "" || !speaks(first.StartTLS)): // shown to other clients than s_client
		return fromEvidence(f.Certificate) + show
	case first.Endpoint != "" && first.Index == 0:
		return connect(dialled(first), serverName(first.Endpoint), first.StartTLS) + " </dev/null | " + show
	case first.Endpoint != "":
		return connect(dialled(first), serverName(first.Endpoint), first.StartTLS) + " -showcerts </dev/null | " + nth(first.Index) + " | " + show
	case strings.Contains(first.Path, "!"):
		return fromEvidence(f.Certificate) + show
	}
	switch first.Container {
	case "jks", "jceks", "pkcs12":
		return "keytool -list -v -keystore " + shellQuote(first.Path) + " -alias " + shellQuote(first.Alias)
	case "pkcs7-pem", "pkcs7-der":
		return "openssl pkcs7 -inform " + strings.TrimPrefix(first.Container, "pkcs7-") + " -in " + shellQuote(first.Path) + " -print_certs -noout -text"
	case "pem", "der", "":
	default:
		return fromEvidence(f.Certificate) + show
	}
	if first.Line > 1 {
		return "tail -n +" + strconv.Itoa(first.Line) + " " + shellQuote(first.Path) + " | " + show
	}
	return show + " -in " + shellQuote(first.Path)
}

// fromEvidence takes the certificate out of the evidence beside the report, for
// places that no stock tool reads.
func fromEvidence(sha256 string) string {
	return `grep -m1 '"kind":"certificate","sha256":"` + sha256 + `"' evidence.jsonl | sed 's/.*"der":"\([^"]*\)".*/\1/' | base64 -d | `
}

// probeCommand shows what a finding about an endpoint is about. It names the
// version where the finding is about one: what was observed begins with it, as
// "accepts TLS 1.0" or "refuses TLS 1.3" does.
func probeCommand(ep *scan.Endpoint, check, observed string) string {
	const show = "openssl x509 -noout -text"
	command := connect(ep.Endpoint, ep.ServerName, ep.StartTLS)
	switch {
	case !speaks(ep.StartTLS) && len(ep.Chain) > 0:
		return fromEvidence(ep.Chain[0]) + show
	case !speaks(ep.StartTLS):
		return ""
	case check == "hostname-match" || check == "ct":
		return command + " -showcerts </dev/null | " + show
	case check == "chain-complete" || check == "chain-trusted":
		return command + " -showcerts </dev/null"
	case check == "ocsp-stapling":
		return command + " -status </dev/null"
	case check == "hsts":
		return "curl -sk -o /dev/null -D - " + shellQuote("https://"+ep.Endpoint+"/")
	}
	for _, v := range versionFlags {
		if strings.HasPrefix(observed, "accepts "+v.name) || strings.HasPrefix(observed, "refuses "+v.name) {
			return command + " " + v.flags + " </dev/null"
		}
	}
	return command + " </dev/null"
}

// upgrades are the names that openssl s_client has for protocols that are
// upgraded to TLS. It speaks no other.
var upgrades = map[string]string{scan.SMTP: "smtp", scan.LMTP: "lmtp", scan.IMAP: "imap", scan.POP3: "pop3", scan.FTP: "ftp", scan.LDAP: "ldap",
	scan.PostgreSQL: "postgres", scan.MySQL: "mysql", scan.XMPPClient: "xmpp", scan.XMPPServer: "xmpp-server", scan.NNTP: "nntp", scan.Sieve: "sieve"}

// speaks tells whether openssl s_client gets to TLS at all.
func speaks(starttls string) bool { return starttls == "" || upgrades[starttls] != "" }

// versionFlags make openssl s_client speak one version only; OpenSSL 3 bars the
// old ones unless told otherwise.
var versionFlags = []struct{ name, flags string }{
	{"TLS 1.0", "-tls1 -cipher 'ALL:@SECLEVEL=0'"},
	{"TLS 1.1", "-tls1_1 -cipher 'ALL:@SECLEVEL=0'"},
	{"TLS 1.2", "-tls1_2"},
	{"TLS 1.3", "-tls1_3"},
}

// dialled is host:port, or address:port where the host has several that differ.
func dialled(l Location) string {
	if l.Address == "" {
		return l.Endpoint
	}
	return net.JoinHostPort(l.Address, l.Endpoint[strings.LastIndexByte(l.Endpoint, ':')+1:])
}

func connect(endpoint, name, starttls string) string {
	command := "openssl s_client -connect " + shellQuote(endpoint)
	if upgrade := upgrades[starttls]; upgrade != "" {
		command += " -starttls " + upgrade
		if name != "" && strings.HasPrefix(upgrade, "xmpp") {
			command += " -xmpphost " + shellQuote(name)
		}
	}
	if name != "" {
		command += " -servername " + shellQuote(name)
	}
	return command
}

// serverName is the host of host:port, or "" for an address.
func serverName(endpoint string) string {
	host := endpoint[:max(0, strings.LastIndexByte(endpoint, ':'))]
	if strings.HasPrefix(host, "[") || strings.Trim(host, "0123456789.") == "" {
		return ""
	}
	return host
}

// nth picks the n-th certificate, from 0, out of a stream of PEM.
func nth(n int) string {
	return "awk '/BEGIN CERT/{n++} n==" + strconv.Itoa(n+1) + "'"
}

// shellQuote quotes an argument for a POSIX shell. What a shell or a terminal
// could act on never stands bare: a reader may paste the command.
func shellQuote(s string) string {
	if strings.HasPrefix(s, "-") {
		s = "./" + s // a file, not an option
	}
	safe := s != ""
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._:@%+,=-", r)) {
			safe = false
		}
	}
	if safe {
		return s
	}
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'':
			b.WriteString(`'\''`)
		case !unicode.IsPrint(r):
			b.WriteString(`'?'`) // outside the quotes: the shell matches any one character
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
