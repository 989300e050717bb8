package xlsx

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"certaudit/report"
)

// maxCellText is how many UTF-16 units a cell holds; Excel and excelize drop
// the rest without a word.
const maxCellText = 32_767

// clean makes foreign text fit for a cell: what does not print (control
// characters, bidirectional overrides, invisible spaces, bytes that are not
// UTF-8) shows as an escape, and what is too long is cut where one can see it.
func clean(s string) string { return cut(visible(s)) }

// visible replaces what does not print by Go's escapes for it: \n, \x1b, \u202e.
func visible(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	done := 0 // what comes before is written
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		invalid := r == utf8.RuneError && n == 1
		if invalid || !strconv.IsPrint(r) {
			b.WriteString(s[done:i])
			done = i + n
			if invalid {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			} else {
				b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
			}
		}
		i += n
	}
	b.WriteString(s[done:])
	return b.String()
}

// plain says that s is printable ASCII, as most text is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cut shortens text that a cell cannot hold and says so at its end.
func cut(s string) string {
	if len(s) <= maxCellText || units(s) <= maxCellText {
		return s
	}
	note := fmt.Sprintf(" … [cut: %d bytes in all; the evidence has them]", len(s))
	room := maxCellText - units(note)
	for i, r := range s {
		if room -= runeUnits(r); room < 0 {
			return s[:i] + note
		}
	}
	return s
}

// units is the length of s in UTF-16 units, which is what Excel counts.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += runeUnits(r)
	}
	return n
}

func runeUnits(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// textWidth estimates the columns that s takes, in widths of a digit. Scripts
// from Hangul on are set about twice as wide.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		if r >= 0x1100 {
			n++
		}
		n++
	}
	return n
}

// Excel counts days from here; its calendar is right from firstSerial on, and
// ends with the year 9999.
func serialOrigin() time.Time { return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC) }

const (
	firstSerial = 61      // 1 March 1900
	lastSerial  = 2958466 // 1 January 10000
)

// dateValue is t as Excel's serial number of days, in UTC; an instant that
// Excel's calendar lacks stays text, and the zero time is no value.
func dateValue(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	// Seconds, for a Duration spans 292 years only.
	days := float64(t.Unix()-serialOrigin().Unix()) / 86400
	if days < firstSerial || days >= lastSerial {
		return report.FormatTime(t)
	}
	return days
}

// listText joins the members of a list for one cell.
func listText(list []string) string { return strings.Join(list, "; ") }

// shellQuote writes a word as a POSIX shell takes it.
func shellQuote(word string) string {
	const bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
	if word != "" && strings.Trim(word, bare) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
