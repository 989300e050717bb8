package scan

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxGlob is the longest pattern, in bytes, that [CompileGlob] accepts.
const MaxGlob = 512

// A Glob is a compiled pattern for paths as reported, with "/" on every
// system, and for host:port. The zero Glob matches the empty string only.
//
//   - any run of characters without "/"
//     **     any run of characters; as a whole path element ("a/**/b") also none
//     ?      one character, not "/"
//     [a-z]  one character of the class, [!a-z] or [^a-z] one outside it; never "/"
//     \x     the character x
//
// The whole string has to match, and case counts. Matching takes time
// proportional to pattern × string at most, whatever the pattern.
type Glob struct{ tokens []globToken }

type globOp uint8

const (
	globLiteral globOp = iota
	globOne            // ?
	globClass          // [...]
	globStar           // *
	globDeep           // **
	globDirs           // **/ at the start of an element: nothing, or anything that ends in /
)

type globToken struct {
	op     globOp
	lit    rune
	negate bool
	ranges []runeRange
}

type runeRange struct{ lo, hi rune }

// CompileGlob compiles a pattern; an error says what is wrong with it.
func CompileGlob(pattern string) (Glob, error) {
	g, err := parseGlob(pattern)
	if err != nil {
		return Glob{}, fmt.Errorf("glob %q: %w", clipGlob(pattern, 80), err)
	}
	return g, nil
}

// CheckGlob says what is wrong with a pattern, or nil.
func CheckGlob(pattern string) error {
	_, err := CompileGlob(pattern)
	return err
}

// MatchGlob reports whether pattern matches the whole of s. A pattern that
// [CheckGlob] refuses matches nothing.
func MatchGlob(pattern, s string) bool {
	g, err := parseGlob(pattern)
	return err == nil && g.Match(s)
}

// MatchHostGlob is [CompileHostGlob] and [HostGlob.Match] in one call.
func MatchHostGlob(pattern, hostport string) bool {
	g, err := CompileHostGlob(pattern)
	return err == nil && g.Match(hostport)
}

// A HostGlob is a compiled pattern for host:port. Names match in any case
// (RFC 4343). A pattern without a port matches every port, and an IPv6 address
// is written as it is reported, [2001:db8::1]:443; its brackets are no class.
type HostGlob struct {
	glob    Glob
	anyPort bool
}

// CompileHostGlob compiles a pattern for host:port.
func CompileHostGlob(pattern string) (HostGlob, error) {
	host, port, hasPort := cutHostPattern(pattern)
	p := strings.ToLower(host)
	if strings.HasPrefix(p, "[") && strings.Contains(p, ":") {
		p = `\` + strings.TrimSuffix(p, "]") + `\]`
	}
	if hasPort {
		p += ":" + port
	}
	g, err := parseGlob(p)
	if err != nil {
		return HostGlob{}, fmt.Errorf("glob %q: %w", clipGlob(pattern, 80), err)
	}
	return HostGlob{g, !hasPort}, nil
}

// Match reports whether the pattern matches an endpoint, written host:port.
func (g HostGlob) Match(hostport string) bool {
	if g.anyPort {
		if i := strings.LastIndexByte(hostport, ':'); i > strings.LastIndexByte(hostport, ']') {
			hostport = hostport[:i]
		}
	}
	return g.glob.Match(strings.ToLower(hostport))
}

// cutHostPattern splits a host pattern at the colon before its port. A leading
// bracket that holds a colon is an IPv6 address; any other is a class.
func cutHostPattern(p string) (host, port string, hasPort bool) {
	if strings.HasPrefix(p, "[") {
		if end := strings.IndexByte(p, ']'); end > 0 && strings.Contains(p[:end], ":") {
			if rest := p[end+1:]; strings.HasPrefix(rest, ":") {
				return p[:end+1], rest[1:], true
			}
			return p, "", false
		}
	}
	return strings.Cut(p, ":")
}

var (
	errGlobEmpty  = errors.New("it is empty")
	errGlobLong   = fmt.Errorf("it is longer than %d bytes", MaxGlob)
	errGlobEscape = errors.New(`it ends in a lone \`)
	errGlobClass  = errors.New("a [ is never closed")
	errGlobRange  = errors.New("a range in [ ] runs backwards or has no end")
	errGlobNone   = errors.New("a [ ] is empty")
)

func parseGlob(p string) (Glob, error) {
	switch {
	case p == "":
		return Glob{}, errGlobEmpty
	case len(p) > MaxGlob:
		return Glob{}, errGlobLong
	}
	tokens := make([]globToken, 0, len(p))
	for i := 0; i < len(p); {
		switch p[i] {
		case '*':
			t, n := parseStars(p, i)
			tokens, i = append(tokens, t), i+n
		case '?':
			tokens, i = append(tokens, globToken{op: globOne}), i+1
		case '[':
			t, n, err := parseClass(p[i:])
			if err != nil {
				return Glob{}, err
			}
			tokens, i = append(tokens, t), i+n
		default:
			r, n, err := globRune(p[i:])
			if err != nil {
				return Glob{}, err
			}
			tokens, i = append(tokens, globToken{op: globLiteral, lit: r}), i+n
		}
	}
	return Glob{tokens}, nil
}

// parseStars reads a run of stars at p[i] and gives its length.
func parseStars(p string, i int) (globToken, int) {
	n := 1
	for i+n < len(p) && p[i+n] == '*' {
		n++
	}
	if n == 1 {
		return globToken{op: globStar}, 1
	}
	if (i == 0 || p[i-1] == '/') && i+n < len(p) && p[i+n] == '/' {
		return globToken{op: globDirs}, n + 1
	}
	return globToken{op: globDeep}, n
}

// parseClass reads a class at the start of p and gives its length.
func parseClass(p string) (globToken, int, error) {
	t, i := globToken{op: globClass}, 1
	if i < len(p) && (p[i] == '!' || p[i] == '^') {
		t.negate, i = true, i+1
	}
	for i < len(p) && p[i] != ']' {
		lo, n, err := globRune(p[i:])
		if err != nil {
			return t, 0, err
		}
		i += n
		hi := lo
		if i < len(p) && p[i] == '-' {
			if i+1 >= len(p) {
				return t, 0, errGlobClass
			}
			if p[i+1] == ']' {
				return t, 0, errGlobRange
			}
			hi, n, err = globRune(p[i+1:])
			if err != nil {
				return t, 0, err
			}
			i += 1 + n
		}
		if hi < lo {
			return t, 0, errGlobRange
		}
		t.ranges = append(t.ranges, runeRange{lo, hi})
	}
	switch {
	case i >= len(p):
		return t, 0, errGlobClass
	case len(t.ranges) == 0:
		return t, 0, errGlobNone
	}
	return t, i + 1, nil
}

// globRune reads one character of a pattern, escaped or not.
func globRune(p string) (r rune, n int, err error) {
	if p[0] == '\\' {
		if len(p) == 1 {
			return 0, 0, errGlobEscape
		}
		r, n = utf8.DecodeRuneInString(p[1:])
		return r, n + 1, nil
	}
	r, n = utf8.DecodeRuneInString(p)
	return r, n, nil
}

func (t *globToken) accepts(r rune) bool {
	switch t.op {
	case globLiteral:
		return r == t.lit
	case globDeep, globDirs:
		return true
	}
	if r == '/' {
		return false
	}
	if t.op != globClass {
		return true
	}
	for _, x := range t.ranges {
		if x.lo <= r && r <= x.hi {
			return !t.negate
		}
	}
	return t.negate
}

// A globSet holds the states of a match under way, in ascending order: state i
// has the tokens before i behind it.
type globSet struct {
	n    int
	list [MaxGlob + 1]int16
}

func (s *globSet) add(i int) {
	if s.n == 0 || int(s.list[s.n-1]) < i {
		s.list[s.n] = int16(i)
		s.n++
	}
}

// enter adds state i, and those behind tokens that may match nothing.
func (s *globSet) enter(tokens []globToken, i int) {
	s.add(i)
	for i < len(tokens) && tokens[i].op >= globStar {
		i++
		s.add(i)
	}
}

// Match reports whether the pattern matches the whole of s.
func (g Glob) Match(s string) bool {
	tokens := g.tokens
	// The literal head decides most calls.
	k := 0
	for k < len(tokens) && tokens[k].op == globLiteral {
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 || r != tokens[k].lit {
			return false
		}
		s, k = s[n:], k+1
	}
	if tokens = tokens[k:]; len(tokens) == 0 {
		return s == ""
	}
	return simulate(tokens, s)
}

// simulate follows every way to match at once, so that no pattern makes it try
// one after the other.
func simulate(tokens []globToken, s string) bool {
	var a, b globSet
	cur, next := &a, &b
	cur.enter(tokens, 0)
	for _, r := range s {
		next.n = 0
		for _, i := range cur.list[:cur.n] {
			step(next, tokens, int(i), r)
		}
		if next.n == 0 {
			return false
		}
		cur, next = next, cur
	}
	return int(cur.list[cur.n-1]) == len(tokens)
}

// step adds the states that follow state i on the character r.
func step(next *globSet, tokens []globToken, i int, r rune) {
	if i == len(tokens) || !tokens[i].accepts(r) {
		return
	}
	switch tokens[i].op {
	case globStar, globDeep:
		next.enter(tokens, i)
	case globDirs: // once inside, only a "/" leads out
		next.add(i)
		if r == '/' {
			next.enter(tokens, i+1)
		}
	default:
		next.enter(tokens, i+1)
	}
}

// clipGlob shortens text for a message.
func clipGlob(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
