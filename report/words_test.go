package report

import (
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	day := time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)
	tokyo := time.FixedZone("JST", 9*3600)
	for _, tt := range []struct{ name, got, want string }{
		{"no separator", FormatCount(999), "999"},
		{"first separator", FormatCount(1000), "1,000"},
		{"two separators", FormatCount(1234567), "1,234,567"},
		{"negative", FormatCount(-1234), "-1,234"},
		{"negative short", FormatCount(-123), "-123"},
		{"all", FormatPercent(1501, 1501), "100 %"},
		{"all but one never rounds to all", FormatPercent(99_999, 100_000), "99.9 %"},
		{"none", FormatPercent(0, 7), "0 %"},
		{"no whole", FormatPercent(0, 0), "–"},
		{"date", FormatDate(day), "2026-11-30"},
		{"date elsewhere", FormatDate(day.In(tokyo)), "2026-11-30"},
		{"time elsewhere", FormatTime(day.In(tokyo)), "2026-11-30 23:59:59 UTC"},
		{"no time", FormatTime(time.Time{}), "–"},
		{"long", FormatLongTime(day), "30 November 2026, 23:59:59 UTC"},
		{"RFC 3339", FormatRFC3339(day.In(tokyo)), "2026-11-30T23:59:59Z"},
		{"span in a day", FormatSpan(day.Add(-time.Hour), day), "30 November 2026, 22:59:59–23:59:59 UTC"},
		{"span over midnight", FormatSpan(day, day.Add(time.Second)), "30 November 2026, 23:59:59 UTC – 1 December 2026, 00:00:00 UTC"},
		{"span of one instant", FormatSpan(day, day), "30 November 2026, 23:59:59 UTC"},
		{"digest", ShortDigest("4be1c0a95e0f6b7d2c5f3b1d9a8877e6021f0c44d7b2a9e8c61d5b3f7a9009d7"), "4be1c0a9…09d7"},
		{"short digest", ShortDigest("4be1c0a95e0f6b7d"), "4be1c0a95e0f6b7d"},
		{"id", ShortID("F1-3c91d2ab00112233445566778899aabb"), "F1-3c91d2ab"},
		{"odd id", ShortID("whatever"), "whatever"},
		{"serial", FormatSerial("3fa91"), "03:fa:91"},
		{"negative serial", FormatSerial("-1"), "-01"},
		{"no serial", FormatSerial(""), ""},
		{"key by size", FormatKey("RSA", 2048, ""), "RSA 2048"},
		{"key by curve", FormatKey("ECDSA", 256, "P-256"), "ECDSA P-256"},
		{"key by name", FormatKey("Ed25519", 0, ""), "Ed25519"},
		{"title", Title("critical"), "Critical"},
		{"title of nothing", Title(""), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestSeverities(t *testing.T) {
	b := BySeverity{Critical: 1, High: 20, Medium: 300, Low: 4000, Info: 50000}
	sum := 0
	for i, word := range SeverityWords() {
		sum += b.Of(word)
		if SeverityRank(word) != i {
			t.Errorf("rank of %s is %d, want %d", word, SeverityRank(word), i)
		}
	}
	if sum != 54321 || b.Total() != sum {
		t.Errorf("sum %d, total %d, want 54321", sum, b.Total())
	}
	if b.Of("dire") != 0 || SeverityRank("dire") != len(SeverityWords()) {
		t.Error("an unknown severity counts or ranks")
	}
}
