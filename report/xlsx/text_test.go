package xlsx

import (
	"strings"
	"testing"
	"time"
)

func TestVisible(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain ASCII ~", "plain ASCII ~"},
		{"Zürich 日本", "Zürich 日本"},
		{"a\nb\rc\td", `a\nb\rc\td`},
		{"\x00\x1b\x7f\u0085", `\x00\x1b\x7f\u0085`},
		{"\u202egnp.exe", `\u202egnp.exe`},
		{"zero\u200bwidth\ufeff", `zero\u200bwidth\ufeff`},
		{"bad \xff byte", `bad \xff byte`},
		{"it's", "it's"},
	}
	for _, test := range tests {
		if got := visible(test.in); got != test.want {
			t.Errorf("visible(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, in := range []string{strings.Repeat("x", maxCellText), strings.Repeat("\U0001F600", maxCellText/2), strings.Repeat("日", maxCellText)} {
		if got := cut(in); got != in {
			t.Errorf("text of %d units is cut", units(in))
		}
	}
	for _, in := range []string{strings.Repeat("x", maxCellText+1), strings.Repeat("\U0001F600", maxCellText/2+1), strings.Repeat("日", 40_000)} {
		got := cut(in)
		if n := units(got); n > maxCellText || n < maxCellText-1 || !strings.HasSuffix(got, "the evidence has them]") {
			t.Errorf("text of %d units is cut to %d, ending %q", units(in), n, got[len(got)-30:])
		}
	}
}

func TestDateValue(t *testing.T) {
	tests := []struct {
		in   time.Time
		want any
	}{
		{time.Time{}, nil},
		{time.Date(1900, 2, 28, 23, 59, 59, 0, time.UTC), "1900-02-28 23:59:59 UTC"},
		{time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC), 61.0},
		{time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), 46356.5},
		{time.Date(2026, 11, 30, 21, 0, 0, 0, time.FixedZone("Tokyo", 9*60*60)), 46356.5},
		{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), 2958465.0},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "10000-01-01 00:00:00 UTC"},
	}
	for _, test := range tests {
		if got := dateValue(test.in); got != test.want {
			t.Errorf("dateValue(%v) = %v, want %v", test.in, got, test.want)
		}
	}
}

func TestEscapePrint(t *testing.T) {
	tests := []struct {
		in   string
		room int
		want string
	}{
		{"Smith & Sons", 60, "Smith && Sons"},
		{"&P&N&D", 60, "&&P&&N&&D"},
		{"exactly", 8, "exactly"},
		{"exactly", 7, "exactl…"},
		{"a\nb", 60, `a\nb`},
	}
	for _, test := range tests {
		if got := escapePrint(test.in, test.room); got != test.want {
			t.Errorf("escapePrint(%q, %d) = %q, want %q", test.in, test.room, got, test.want)
		}
	}
	// The three parts of a footer and their codes fit Excel's 255 characters.
	if n := 2*(roomSide+1) + roomNote + 1 + len("&L&C&R&P&N"); n > 255 {
		t.Errorf("a footer may take %d characters", n)
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"certs/": "certs/", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(id)": "'$(id)'", "archive/**=x": "'archive/**=x'"} {
		if got := shellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}
