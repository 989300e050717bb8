package policies

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var severityNames = [...]string{Info: "info", Low: "low", Medium: "medium", High: "high", Critical: "critical"}

// String is the severity as policies and reports write it; "" for the zero value.
func (s Severity) String() string {
	if int(s) >= len(severityNames) {
		return "severity " + strconv.Itoa(int(s))
	}
	return severityNames[s]
}

// ParseSeverity reads what [Severity.String] writes.
func ParseSeverity(name string) (Severity, error) {
	names := make([]string, 0, len(severityNames))
	for _, s := range Severities() {
		if s.String() == name {
			return s, nil
		}
		names = append(names, s.String())
	}
	return 0, fmt.Errorf("severity %s is not one of %s%s", quote(name), strings.Join(names, ", "), DidYouMean(name, names))
}

var resultNames = [...]string{Pass: "pass", Fail: "fail", Waived: "waived", NotApplicable: "not_applicable",
	NotAssessed: "not_assessed", Error: "error"}

// String is the result as reports write it; "" for the zero value.
func (r Result) String() string {
	if int(r) >= len(resultNames) {
		return "result " + strconv.Itoa(int(r))
	}
	return resultNames[r]
}

// String names the probe as the run record of evidence does.
func (p Probe) String() string {
	if p.Name != "" {
		return p.Name
	}
	return cappedPrefix + p.MaxVersion
}

// cappedPrefix begins the name of a probe that tries versions up to one.
const cappedPrefix = "versions<="

const day = 86400 // seconds

// utc writes an instant as findings do.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// count writes a number with its noun: "1 day", "12 days".
func count(n int64, noun string) string {
	s := strconv.FormatInt(n, 10) + " " + noun
	if n != 1 && n != -1 {
		s += "s"
	}
	return s
}

// distance writes a span of seconds in the largest unit that fits it whole
// times, rounded down: "3 days", "5 hours", "1 second".
func distance(seconds int64) string {
	switch {
	case seconds >= day:
		return count(seconds/day, "day")
	case seconds >= 3600:
		return count(seconds/3600, "hour")
	case seconds >= 60:
		return count(seconds/60, "minute")
	}
	return count(seconds, "second")
}

// list writes names as a sentence does: "a, b and c".
func list(names []string) string { return enumerate(names, " and ") }

// orList writes "a, b or c".
func orList(names []string) string { return enumerate(names, " or ") }

func enumerate(names []string, last string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + last + names[n-1]
	}
	return strings.Join(names, "")
}

// quote quotes foreign text for a message: short, on one line, without
// anything that a terminal obeys.
func quote(s string) string {
	const most = 80
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
}

// escape is quote without the quotes where the text is harmless, for paths.
func escape(s string) string {
	if !utf8.ValidString(s) || len(s) > 1000 {
		return quote(s)
	}
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return quote(s)
		}
	}
	return s
}
