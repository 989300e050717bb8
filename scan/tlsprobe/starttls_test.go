package tlsprobe

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"certaudit/scan"
)

// A face is the server's side of a dialogue: what it says, and between it, what
// it must be told. The special words end the dialogue.
type face []any

// Parts of a face: a string is said.
type (
	told  string // must come, byte by byte
	doing int
)

const (
	upgradesNow doing = iota // TLS begins
	hangs
	closes
	resets
)

// play is the face's server; cfg is that of its TLS.
func (f face) play(t testing.TB, cfg *tls.Config) func(net.Conn) {
	return func(c net.Conn) {
		for _, part := range f {
			switch part := part.(type) {
			case string:
				if _, err := io.WriteString(c, part); err != nil {
					return
				}
			case told:
				got := make([]byte, len(part))
				if n, err := io.ReadFull(c, got); err != nil || string(got) != string(part) {
					if err == nil || n > 0 {
						t.Errorf("told %q, want %q", got[:n], part)
					}
					return
				}
			case doing:
				switch part {
				case upgradesNow:
					tlsServer(cfg)(c)
				case hangs:
					io.Copy(io.Discard, c)
				case resets:
					c.(*net.TCPConn).SetLinger(0)
				}
				return
			}
		}
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, c)
	}
}

// What our side says.
const (
	ehlo         = told("EHLO certaudit.invalid\r\n")
	lhlo         = told("LHLO certaudit.invalid\r\n")
	starttls     = told("STARTTLS\r\n")
	a1Capability = told("a1 CAPABILITY\r\n")
	a2StartTLS   = told("a2 STARTTLS\r\n")
	stls         = told("STLS\r\n")
	capa         = told("CAPA\r\n")
	authTLS      = told("AUTH TLS\r\n")
	feat         = told("FEAT\r\n")
	ldapStart    = told("\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037")
	sslRequest   = told("\x00\x00\x00\x08\x04\xd2\x16\x2f")
	mysqlStart   = told("\x20\x00\x00\x01\x00\x8a\x00\x00\xff\xff\xff\x00\x2d" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	xmppStart    = told("<?xml version='1.0'?><stream:stream to='127.0.0.1' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
	xmppServer   = told("<?xml version='1.0'?><stream:stream to='127.0.0.1' version='1.0' xml:lang='en' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>")
	xmppTLS      = told("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
	rdpStart     = told("\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00")
	prelogin     = told("\x12\x01\x00\x1a\x00\x00\x01\x00" + "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + "\x00\x00\x00\x00\x00\x00\x01")
)

// What servers say.
const (
	greets220  = "220 mail.example.test ESMTP\r\n"
	offers250  = "250-mail.example.test\r\n250-SIZE 1000\r\n250-starttls\r\n250 HELP\r\n"
	sieveList  = "\"IMPLEMENTATION\" \"Test\"\r\n\"SIEVE\" {8+}\r\nfileinto\r\n\"STARTTLS\"\r\n"
	xmppStream = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
	xmppOffer  = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
)

func mysqlPacket(sequence byte, payload string) string {
	return string([]byte{byte(len(payload)), byte(len(payload) >> 8), 0, sequence}) + payload
}

// mysqlHello is a greeting with those capabilities.
func mysqlHello(capabilities uint16) string {
	low := string(binary.LittleEndian.AppendUint16(nil, capabilities))
	return mysqlPacket(0, "\x0a8.0.0-test\x00\x01\x00\x00\x00abcdefgh\x00"+low+"\xff\x02\x00\x08\x00\x15"+strings.Repeat("\x00", 10)+"ijklmnopqrst\x00")
}

func ldapResult(id, code byte, text string) string {
	result := "\x0a\x01" + string([]byte{code}) + "\x04\x00\x04" + string([]byte{byte(len(text))}) + text
	body := "\x02\x01" + string([]byte{id}) + "\x78" + string([]byte{byte(len(result))}) + result
	return "\x30" + string([]byte{byte(len(body))}) + body
}

func postgresFields(fields string) string {
	return "E" + string(binary.BigEndian.AppendUint32(nil, uint32(4+len(fields)))) + fields
}

func rdpConfirm(negotiation string) string {
	return "\x03\x00\x00" + string([]byte{byte(11 + len(negotiation)), byte(6 + len(negotiation))}) + "\xd0\x00\x00\x12\x34\x00" + negotiation
}

func tdsPacketOf(typ, status byte, data string) string {
	return string([]byte{typ, status, 0, byte(8 + len(data)), 0, 0, 1, 0}) + data
}

// preloginAnswer has a version and an encryption.
func preloginAnswer(encryption string) string {
	return "\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + "\x10\x00\x07\xd0\x00\x00" + encryption
}

// TestStartTLS has one server of each kind that goes on to TLS, some in more
// than one way, and asks for versions on the way: every connection is upgraded.
func TestStartTLS(t *testing.T) {
	e := newEstate(t)
	tests := []struct {
		name, protocol string
		face           face
	}{
		{"smtp", scan.SMTP, face{greets220, ehlo, offers250, starttls, "220 2.0.0 ready\r\n", upgradesNow}},
		{"smtp, long greeting and bare line ends", scan.SMTP, face{"220-mail\n220 ESMTP\n", ehlo, "250-mail\n250 STARTTLS\n", starttls, "220\n", upgradesNow}},
		{"lmtp", scan.LMTP, face{"220 LMTP\r\n", lhlo, offers250, starttls, "220 ready\r\n", upgradesNow}},
		{"imap", scan.IMAP, face{"* OK ready\r\n", a1Capability, "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n", a2StartTLS, "a2 OK begin\r\n", upgradesNow}},
		{"imap, capabilities in the greeting", scan.IMAP, face{"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", a2StartTLS, "* OK still here\r\na2 OK begin\r\n", upgradesNow}},
		{"pop3", scan.POP3, face{"+OK <1896.697170952@example.test>\r\n", stls, "+OK begin\r\n", upgradesNow}},
		{"ftp", scan.FTP, face{"220-Welcome\r\n 220 is our number\r\n221 is not\r\n220 FTP\r\n", authTLS, "234 go\r\n", upgradesNow}},
		{"nntp", scan.NNTP, face{"201 no posting\r\n", starttls, "382 go\r\n", upgradesNow}},
		{"sieve", scan.Sieve, face{sieveList + "OK \"ready\"\r\n", starttls, "OK {5}\r\nbegin\r\n", upgradesNow}},
		{"ldap", scan.LDAP, face{ldapStart, ldapResult(1, 0, ""), upgradesNow}},
		{"ldap, long form", scan.LDAP, face{ldapStart, "\x30\x84\x00\x00\x00\x10\x02\x01\x01\x78\x84\x00\x00\x00\x07\x0a\x01\x00\x04\x00\x04\x00", upgradesNow}},
		{"postgres", scan.PostgreSQL, face{sslRequest, "S", upgradesNow}},
		{"mysql", scan.MySQL, face{mysqlHello(0xffff), mysqlStart, upgradesNow}},
		{"xmpp client", scan.XMPPClient, face{xmppStart, xmppStream + xmppOffer, xmppTLS, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", upgradesNow}},
		{"xmpp server", scan.XMPPServer, face{xmppServer, xmppStream, "\n" + xmppOffer, xmppTLS, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>", upgradesNow}},
		{"rdp", scan.RDP, face{rdpStart, rdpConfirm("\x02\x1f\x08\x00\x02\x00\x00\x00"), upgradesNow}},
		{"rdp, TLS alone", scan.RDP, face{rdpStart, rdpConfirm("\x02\x00\x08\x00\x01\x00\x00\x00"), upgradesNow}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}}
			host, port := listen(t, "127.0.0.1:0", tt.face.play(t, cfg))
			upgraded(t, e, observeVia(t, newProber(t, Options{Roots: e.roots(), Probes: atMost11}), tt.protocol, host, port), tt.protocol)
		})
	}
	required := preloginAnswer("\x03")
	for name, answer := range map[string]string{
		"mssql":                           tdsPacketOf(4, 1, preloginAnswer("\x01")),
		"mssql, required, in two packets": tdsPacketOf(4, 0, required[:9]) + tdsPacketOf(4, 1, required[9:]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MaxVersion: tls.VersionTLS12}
			host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
				got := make([]byte, len(prelogin))
				if _, err := io.ReadFull(c, got); err != nil || string(got) != string(prelogin) {
					t.Errorf("told %q, %v", got, err)
				}
				io.WriteString(c, answer)
				tlsServer(cfg)(&tdsConn{Conn: c})
			})
			upgraded(t, e, observeVia(t, newProber(t, Options{Roots: e.roots(), Probes: atMost11}), scan.MSSQL, host, port), scan.MSSQL)
		})
	}
}

// upgraded wants the endpoint of the estate, with TLS 1.1 refused.
func upgraded(t *testing.T, e estate, r report, protocol string) {
	t.Helper()
	if r.endpoint == nil || len(r.notAssessed) > 0 {
		t.Fatalf("records %v: %+v", r.kinds(), r.notAssessed[0])
	}
	got := r.endpoint
	if got.StartTLS != protocol || got.Chain[0] != hexSum(e.leaf.Raw) || len(got.Chain) != 2 || got.Attempts != 1 ||
		len(got.Paths) != 1 || !slices.Contains(got.VersionsRefused, "TLS 1.1") {
		t.Errorf("%+v", got)
	}
}

// TestStartTLSFails has every way not to come as far as TLS.
func TestStartTLSFails(t *testing.T) {
	const (
		none     = scan.ReasonNoStartTLS
		no       = scan.ReasonStartTLSRefused
		busy     = scan.ReasonRateLimited
		protocol = scan.ReasonProtocol
	)
	tests := []struct {
		protocol string
		face     face
		reason   scan.Reason
		attempts int
		detail   string
	}{
		{scan.SMTP, face{greets220, ehlo, "250-mail\r\n250 XSTARTTLS\r\n"}, none, 1, "answer to EHLO: no STARTTLS among the extensions"},
		{scan.SMTP, face{greets220, ehlo, "502 what?\r\n"}, none, 1, `answer to EHLO: "502 what?"`},
		{scan.SMTP, face{greets220, ehlo, "550 go away\r\n"}, no, 1, ""},
		{scan.SMTP, face{greets220, ehlo, offers250, starttls, "454 4.7.0 TLS not available due to local problem\r\n"}, no, 3, `answer to STARTTLS: "454 4.7.0 TLS not available due to local problem"`},
		{scan.SMTP, face{greets220, ehlo, offers250, starttls, "530 no\r\n"}, no, 1, ""},
		{scan.SMTP, face{greets220, ehlo, offers250, starttls, "250 what?\r\n"}, protocol, 1, `answer to STARTTLS: "250 what?"`},
		{scan.SMTP, face{"421 4.7.0 too many connections\r\n"}, busy, 2, `greeting: "421 4.7.0 too many connections"`},
		{scan.SMTP, face{"554 5.7.1 not you\r\n"}, no, 1, ""},
		{scan.SMTP, face{greets220, ehlo, "450 later\r\n"}, busy, 2, ""},
		{scan.SMTP, face{greets220, ehlo, offers250, starttls, "421 closing\r\n"}, busy, 2, ""},
		{scan.SMTP, face{"HTTP/1.1 400 Bad\x1b[31m Request\r\n\r\n"}, protocol, 1, `greeting: "HTTP/1.1 400 Bad\x1b[31m Request"; the peer speaks HTTP without TLS`},
		{scan.SMTP, face{"SSH-2.0-OpenSSH"}, protocol, 1, `greeting: closed behind "SSH-2.0-OpenSSH"; the peer speaks SSH`},
		{scan.SMTP, face{"2200 ok\r\n"}, protocol, 1, ""},
		{scan.SMTP, face{"\x15\x03\x01\x00\x02\x02\x46"}, protocol, 1, `greeting: closed behind "\x15\x03\x01\x00\x02\x02F"; the peer speaks TLS`},
		{scan.SMTP, face{greets220, ehlo, hangs}, scan.ReasonTimeout, 1, "answer to EHLO: "},
		{scan.SMTP, face{hangs}, scan.ReasonTimeout, 1, "greeting: "},
		{scan.SMTP, face{}, scan.ReasonClosed, 1, "greeting: EOF"},
		{scan.SMTP, face{greets220, ehlo, resets}, scan.ReasonReset, 3, ""},
		{scan.SMTP, face{"220-" + strings.Repeat("x", maxLine) + "\r\n"}, scan.ReasonTooLarge, 1, "greeting: the peer says too much"},
		{scan.SMTP, face{strings.Repeat("220-x\r\n", maxLines+1)}, scan.ReasonTooLarge, 1, "greeting: the peer says too much"},
		{scan.SMTP, face{strings.Repeat("220-"+strings.Repeat("x", 1000)+"\r\n", 100)}, scan.ReasonTooLarge, 1, "greeting: the peer says too much"},
		{scan.LMTP, face{greets220, lhlo, "500 Error: command not recognized\r\n"}, none, 1, ""},

		{scan.IMAP, face{"* OK ready\r\n", a1Capability, "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\na1 OK\r\n"}, none, 1, "answer to CAPABILITY: no STARTTLS among the capabilities"},
		{scan.IMAP, face{"* PREAUTH [CAPABILITY STARTTLS] hello\r\n"}, none, 1, ""},
		{scan.IMAP, face{"* BYE too many\r\n"}, busy, 2, `greeting: "* BYE too many"`},
		{scan.IMAP, face{"* NO\r\n"}, busy, 2, ""},
		{scan.IMAP, face{"* OK [CAPABILITY STARTTLS]\r\n", a2StartTLS, "* BYE\r\n"}, busy, 2, ""},
		{scan.IMAP, face{"* OK [CAPABILITY STARTTLS]\r\n", a2StartTLS, "a2 NO [UNAVAILABLE] later\r\n"}, busy, 2, ""},
		{scan.IMAP, face{"* OK [CAPABILITY STARTTLS]\r\n", a2StartTLS, "a2 NO no\r\n"}, no, 1, ""},
		{scan.IMAP, face{"* OK [CAPABILITY STARTTLS]\r\n", a2StartTLS, "a2 BAD no\r\n"}, no, 1, ""},
		{scan.IMAP, face{"* OK [CAPABILITY STARTTLS]\r\n", a2StartTLS, "a2 WHAT\r\n"}, protocol, 1, ""},
		{scan.IMAP, face{greets220}, protocol, 1, `greeting: "220 mail.example.test ESMTP"; the peer speaks SMTP`},
		{scan.IMAP, face{"* OK ready\r\n", a1Capability, strings.Repeat("* CAPABILITY\r\n", maxLines+1)}, scan.ReasonTooLarge, 1, ""},

		{scan.POP3, face{"+OK\r\n", stls, "-ERR what?\r\n", capa, "+OK\r\nUIDL\r\n.\r\n"}, none, 1, `answer to STLS: "-ERR what?"`},
		{scan.POP3, face{"+OK\r\n", stls, "-ERR what?\r\n", capa, "-ERR what?\r\n"}, none, 1, ""},
		{scan.POP3, face{"+OK\r\n", stls, "-ERR what?\r\n", capa, closes}, no, 1, `answer to STLS: "-ERR what?"`},
		{scan.POP3, face{"+OK\r\n", stls, "-ERR no\r\n", capa, "+OK\r\nSTLS\r\n.\r\n"}, no, 1, `answer to STLS: "-ERR no"`},
		{scan.POP3, face{"+OK\r\n", stls, "-ERR [SYS/TEMP] later\r\n"}, busy, 2, ""},
		{scan.POP3, face{"-ERR too many\r\n"}, busy, 2, ""},
		{scan.POP3, face{"-ERR [SYS/PERM] never\r\n"}, no, 1, ""},
		{scan.POP3, face{"* OK\r\n"}, protocol, 1, `greeting: "* OK"; the peer speaks IMAP`},
		{scan.POP3, face{"+OK\r\n", stls, "+OKAY\r\n"}, protocol, 1, ""},

		{scan.FTP, face{"220 FTP\r\n", authTLS, "502 what?\r\n", feat, "211-Features\r\n UTF8\r\n211 End\r\n"}, none, 1, `answer to AUTH: "502 what?"`},
		{scan.FTP, face{"220 FTP\r\n", authTLS, "530 Please login with USER and PASS.\r\n", feat, "530 Please\r\n"}, none, 1, ""},
		{scan.FTP, face{"220 FTP\r\n", authTLS, "502 what?\r\n", feat, closes}, no, 1, `answer to AUTH: "502 what?"`},
		{scan.FTP, face{"220 FTP\r\n", authTLS, "534 no\r\n", feat, "211-Features\r\n AUTH TLS-C;TLS-P;SSL\r\n211 End\r\n"}, no, 1, `answer to AUTH: "534 no"`},
		{scan.FTP, face{"220 FTP\r\n", authTLS, "431 later\r\n"}, no, 3, ""},
		{scan.FTP, face{"220 FTP\r\n", authTLS, "334 go on\r\n"}, protocol, 1, ""},
		{scan.FTP, face{"421 too many users\r\n"}, busy, 2, ""},
		{scan.FTP, face{"120 in ten minutes\r\n"}, busy, 2, ""},
		{scan.FTP, face{"530 not you\r\n"}, no, 1, ""},

		{scan.NNTP, face{"200 ready\r\n", starttls, "500 what?\r\n"}, none, 1, ""},
		{scan.NNTP, face{"200 ready\r\n", starttls, "580 no\r\n"}, no, 1, ""},
		{scan.NNTP, face{"400 later\r\n"}, busy, 2, ""},
		{scan.NNTP, face{"502 not you\r\n"}, no, 1, ""},

		{scan.Sieve, face{"\"IMPLEMENTATION\" \"Test\"\r\nOK\r\n"}, none, 1, "greeting: no STARTTLS among the capabilities"},
		{scan.Sieve, face{sieveList + "OK\r\n", starttls, "NO \"no\"\r\n"}, no, 1, ""},
		{scan.Sieve, face{sieveList + "OK\r\n", starttls, "NO (TRYLATER) \"later\"\r\n"}, busy, 2, ""},
		{scan.Sieve, face{"BYE \"too many\"\r\n"}, busy, 2, ""},
		{scan.Sieve, face{greets220}, protocol, 1, ""},
		{scan.Sieve, face{"\"SIEVE\" {65000}\r\n" + strings.Repeat("x", maxText)}, scan.ReasonTooLarge, 1, ""},

		{scan.LDAP, face{ldapStart, ldapResult(1, 2, "unsupported extended operation")}, none, 1, `answer to StartTLS: result 2, "unsupported extended operation"`},
		{scan.LDAP, face{ldapStart, ldapResult(1, 51, "")}, busy, 2, ""},
		{scan.LDAP, face{ldapStart, ldapResult(1, 52, "")}, no, 3, ""},
		{scan.LDAP, face{ldapStart, ldapResult(1, 53, "")}, no, 1, ""},
		{scan.LDAP, face{ldapStart, ldapResult(0, 52, "")}, busy, 2, ""},
		{scan.LDAP, face{ldapStart, ldapResult(0, 0, "")}, no, 1, ""},
		{scan.LDAP, face{ldapStart, ldapResult(2, 0, "")}, protocol, 1, ""},
		{scan.LDAP, face{ldapStart, "\x30\x03\x02\x01\x01"}, protocol, 1, ""},
		{scan.LDAP, face{ldapStart, "\x30\x84\xff\xff\xff\xff"}, scan.ReasonTooLarge, 1, ""},
		{scan.LDAP, face{ldapStart, "\x30\x80"}, protocol, 1, ""},
		{scan.LDAP, face{ldapStart, "\x15\x03\x01\x00\x02\x02\x0a"}, protocol, 1, "answer to StartTLS: \"\\x15\\x03\\x01\\x00\\x02\\x02\\n\"; the peer speaks TLS"},
		{scan.LDAP, face{ldapStart, ldapResult(1, 0, "")[:5]}, protocol, 1, ""},
		{scan.LDAP, face{ldapStart}, scan.ReasonClosed, 1, ""},

		{scan.PostgreSQL, face{sslRequest, "N"}, none, 1, ""},
		{scan.PostgreSQL, face{sslRequest, postgresFields("SFATAL\x00C53300\x00Msorry, too many clients already\x00\x00")}, busy, 2, `answer to SSLRequest: error "53300", "sorry, too many clients already"`},
		{scan.PostgreSQL, face{sslRequest, postgresFields("SFATAL\x00C57P03\x00Mstarting up\x00\x00")}, busy, 2, ""},
		{scan.PostgreSQL, face{sslRequest, postgresFields("SFATAL\x00C28000\x00Mnot you\x00\x00")}, no, 1, ""},
		{scan.PostgreSQL, face{sslRequest, "Ecould not fork new process\n"}, busy, 2, ""},
		{scan.PostgreSQL, face{sslRequest, "EFATAL: unsupported frontend protocol\n"}, none, 1, ""},
		{scan.PostgreSQL, face{sslRequest, "HTTP/1.1 400\r\n"}, protocol, 1, ""},

		{scan.MySQL, face{mysqlHello(0xf7ff)}, none, 1, "greeting: no SSL among the capabilities"},
		{scan.MySQL, face{mysqlPacket(0, "\x09old\x00")}, none, 1, ""},
		{scan.MySQL, face{mysqlPacket(1, "\xff\x10\x04Too many connections")}, busy, 2, `greeting: error 1040, "Too many connections"`},
		{scan.MySQL, face{mysqlPacket(0, "\xff\x69\x04Host is blocked")}, busy, 1, `greeting: error 1129, "Host is blocked"`},
		{scan.MySQL, face{mysqlPacket(0, "\xff\x6a\x04Host is not allowed")}, no, 1, ""},
		{scan.MySQL, face{mysqlPacket(0, "\xff")}, protocol, 1, ""},
		{scan.MySQL, face{mysqlPacket(0, "\x0a8.0\x00short")}, protocol, 1, ""},
		{scan.MySQL, face{mysqlPacket(0, "\x0bnew")}, protocol, 1, ""},
		{scan.MySQL, face{greets220}, protocol, 1, ""},

		{scan.XMPPClient, face{xmppStart, xmppStream + "<stream:features><bind/></stream:features>"}, none, 1, "features: no starttls among the features"},
		{scan.XMPPClient, face{xmppStart, xmppStream + xmppOffer, xmppTLS, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"}, no, 1, ""},
		{scan.XMPPClient, face{xmppStart, xmppStream + "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"}, no, 1, `features: stream error "host-unknown"`},
		{scan.XMPPClient, face{xmppStart, xmppStream + "<stream:error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"}, busy, 2, ""},
		{scan.XMPPClient, face{xmppStart, "<!DOCTYPE x [<!ENTITY a 'b'>]>" + xmppStream}, protocol, 1, ""},
		{scan.XMPPClient, face{xmppStart, "<html>"}, protocol, 1, ""},
		{scan.XMPPClient, face{xmppStart, "<a b<"}, protocol, 1, ""},
		{scan.XMPPClient, face{xmppStart, xmppStream + "</stream:stream>"}, protocol, 1, ""},
		{scan.XMPPClient, face{xmppStart, xmppStream + "<message/>"}, protocol, 1, ""},
		{scan.XMPPClient, face{xmppStart, xmppStream}, scan.ReasonClosed, 1, ""},
		{scan.XMPPClient, face{xmppStart, xmppStream + "<stream:features>" + strings.Repeat("<a>", 30000)}, scan.ReasonTooLarge, 1, ""},
		{scan.XMPPClient, face{xmppStart, greets220}, protocol, 1, `features: "220 mail.example.test ESMTP\r\n"; the peer speaks SMTP`},

		{scan.RDP, face{rdpStart, rdpConfirm("")}, none, 1, ""},
		{scan.RDP, face{rdpStart, rdpConfirm("\x02\x00\x08\x00\x00\x00\x00\x00")}, none, 1, ""},
		{scan.RDP, face{rdpStart, rdpConfirm("\x03\x00\x08\x00\x02\x00\x00\x00")}, none, 1, "connection confirm: SSL_NOT_ALLOWED_BY_SERVER"},
		{scan.RDP, face{rdpStart, rdpConfirm("\x03\x00\x08\x00\x03\x00\x00\x00")}, no, 1, "connection confirm: SSL_CERT_NOT_ON_SERVER"},
		{scan.RDP, face{rdpStart, rdpConfirm("\x03\x00\x08\x00\x63\x00\x00\x00")}, protocol, 1, ""},
		{scan.RDP, face{rdpStart, rdpConfirm("\x02\x00\x08\x00\x08\x00\x00\x00")}, protocol, 1, ""},
		{scan.RDP, face{rdpStart, rdpConfirm("\x02")}, protocol, 1, ""},
		{scan.RDP, face{rdpStart, "\x03\x00\x00\x0b\x06\x80\x00\x00\x12\x34\x01"}, no, 1, ""},
		{scan.RDP, face{rdpStart, "\x03\x00\x00\x0a"}, protocol, 1, ""},
		{scan.RDP, face{rdpStart, resets}, scan.ReasonReset, 3, ""},

		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, preloginAnswer("\x02"))}, none, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, preloginAnswer("\x00"))}, no, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, preloginAnswer("\x07"))}, protocol, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, preloginAnswer(""))}, protocol, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, "\xff")}, protocol, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, "\xaa\x08\x00\x91\x45\x00\x00\x01\x14")}, busy, 2, "answer to PRELOGIN: error 17809"},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 1, "\xaa\x08\x00\x18\x48\x00\x00\x01\x14")}, no, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(9, 1, "x")}, protocol, 1, ""},
		{scan.MSSQL, face{prelogin, tdsPacketOf(4, 0, "")}, protocol, 1, ""},
	}
	before := inUse()
	t.Run("all", func(t *testing.T) {
		reports := make([]report, len(tests))
		var wg sync.WaitGroup // more at once than tests run in parallel: they mostly wait
		for i, tt := range tests {
			wg.Go(func() {
				host, port := listen(t, "127.0.0.1:0", tt.face.play(t, nil))
				timeout := 10 * time.Second
				if tt.reason == scan.ReasonTimeout {
					timeout = 500 * time.Millisecond
				}
				reports[i] = observeVia(t, newProber(t, Options{Timeout: timeout, Probes: atMost11}), tt.protocol, host, port)
			})
		}
		wg.Wait()
		for i, tt := range tests {
			t.Run(fmt.Sprintf("%d %s %s", i, tt.protocol, tt.reason), func(t *testing.T) {
				r := reports[i]
				if len(r.all) != 1 || len(r.notAssessed) != 1 {
					t.Fatalf("records %v", r.kinds())
				}
				stage := scan.StageStartTLS
				if tt.reason == scan.ReasonTooLarge {
					stage = scan.StageLimit
				}
				n := r.notAssessed[0]
				if n.Stage != stage || n.Reason != tt.reason || n.Attempts != tt.attempts || !strings.HasPrefix(n.Detail, tt.detail) || n.Detail == "" {
					t.Errorf("%+v", n)
				}
			})
		}
	})
	noLeak(t, before)
}

// TestStartTLSNextAttempt has a server that is busy once.
func TestStartTLSNextAttempt(t *testing.T) {
	e := newEstate(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}
	turns := make(chan face, 2)
	turns <- face{"421 too many connections\r\n"}
	turns <- face{greets220, ehlo, offers250, starttls, "220 go\r\n", upgradesNow}
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) { (<-turns).play(t, cfg)(c) })
	r := observeVia(t, newProber(t, Options{}), scan.SMTP, host, port)
	if r.endpoint == nil || r.endpoint.Attempts != 2 || len(r.notAssessed) > 0 {
		t.Errorf("%v %+v", r.kinds(), r.notAssessed)
	}
}

// TestStartTLSProbeFails has a server that is busy when it is asked for
// versions: nothing is known of them then.
func TestStartTLSProbeFails(t *testing.T) {
	e := newEstate(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}
	for reason, second := range map[scan.Reason]face{scan.ReasonRateLimited: {"421 too many connections\r\n"}, scan.ReasonClosed: {closes}} {
		turns := make(chan face, 3)
		turns <- face{greets220, ehlo, offers250, starttls, "220 go\r\n", upgradesNow}
		turns <- second
		turns <- second
		host, port := listen(t, "127.0.0.1:0", func(c net.Conn) { (<-turns).play(t, cfg)(c) })
		r := observeVia(t, newProber(t, Options{Probes: atMost11}), scan.SMTP, host, port)
		if r.endpoint == nil || len(r.endpoint.VersionsRefused) > 0 || len(r.notAssessed) != 1 {
			t.Fatalf("%v %+v", r.kinds(), r.endpoint)
		}
		if n := r.notAssessed[0]; n.Stage != scan.StageProbe || n.Reason != reason || !strings.HasPrefix(n.Detail, "versions<=TLS 1.1: starttls: greeting: ") {
			t.Errorf("%+v", n)
		}
	}
}

// TestStartTLSInjection has a server, or somebody on the way, who sends text
// behind the go-ahead: it is read as what should be TLS, and is none.
func TestStartTLSInjection(t *testing.T) {
	host, port := listen(t, "127.0.0.1:0", face{greets220, ehlo, offers250, starttls, "220 go\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", hangs}.play(t, nil))
	r := observeVia(t, newProber(t, Options{}), scan.SMTP, host, port)
	if len(r.all) != 1 || r.notAssessed[0].Stage != scan.StageHandshake || r.notAssessed[0].Reason != scan.ReasonNotTLS {
		t.Errorf("%v %+v", r.kinds(), r.notAssessed)
	}
}

// TestStartTLSEveryScheme parses every scheme: package scan names no protocol
// that is not here, and none is here that it does not name.
func TestStartTLSEveryScheme(t *testing.T) {
	named := map[string]bool{}
	for _, scheme := range scan.Schemes() {
		target, err := scan.ParseListed(scheme + "://host.example.test")
		if err != nil {
			t.Fatal(err)
		}
		if p := target.StartTLS; p != "" {
			named[p] = true
			if upgrades[p] == nil {
				t.Errorf("%s: %s is not spoken", scheme, p)
			}
		}
	}
	for p := range upgrades {
		if !named[p] && p != scan.LMTP {
			t.Errorf("no scheme leads to %s", p)
		}
	}
}

// TestStartTLSFiles has one file per protocol.
func TestStartTLSFiles(t *testing.T) {
	files, err := filepath.Glob("starttls_*.go")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, f := range files {
		have[strings.TrimSuffix(strings.TrimPrefix(f, "starttls_"), ".go")] = true
	}
	for p := range upgrades {
		file, _, _ := strings.Cut(p, "-")
		if p == scan.LMTP {
			file = scan.SMTP
		}
		if !have[file] {
			t.Errorf("no starttls_%s.go", file)
		}
	}
}

// TestHint has plain TLS targets whose peer greets in another language.
func TestHint(t *testing.T) {
	for said, want := range map[string]string{
		greets220:                       "the peer speaks SMTP; write smtp://%s",
		"220 (vsFTPd 3.0.3)\r\n":        "the peer speaks FTP; write ftp://%s",
		"220 hello\r\n":                 "the peer speaks SMTP or FTP; write smtp://%s",
		"* OK [CAPABILITY IMAP4rev1]\n": "the peer speaks IMAP; write imap://%s",
		"+OK ready\r\n":                 "the peer speaks POP3; write pop3://%s",
		sieveList:                       "the peer speaks ManageSieve; write sieve://%s",
		"200 ready\r\n":                 "the peer speaks NNTP; write nntp://%s",
		mysqlHello(0):                   "the peer speaks MySQL; write mysql://%s",
		"SSH-2.0-OpenSSH_9.2p1\r\n":     "the peer speaks SSH",
		"HTTP/1.0 400 Bad Request\r\n":  "the peer speaks HTTP without TLS",
		"\x00\xff\x13garbage":           "",
	} {
		host, port := listen(t, "127.0.0.1:0", face{said, hangs}.play(t, nil))
		r := observe(t, newProber(t, Options{}), host, port)
		if len(r.all) != 1 || r.notAssessed[0].Reason != scan.ReasonNotTLS {
			t.Fatalf("%q: %v %+v", said, r.kinds(), r.notAssessed)
		}
		_, got, _ := strings.Cut(r.notAssessed[0].Detail, "; ")
		if strings.Contains(want, "%s") {
			want = fmt.Sprintf(want, r.notAssessed[0].Endpoint)
		}
		if got != want {
			t.Errorf("%q: detail %q, want %q at its end", said, r.notAssessed[0].Detail, want)
		}
	}
}

// silentConn gives bytes and takes all.
type silentConn struct {
	net.Conn
	said *bytes.Reader
}

func (c silentConn) Read(b []byte) (int, error)  { return c.said.Read(b) }
func (c silentConn) Write(b []byte) (int, error) { return len(b), nil }
func (c silentConn) SetDeadline(time.Time) error { return nil }
func (c silentConn) Close() error                { return nil }

// FuzzStartTLS lets a peer say anything in any protocol. Where it got as far as
// TLS, every byte behind the go-ahead is left.
func FuzzStartTLS(f *testing.F) {
	protocols := make([]string, 0, len(upgrades))
	for p := range upgrades {
		protocols = append(protocols, p)
	}
	slices.Sort(protocols)
	for _, said := range []string{
		greets220 + offers250 + "220 go\r\n\x16\x03\x03", "* OK\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 OK\r\n", "+OK\r\n+OK\r\n", "+OK\r\n-ERR\r\n+OK\r\nSTLS\r\n.\r\n",
		"220 x\r\n234 x\r\n", "220 x\r\n500 x\r\n211-F\r\n AUTH TLS\r\n211 E\r\n", "200 x\r\n382 x\r\n", sieveList + "OK\r\nOK {2}\r\nab\r\n",
		ldapResult(1, 0, "x"), "S", "N", postgresFields("C53300\x00\x00"), mysqlHello(0xffff), mysqlPacket(0, "\xff\x10\x04no"),
		xmppStream + xmppOffer + "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", rdpConfirm("\x02\x00\x08\x00\x01\x00\x00\x00"),
		tdsPacketOf(4, 1, preloginAnswer("\x01")) + tdsPacketOf(0x12, 1, "\x16\x03\x03"), tdsPacketOf(4, 1, "\xaa\x08\x00\x91\x45\x00\x00\x01\x14"),
	} {
		for n := range protocols {
			f.Add(byte(n), []byte(said))
		}
	}
	f.Fuzz(func(t *testing.T, n byte, said []byte) {
		protocol := protocols[int(n)%len(protocols)]
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		reader := bytes.NewReader(said)
		c := newConn(ctx, silentConn{said: reader}, newBudget(""))
		defer c.Close()
		v := &visit{target: scan.Target{Host: "host.example.test", Port: 1, StartTLS: protocol}, name: "host.example.test"}
		fail := v.startTLS(ctx, c)
		if fail == nil {
			c.beginTLS()
			rest, err := io.ReadAll(c)
			if err != nil && !errors.Is(err, errNotTLS) && !errors.Is(err, errTooMuch) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %v", protocol, err)
			}
			if protocol != scan.MSSQL && !bytes.HasSuffix(said[:min(len(said), maxRead)], rest) {
				t.Errorf("%s: %q is left of %q", protocol, rest, said)
			}
			return
		}
		known := map[scan.Stage][]scan.Reason{
			scan.StageStartTLS: {scan.ReasonNoStartTLS, scan.ReasonStartTLSRefused, scan.ReasonRateLimited, scan.ReasonProtocol, scan.ReasonClosed},
			scan.StageLimit:    {scan.ReasonTooLarge},
		}
		if !slices.Contains(known[fail.stage], fail.reason) || fail.alert != -1 {
			t.Errorf("%s: %+v", protocol, fail)
		}
		printable := !strings.ContainsFunc(fail.detail, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError })
		if fail.detail == "" || len(fail.detail) > maxDetail+64 || !printable {
			t.Errorf("%s: detail %q", protocol, fail.detail)
		}
		if len(said)-reader.Len() > maxText {
			t.Errorf("%s: read %d bytes", protocol, len(said)-reader.Len())
		}
	})
}

// TestMSSQLPackets sends more than one packet takes, and reads packets in
// pieces.
func TestMSSQLPackets(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	message := bytes.Repeat([]byte("0123456789"), 1000)
	go func() {
		(&tdsConn{Conn: client}).Write(message)
		client.Close()
	}()
	got, err := io.ReadAll(&tdsConn{Conn: server})
	if !bytes.Equal(got, message) || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	raw := &tdsConn{Conn: silentConn{said: bytes.NewReader([]byte("\x16\x03\x03\x00\x02\x00\x00\x00"))}}
	if _, err := io.ReadAll(raw); !errors.Is(err, errNotTLS) {
		t.Errorf("bare TLS in place of a packet: %v", err)
	}
}
