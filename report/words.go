package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How every format prints dates and times: UTC, whole seconds.
const (
	dateLayout = "2006-01-02"
	timeLayout = "2006-01-02 15:04:05 UTC"
)

// FormatCount prints a count with thousands separated: 1,041.
func FormatCount(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// FormatPercent prints part of whole with one decimal, rounded down, so that
// "100 %" means all: 99.9 %. It is "–" when there is no whole.
func FormatPercent(part, whole int) string {
	if whole <= 0 {
		return "–"
	}
	tenths := part * 1000 / whole
	if tenths%10 == 0 {
		return strconv.Itoa(tenths/10) + " %"
	}
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

// FormatDate prints a day, 2026-11-30; the zero time is "–".
func FormatDate(t time.Time) string { return formatTime(t, dateLayout) }

// FormatTime prints an instant, 2026-11-30 23:59:59 UTC; the zero time is "–".
func FormatTime(t time.Time) string { return formatTime(t, timeLayout) }

// FormatLongDate prints a day for running text, 30 November 2026.
func FormatLongDate(t time.Time) string { return formatTime(t, "2 January 2006") }

// FormatLongTime prints an instant for running text, 30 November 2026,
// 23:59:59 UTC.
func FormatLongTime(t time.Time) string { return formatTime(t, "2 January 2006, 15:04:05 UTC") }

func formatTime(t time.Time, layout string) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(layout)
}

// FormatSpan prints when facts were collected, the day once when it is one day:
// 30 November 2026, 06:02:00–06:09:41 UTC.
func FormatSpan(from, to time.Time) string {
	switch {
	case from.Equal(to) || to.IsZero():
		return FormatLongTime(from)
	case from.IsZero():
		return FormatLongTime(to)
	case from.UTC().Format(dateLayout) == to.UTC().Format(dateLayout):
		return from.UTC().Format("2 January 2006, 15:04:05") + "–" + to.UTC().Format("15:04:05 UTC")
	}
	return FormatLongTime(from) + " – " + FormatLongTime(to)
}

// ShortDigest abbreviates a hexadecimal digest for places that name it in full
// elsewhere: 4be1c0a9…09d7.
func ShortDigest(hex string) string {
	if len(hex) <= 16 {
		return hex
	}
	return hex[:8] + "…" + hex[len(hex)-4:]
}

// ShortID abbreviates a finding's id to its version and eight digits:
// F1-3c91d2ab. The full id stands with the finding.
func ShortID(id string) string {
	version, digits, ok := strings.Cut(id, "-")
	if !ok || len(digits) <= 8 {
		return id
	}
	return version + "-" + digits[:8]
}

// FormatSerial prints a serial number's hexadecimal digits in pairs: 03:fa:91.
func FormatSerial(hex string) string {
	hex, negative := strings.CutPrefix(hex, "-")
	if hex == "" {
		return ""
	}
	if len(hex)%2 == 1 {
		hex = "0" + hex
	}
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i := 0; i < len(hex); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(hex[i : i+2])
	}
	return b.String()
}

// FormatKey names a public key: RSA 2048, ECDSA P-256, Ed25519.
func FormatKey(algorithm string, bits int, curve string) string {
	switch {
	case curve != "":
		return algorithm + " " + curve
	case bits > 0:
		return algorithm + " " + strconv.Itoa(bits)
	}
	return algorithm
}

// SeverityWords lists the severities' words as the audit carries them, worst
// first.
func SeverityWords() []string { return []string{"critical", "high", "medium", "low", "info"} }

// SeverityRank orders severities for sorting, worst first from 0; an unknown
// word comes last.
func SeverityRank(word string) int {
	if i := slices.Index(SeverityWords(), word); i >= 0 {
		return i
	}
	return len(SeverityWords())
}

// Of gives the count of one severity by its word; 0 for an unknown word.
func (b BySeverity) Of(word string) int {
	switch word {
	case "critical":
		return b.Critical
	case "high":
		return b.High
	case "medium":
		return b.Medium
	case "low":
		return b.Low
	case "info":
		return b.Info
	}
	return 0
}

// Total is the number of unwaived failures.
func (b BySeverity) Total() int { return b.Critical + b.High + b.Medium + b.Low + b.Info }

// Title makes the first letter of an ASCII word upper case, for headings:
// "critical" → "Critical".
func Title(word string) string {
	if word == "" || word[0] < 'a' || word[0] > 'z' {
		return word
	}
	return string(word[0]-'a'+'A') + word[1:]
}

// FormatRFC3339 prints an instant as --as-of takes it: 2026-11-30T23:59:59Z.
func FormatRFC3339(t time.Time) string { return formatTime(t, "2006-01-02T15:04:05Z") }
