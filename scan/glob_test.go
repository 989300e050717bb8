package scan

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMatchGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"a.pem", "a.pem", true},
		{"a.pem", "dir/a.pem", false},
		{"a.pem", "a.pemx", false},
		{"a.pem", "A.pem", false},
		{"*.pem", "a.pem", true},
		{"*.pem", ".pem", true},
		{"*.pem", "dir/a.pem", false},
		{"*/*.pem", "dir/a.pem", true},
		{"**.pem", "dir/a.pem", true},
		{"**", "", true},
		{"**", "a/b/c", true},
		{"*", "", true},
		{"*", "a/b", false},
		{"a/**", "a/b/c", true},
		{"a/**", "a/", true},
		{"a/**", "a", false},
		{"a/**", "ab/c", false},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/xb", false},
		{"a/**/b", "axb", false},
		{"a**b", "a/x/b", true},
		{"a/x**/b", "a/xy/z/b", true},
		{"**/b", "b", true},
		{"**/b", "a/b", true},
		{"**/b", "ab", false},
		{"**/*.pem", "x/y/z.pem", true},
		{"**/**/b", "b", true},
		{"**/**/b", "x/y/b", true},
		{"***/b", "x/b", true},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"a?c", "ac", false},
		{"a?c", "aéc", true},
		{"[a-c]", "b", true},
		{"[a-c]", "d", false},
		{"[!a-c]", "d", true},
		{"[^a-c]", "b", false},
		{"[!a]", "/", false},
		{"x[.-/]y", "x/y", false},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`[\]]`, "]", true},
		{"[", "[", false},
		{`a\`, "a", false},
		{"", "", false},
		{"*a*b*c", "xxaxxbxxc", true},
		{"*a*b*c", "xxaxxcxxb", false},
		{"certs/**/*.p12", "certs/2026/eu/x.p12", true},
		{"é", "é", true},
	}
	for _, tt := range tests {
		if got := MatchGlob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("MatchGlob(%q, %q) = %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}

func TestMatchHostGlob(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"www.example.test", "www.example.test:443", true},
		{"www.example.test:443", "www.example.test:443", true},
		{"www.example.test:8443", "www.example.test:443", false},
		{"WWW.example.test", "www.Example.test:443", true},
		{"*.example.test", "www.example.test:443", true},
		{"*.example.test", "example.test:443", false},
		{"*.example.test:*", "a.b.example.test:1", true},
		{"*:443", "www.example.test:443", true},
		{"*:443", "www.example.test:4430", false},
		{"www[12].example.test", "www2.example.test:443", true},
		{"[wm]ail.example.test", "mail.example.test:993", true},
		{"[2001:db8::1]:443", "[2001:db8::1]:443", true},
		{"[2001:db8::1]", "[2001:db8::1]:8443", true},
		{"[2001:DB8::1]", "[2001:db8::1]:8443", true},
		{"[2001:db8::*]:443", "[2001:db8::77]:443", true},
		{"[2001:db8::1]:443", "2:443", false},
		{"192.0.2.*", "192.0.2.7:443", true},
		{"[", "[", false},
	}
	for _, tt := range tests {
		if got := MatchHostGlob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("MatchHostGlob(%q, %q) = %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}

func TestCheckGlob(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                             `glob "": it is empty`,
		"a[":                           `glob "a[": a [ is never closed`,
		"[a-":                          `glob "[a-": a [ is never closed`,
		"[]":                           `glob "[]": a [ ] is empty`,
		"[z-a]":                        `glob "[z-a]": a range in [ ] runs backwards or has no end`,
		"[a-]":                         `glob "[a-]": a range in [ ] runs backwards or has no end`,
		`a\`:                           `glob "a\\": it ends in a lone \`,
		strings.Repeat("a", MaxGlob):   "",
		strings.Repeat("a", MaxGlob+1): `glob "` + strings.Repeat("a", 80) + `…": it is longer than 512 bytes`,
		"**/[!a-z0-9]?\\*":             "",
	} {
		got := ""
		if err := CheckGlob(pattern); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckGlob(%q) = %q, want %q", pattern, got, want)
		}
	}
}

// A pattern that makes a backtracking matcher take years takes no time here.
func TestMatchGlobHostilePattern(t *testing.T) {
	start := time.Now()
	for _, pattern := range []string{strings.Repeat("*a", 200) + "b", strings.Repeat("**/", 150) + "b", strings.Repeat("**a", 150) + "b"} {
		if MatchGlob(pattern, strings.Repeat("a/", 2000)) || MatchGlob(pattern, strings.Repeat("a", 4000)) {
			t.Errorf("%s… matches", pattern[:20])
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}

// FuzzMatchGlob compares the matcher with a regular expression that is built
// from the same tokens.
func FuzzMatchGlob(f *testing.F) {
	for _, seed := range [][2]string{{"a/**/b", "a/x/b"}, {"**/*.pem", "x/y.pem"}, {"*[a-c]?", "xxb1"}, {"**a*/**/", "a/a/"}, {"**/**", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		g, err := CompileGlob(pattern)
		if err != nil {
			if MatchGlob(pattern, s) {
				t.Fatalf("a refused pattern %q matches %q", pattern, s)
			}
			return
		}
		re, err := regexp.Compile(globRegexp(g))
		if err != nil {
			t.Skip(err)
		}
		// Both read the string as characters; one that is none counts as U+FFFD.
		text := string([]rune(s))
		if got, want := g.Match(s), re.MatchString(text); got != want {
			t.Fatalf("%q on %q: %v, the regular expression %s says %v", pattern, s, got, re, want)
		}
	})
}

func globRegexp(g Glob) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, t := range g.tokens {
		switch t.op {
		case globLiteral:
			b.WriteString(regexp.QuoteMeta(string(t.lit)))
		case globOne:
			b.WriteString(`[^/]`)
		case globStar:
			b.WriteString(`[^/]*`)
		case globDeep:
			b.WriteString(`.*`)
		case globDirs:
			b.WriteString(`(?:.*/)?`)
		case globClass:
			b.WriteString(classRegexp(t))
		}
	}
	return b.String() + `\z`
}

// classRegexp spells a class without the slash, which no class matches.
func classRegexp(t globToken) string {
	var parts strings.Builder
	for _, r := range t.ranges {
		if t.negate {
			fmt.Fprintf(&parts, `\x{%x}-\x{%x}`, r.lo, r.hi)
			continue
		}
		if r.lo <= '/' && '/' <= r.hi {
			if r.lo < '/' {
				fmt.Fprintf(&parts, `\x{%x}-\x{%x}`, r.lo, '/'-1)
			}
			if r.hi > '/' {
				fmt.Fprintf(&parts, `\x{%x}-\x{%x}`, '/'+1, r.hi)
			}
			continue
		}
		fmt.Fprintf(&parts, `\x{%x}-\x{%x}`, r.lo, r.hi)
	}
	switch {
	case t.negate:
		return `[^/` + parts.String() + `]`
	case parts.Len() == 0:
		return `[^\x{0}-\x{10ffff}]`
	}
	return `[` + parts.String() + `]`
}

func BenchmarkGlobMatch(b *testing.B) {
	g, err := CompileGlob("certs/**/*.pem")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !g.Match("certs/2026/eu-central/gateway/server.pem") {
			b.Fatal("no match")
		}
	}
}
