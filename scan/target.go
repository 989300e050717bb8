package scan

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// A TargetKind says which source observes a target.
type TargetKind uint8

// The kinds of target.
const (
	PathTarget     TargetKind = iota // a file or directory
	EndpointTarget                   // a TLS endpoint
	StdinTarget                      // certificates on standard input
	BadTarget                        // a line of a target list that names nothing
)

// A Target is what the user asked for.
type Target struct {
	Arg  string // as written
	Kind TargetKind
	Path string // PathTarget

	Scheme string // EndpointTarget: the URL's scheme, "" for host or host:port
	Host   string // EndpointTarget: name in lower case without a final dot, or address literal without brackets
	Port   int    // EndpointTarget: 1 to 65535
	Bare   bool   // EndpointTarget: neither port nor scheme is written
	Sweep  *Sweep // EndpointTarget: the several endpoints that it stands for; nil for one

	StartTLS string // EndpointTarget: protocol that is upgraded to TLS, as scan.Endpoint has it; empty for plain TLS

	Problem string // BadTarget: why
}

// Endpoint is host:port, with brackets around an IPv6 address.
func (t Target) Endpoint() string {
	if strings.Contains(t.Host, ":") {
		return "[" + t.Host + "]:" + strconv.Itoa(t.Port)
	}
	return t.Host + ":" + strconv.Itoa(t.Port)
}

// ParseArgument reads a target from the command line, where an existing path
// wins over a host name. What looks like host:port or a URL and exists as a
// file is refused: a file must not replace the host of that name unseen.
func ParseArgument(arg string, exists func(string) bool) (Target, error) {
	switch {
	case arg == "":
		return Target{}, fmt.Errorf("target: empty argument")
	case arg == "-":
		return Target{Arg: arg, Kind: StdinTarget}, nil
	case strings.HasPrefix(arg, "file:"):
		return Target{Arg: arg, Kind: PathTarget, Path: strings.TrimPrefix(arg, "file:")}, nil
	case isPathSpelling(arg):
		return Target{Arg: arg, Kind: PathTarget, Path: arg}, nil
	}
	if exists(arg) {
		if looksLikeEndpoint(arg) {
			return Target{}, fmt.Errorf("target %q: it names an endpoint, and a file of that name exists; write ./%s for the file, or run elsewhere for the endpoint", arg, arg)
		}
		return Target{Arg: arg, Kind: PathTarget, Path: arg}, nil
	}
	if !strings.Contains(arg, "://") && (strings.ContainsAny(arg, `/\`) || hasFileExtension(arg)) && !isBlock(arg) {
		return Target{Arg: arg, Kind: PathTarget, Path: arg}, nil // in scope, and not there
	}
	return parseEndpoint(arg)
}

// ParseListed reads a target from a target file or the configuration, where a
// path starts with ./, ../, / or file: and everything else is a name.
func ParseListed(arg string) (Target, error) {
	switch {
	case arg == "":
		return Target{}, fmt.Errorf("target: empty line")
	case strings.HasPrefix(arg, "file:"):
		return Target{Arg: arg, Kind: PathTarget, Path: strings.TrimPrefix(arg, "file:")}, nil
	case isPathSpelling(arg):
		return Target{Arg: arg, Kind: PathTarget, Path: arg}, nil
	}
	return parseEndpoint(arg)
}

func isPathSpelling(arg string) bool {
	return arg == "." || arg == ".." || strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../")
}

// looksLikeEndpoint is true for host:port and for URLs.
func looksLikeEndpoint(arg string) bool {
	if strings.Contains(arg, "://") {
		return true
	}
	host, port, ok := cutPort(arg)
	return ok && port != "" && host != ""
}

// hasFileExtension is true for names that end like a certificate file. None of
// these is a top-level domain, so no host name is lost.
func hasFileExtension(arg string) bool {
	switch strings.ToLower(path.Ext(arg)) {
	case ".pem", ".crt", ".cer", ".der", ".p12", ".pfx", ".p7b", ".p7c", ".p7s", ".jks", ".jceks", ".bks",
		".keystore", ".truststore", ".key", ".csr", ".crl", ".json", ".jsonl", ".yaml", ".yml", ".xml", ".txt", ".sst":
		return true
	}
	return false
}

// cutPort splits host:port; ok is false where arg has more than one colon and
// no brackets, which is an IPv6 address without a port.
func cutPort(arg string) (host, port string, ok bool) {
	if strings.HasPrefix(arg, "[") {
		host, rest, found := strings.Cut(arg[1:], "]")
		if !found || (rest != "" && !strings.HasPrefix(rest, ":")) {
			return "", "", false
		}
		return host, strings.TrimPrefix(rest, ":"), rest != ":"
	}
	if strings.Count(arg, ":") > 1 {
		return arg, "", true
	}
	host, port, found := strings.Cut(arg, ":")
	return host, port, !found || port != ""
}

// isBlock is true for the spelling of a block or range of addresses, right or
// wrong.
func isBlock(arg string) bool {
	_, ok, _ := parseBlock(arg)
	return ok
}

func parseEndpoint(arg string) (Target, error) {
	t := Target{Arg: arg, Kind: EndpointTarget, Port: 443}
	hostport := arg
	scheme, rest, isURL := strings.Cut(arg, "://")
	if isURL {
		if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, "@") {
			return Target{}, fmt.Errorf("target %q: a URL with user or password is refused", hideUser(arg))
		}
		s, known := schemes[strings.ToLower(scheme)]
		if !known {
			return Target{}, fmt.Errorf("target %q: scheme %q is not one that certaudit probes (%s)", arg, scheme, strings.Join(Schemes(), ", "))
		}
		t.Scheme, t.Port, t.StartTLS, hostport = strings.ToLower(scheme), s.port, s.starttls, strings.TrimSuffix(rest, "/")
	}
	if b, ok, err := parseBlock(hostport); err != nil {
		return Target{}, fmt.Errorf("target %q: %w", arg, err)
	} else if ok {
		return t.overBlock(b)
	}
	if isURL {
		u, err := url.Parse(arg)
		if err != nil {
			return Target{}, fmt.Errorf("target %q: not a URL", hideUser(arg))
		}
		hostport = u.Host
	}
	if strings.Contains(hostport, "@") {
		return Target{}, fmt.Errorf("target %q: a user or password is refused", hideUser(arg))
	}
	host, port, ok := cutPort(hostport)
	if !ok || host == "" {
		return Target{}, fmt.Errorf("target %q: not a path, host, host:port or URL", arg)
	}
	if err := t.setPort(port); err != nil {
		return Target{}, err
	}
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return Target{}, fmt.Errorf("target %q: %q is not an IPv6 address", arg, host)
		}
	}
	t.Host = strings.TrimSuffix(strings.ToLower(host), ".") // names compare without case (RFC 4343)
	if address, zone, found := strings.Cut(host, "%"); found && strings.Contains(address, ":") {
		t.Host = strings.ToLower(address) + "%" + zone // names of interfaces do not
	}
	if t.Host == "" || !isHostName(t.Host) {
		return Target{}, fmt.Errorf("target %q: %q is not a host name", arg, host)
	}
	return t, nil
}

// setPort takes the port that is written, if one is; where there is no scheme
// it tells the protocol.
func (t *Target) setPort(port string) error {
	if port != "" {
		if t.Port = portNumber(port); t.Port == 0 {
			return fmt.Errorf("target %q: port %q is not a number from 1 to 65535", t.Arg, port)
		}
	}
	t.Bare = port == "" && t.Scheme == ""
	if t.Scheme == "" {
		t.StartTLS = portProtocols[t.Port]
	}
	return nil
}

// overBlock makes the target stand for the addresses of a block.
func (t Target) overBlock(b block) (Target, error) {
	if err := t.setPort(b.port); err != nil {
		return Target{}, err
	}
	t.Host = b.first.String()
	t.Sweep = &Sweep{First: b.first, Last: b.last, Ports: Ports{{t.Port, t.Port}}}
	return t, t.bounded()
}

// hideUser takes what stands before an @ out of a message: it may be a secret.
func hideUser(arg string) string {
	if i := strings.LastIndexByte(arg, '@'); i >= 0 {
		return "***" + arg[i:]
	}
	return arg
}

// isHostName bars what can be no name or address: spaces, controls, quotes.
// Letters of any script pass; the prober turns them into their ASCII form.
func isHostName(s string) bool {
	if len(s) > 1024 {
		return false
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("\"'`<>|&;$(){}[]*?!#,=@\\/^", r) {
			return false
		}
	}
	return true
}
