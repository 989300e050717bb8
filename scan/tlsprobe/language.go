package tlsprobe

import (
	"bytes"
	"strings"

	"certaudit/scan"
)

// A language is what a peer's first bytes give away.
type language struct {
	name   string // for people; empty where the bytes tell nothing
	scheme string // of a target that speaks it; empty where certaudit has none
}

// greetings are how servers begin that speak first, or answer what they do not
// understand; the first that fits decides.
var greetings = []struct {
	prefix, word string // the word is anywhere, in capitals
	language
}{
	{"220", "LMTP", language{"LMTP", scan.LMTP}},
	{"220", "SMTP", language{"SMTP", scan.SMTP}},
	{"220", "FTP", language{"FTP", scan.FTP}},
	{"220", "", language{"SMTP or FTP", scan.SMTP}},
	{"421", "FTP", language{"FTP", scan.FTP}},
	{"421", "", language{"SMTP or FTP", scan.SMTP}},
	{"554", "", language{"SMTP", scan.SMTP}},
	{"200 ", "", language{"NNTP", scan.NNTP}},
	{"201 ", "", language{"NNTP", scan.NNTP}},
	{"* OK", "", language{"IMAP", scan.IMAP}},
	{"* PREAUTH", "", language{"IMAP", scan.IMAP}},
	{"* BYE", "", language{"IMAP", scan.IMAP}},
	{"+OK", "", language{"POP3", scan.POP3}},
	{"-ERR", "", language{"POP3", scan.POP3}},
	{`"IMPLEMENTATION"`, "", language{"ManageSieve", scan.Sieve}},
	{"<?xml", "JABBER", language{"XMPP", "xmpp"}},
	{"<stream:", "", language{"XMPP", "xmpp"}},
	{"HTTP/", "", language{"HTTP without TLS", ""}},
	{"SSH-", "", language{"SSH", ""}},
	{"\x30", oidDisconnection, language{"LDAP", scan.LDAP}},
}

// speaks guesses what a peer speaks from the first bytes that it sent.
func speaks(b []byte) language {
	b = b[:min(len(b), 512)]
	upper := strings.ToUpper(string(b))
	for _, g := range greetings {
		if bytes.HasPrefix(b, []byte(g.prefix)) && strings.Contains(upper, g.word) {
			return g.language
		}
	}
	switch {
	case len(b) > 5 && b[2] == 0 && b[3] == 0 && (b[4] == mysqlGreeting || b[4] == mysqlError):
		return language{"MySQL", scan.MySQL}
	case len(b) > 2 && looksLikeTLS(b[:min(len(b), 5)]):
		return language{"TLS", "tls"}
	}
	return language{}
}

// hint adds to the detail of a peer that does not speak TLS what it speaks
// instead, and how to ask for that.
func (v *visit) hint(f *failure, seen []byte) {
	other := speaks(seen)
	if f.reason != scan.ReasonNotTLS || v.target.StartTLS != "" || other.name == "" {
		return
	}
	f.detail += "; the peer speaks " + other.name
	if other.scheme != "" {
		f.detail += "; write " + other.scheme + "://" + v.target.Endpoint()
	}
}
