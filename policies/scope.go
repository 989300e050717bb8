package policies

import (
	"slices"
	"strings"

	"certaudit/scan"
)

// The values of a scope's source.
const (
	SourceFile     = "file"
	SourceEndpoint = "endpoint"
)

// containers are those that an observation can name.
var containers = []string{"base64", "bcfks", "bks", "der", "jceks", "jks", "json", "jwks", "k8s-secret", "openssh", "pem", "pkcs12",
	"pkcs7-der", "pkcs7-pem", "saml-xml", "sfdx-xml", "sst", "tls", "uber", "xml", "yaml"}

// useMask has one bit for each use.
type useMask uint8

const (
	maskIdentity useMask = 1 << iota
	maskChain
	maskAnchor
	maskUnknown
)

func maskOf(u scan.Use) useMask {
	switch u {
	case scan.UseIdentity:
		return maskIdentity
	case scan.UseChain:
		return maskChain
	case scan.UseAnchor:
		return maskAnchor
	}
	return maskUnknown
}

// usesOf unites the uses of all places.
func usesOf(places []Place) (m useMask) {
	for i := range places {
		m |= maskOf(places[i].Use)
	}
	return m
}

// A compiledScope answers for one [Scope].
type compiledScope struct {
	all       bool    // nothing limits it
	usesOnly  bool    // only the use limits it
	uses      useMask // 0 does not limit
	path      []scan.Glob
	host      []scan.HostGlob
	source    []string
	container []string
}

func compileScope(s Scope) (compiledScope, error) {
	c := compiledScope{source: s.Source, container: s.Container}
	for _, u := range s.Use {
		c.uses |= maskOf(u)
		if u == scan.UseIdentity { // what nothing explains is judged as an identity
			c.uses |= maskUnknown
		}
	}
	for _, p := range s.Path {
		g, err := scan.CompileGlob(p)
		if err != nil {
			return c, err
		}
		c.path = append(c.path, g)
	}
	for _, h := range s.Host {
		g, err := scan.CompileHostGlob(h)
		if err != nil {
			return c, err
		}
		c.host = append(c.host, g)
	}
	c.usesOnly = len(s.Path)+len(s.Host)+len(s.Source)+len(s.Container) == 0
	c.all = c.usesOnly && c.uses == 0
	return c, nil
}

// includes reports whether a subject is in scope; uses unites its places.
func (c *compiledScope) includes(s *Subject, uses useMask) bool {
	switch {
	case c.all:
		return true
	case s.Unit == UnitEndpoint:
		return s.Endpoint != nil && c.includesHost(s.Endpoint.Endpoint)
	case c.usesOnly:
		return c.uses&uses != 0
	}
	for i := range s.Places {
		if c.includesPlace(&s.Places[i]) {
			return true
		}
	}
	return false
}

func (c *compiledScope) includesPlace(p *Place) bool {
	if c.uses != 0 && c.uses&maskOf(p.Use) == 0 {
		return false
	}
	if len(c.source) > 0 {
		source := SourceFile
		if p.Endpoint != "" {
			source = SourceEndpoint
		}
		if !slices.Contains(c.source, source) {
			return false
		}
	}
	if len(c.container) > 0 && !slices.Contains(c.container, p.Container) {
		return false
	}
	if len(c.path) > 0 && !c.includesPath(p.Path) {
		return false
	}
	return len(c.host) == 0 || c.includesHost(p.Endpoint)
}

func (c *compiledScope) includesPath(path string) bool {
	if path == "" {
		return false
	}
	for i := range c.path {
		if c.path[i].Match(path) {
			return true
		}
	}
	return false
}

func (c *compiledScope) includesHost(hostport string) bool {
	if hostport == "" {
		return false
	}
	for i := range c.host {
		if c.host[i].Match(hostport) {
			return true
		}
	}
	return false
}

// String writes a scope as policies do, "everywhere" when nothing limits it.
func (s Scope) String() string {
	var parts []string
	add := func(name string, values []string) {
		if len(values) > 0 {
			parts = append(parts, name+" "+strings.Join(values, " or "))
		}
	}
	uses := make([]string, len(s.Use))
	for i, u := range s.Use {
		uses[i] = string(u)
	}
	add("use", uses)
	add("path", s.Path)
	add("host", s.Host)
	add("source", s.Source)
	add("container", s.Container)
	if len(parts) == 0 {
		return "everywhere"
	}
	return strings.Join(parts, ", ")
}
