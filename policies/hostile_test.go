package policies

import (
	"strings"
	"testing"
	"time"
)

func TestHostileTiming(t *testing.T) {
	n := 1 << 20
	for name, s := range map[string]string{
		"brackets": strings.Repeat("[", n-10), "braces": strings.Repeat("{", n-10), "dashes": strings.Repeat("- ", n/2-10),
		"questions": strings.Repeat("? ", n/2-10), "anchors": strings.Repeat("&a ", n/3-10), "comments": strings.Repeat("#\n", n/2-10),
		"commas": "[" + strings.Repeat("a,", n/2-20), "keys": strings.Repeat("a: b\n", n/5-10), "many keys lines": strings.Repeat("a:\n", n/3-10),
		"quote": "a: \"" + strings.Repeat("\\x", n/2-10), "fold": "a: >\n" + strings.Repeat(" a\n", n/3-10), "tabs": strings.Repeat("\t", n-10), "docs": strings.Repeat("---\n", n/4-10),
		"comment keys": strings.Repeat("#x\na: b #y\n", n/11-10), "indent": func() string { var b strings.Builder; for i := 0; b.Len() < n-2000; i++ { b.WriteString(strings.Repeat(" ", i%1400) + "a:\n") }; return b.String() }(),
		"flow colon": "{" + strings.Repeat("a:", n/2-20), "nl": "a: \"" + strings.Repeat("\n", n-20), "tags": strings.Repeat("!a ", n/3-10), "pct": strings.Repeat("%TAG ! a\n", n/9-10),
		"flowcomments": "[" + strings.Repeat("a, #\n", n/5-20),
	} {
		start := time.Now()
		_, err := Load([]string{"acme.yaml"}, files(map[string]string{"acme.yaml": s}))
		msg := err.Error()
		if len(msg) > 100 { msg = msg[:100] }
		t.Logf("%s %v %s", name, time.Since(start), msg)
	}
}
