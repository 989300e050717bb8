package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A printer writes text that may hold foreign strings: nothing that a terminal
// or a CI log reader would obey passes through it.
type printer struct{ w io.Writer }

func (p *printer) printf(format string, args ...any) {
	io.WriteString(p.w, plain(fmt.Sprintf(format, args...)))
}

// Write satisfies io.Writer for text that cobra prints, which quotes what the
// user typed.
func (p *printer) Write(b []byte) (int, error) {
	if _, err := io.WriteString(p.w, plain(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// plain escapes control and formatting characters other than newline and tab,
// and takes the effect from CI workflow commands at the start of a line.
func plain(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(s[0])
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteString(s[:n])
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[n:]
	}
	lines := strings.Split(b.String(), "\n")
	for i, l := range lines {
		t := strings.TrimSpace(l)
		if strings.HasPrefix(t, "::") || strings.HasPrefix(t, "##[") || strings.HasPrefix(t, "##vso[") {
			lines[i] = "| " + l
		}
	}
	return strings.Join(lines, "\n")
}

// inline is plain for a string that must stay within its line.
func inline(s string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(plain(s))
}
