package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"certaudit/report"
	"certaudit/scan"
)

// TestJSONShowsNothingThatActs: report.json may be read on a terminal, and is
// the same JSON all the same.
func TestJSONShowsNothingThatActs(t *testing.T) {
	const odd = "caf\u00e9 \u9b5a \U0001f41f \x1b[31m \x7f \u0085 \u009b31m \u202e \u2028 \U000e0041"
	ca := newCert(t, nil, "ca", true, start, start.AddDate(1, 0, 0))
	c := scan.Derive(newCert(t, ca, "a", false, start, start.AddDate(1, 0, 0)).cert.Raw)
	f := saidEvidence(t, []*scan.Certificate{c}, &scan.NotAssessed{Target: odd, Endpoint: odd, Index: -1, Stage: scan.StageConnect, Reason: scan.ReasonTimeout, Detail: odd, ObservedAt: start})
	a := build(t, loadSet(t, revokedPolicy), report.Options{AsOf: start, Document: report.Document{Title: odd}}, f)
	var text bytes.Buffer
	if err := (report.JSON{}).Write(context.Background(), a, &text); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(text.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%q", text.String()[i:min(i+20, text.Len())])
	}
	var got struct {
		Document    report.Document
		NotAssessed []report.NotAssessed `json:"not_assessed"`
	}
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Document.Title != odd || len(got.NotAssessed) == 0 || got.NotAssessed[0].Detail != odd {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(text.String(), "caf\u00e9 \u9b5a \U0001f41f ") {
		t.Error("what shows is escaped")
	}
}
