package scan

import (
	"maps"
	"slices"
)

// A scheme is how an endpoint of one kind is spoken to.
type scheme struct {
	port     int    // unless the URL names another
	starttls string // protocol that is upgraded; empty for TLS from the first byte
}

// The protocols that are upgraded to TLS, as scan.Endpoint.StartTLS has them.
const (
	SMTP       = "smtp"        // RFC 3207
	LMTP       = "lmtp"        // RFC 2033, RFC 3207
	IMAP       = "imap"        // RFC 9051 section 6.2.1
	POP3       = "pop3"        // RFC 2595 section 4
	FTP        = "ftp"         // RFC 4217
	LDAP       = "ldap"        // RFC 4511 section 4.14
	PostgreSQL = "postgres"    // frontend/backend protocol, SSLRequest
	MySQL      = "mysql"       // client/server protocol, SSLRequest
	XMPPClient = "xmpp-client" // RFC 6120 section 5
	XMPPServer = "xmpp-server" // RFC 6120 section 5
	NNTP       = "nntp"        // RFC 4642
	Sieve      = "sieve"       // RFC 5804 section 2.2
	RDP        = "rdp"         // MS-RDPBCGR section 2.2.1.1
	MSSQL      = "mssql"       // MS-TDS section 2.2.6.5
)

// schemes are the URL schemes that may be probed.
var schemes = map[string]scheme{
	"https": {443, ""}, "tls": {443, ""},
	"smtp": {25, SMTP}, "submission": {587, SMTP}, "smtps": {465, ""}, "submissions": {465, ""}, "lmtp": {24, LMTP},
	"imap": {143, IMAP}, "imaps": {993, ""}, "pop3": {110, POP3}, "pop3s": {995, ""}, "sieve": {4190, Sieve},
	"ftp": {21, FTP}, "ftps": {990, ""}, "ldap": {389, LDAP}, "ldaps": {636, ""}, "nntp": {119, NNTP}, "nntps": {563, ""},
	"postgres": {5432, PostgreSQL}, "postgresql": {5432, PostgreSQL}, "mysql": {3306, MySQL}, "mariadb": {3306, MySQL},
	"mssql": {1433, MSSQL}, "sqlserver": {1433, MSSQL}, "rdp": {3389, RDP},
	"xmpp": {5222, XMPPClient}, "xmpp-client": {5222, XMPPClient}, "xmpp-server": {5269, XMPPServer}, "xmpps": {5223, ""},
	"rediss": {6379, ""}, "amqps": {5671, ""}, "mqtts": {8883, ""},
}

// Schemes lists the URL schemes of endpoints, sorted.
func Schemes() []string { return slices.Sorted(maps.Keys(schemes)) }

// portProtocols tells what is upgraded on a port where no scheme says so (IANA
// registry of service names and ports). Every other port has TLS from the first
// byte.
var portProtocols = map[int]string{
	21: FTP, 24: LMTP, 25: SMTP, 110: POP3, 119: NNTP, 143: IMAP, 389: LDAP, 587: SMTP, 1433: MSSQL, 2525: SMTP,
	3306: MySQL, 3389: RDP, 4190: Sieve, 5222: XMPPClient, 5269: XMPPServer, 5432: PostgreSQL,
}
