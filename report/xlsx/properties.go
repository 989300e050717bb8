package xlsx

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"certaudit/scan"

	"github.com/xuri/excelize/v2"
)

// setProperties sets the document's properties. Creator and Application name
// certaudit: a scan knows its own output by them.
func (b *book) setProperties() error {
	a := b.a
	asOf := a.Run.AsOf.UTC().Format(time.RFC3339)
	err := b.f.SetDocProps(&excelize.DocProperties{
		Category:       clean(a.Document.Classification),
		ContentStatus:  clean(a.Document.Status),
		Created:        asOf,
		Modified:       asOf,
		Creator:        b.generator(),
		LastModifiedBy: b.generator(),
		Description:    clean(a.Gate.Headline),
		Identifier:     clean(a.Run.ID),
		Keywords:       "evidence sha256 " + clean(a.Run.EvidenceSHA256),
		Subject:        clean(joinWith(" · ", a.Document.Organisation, a.Document.Period)),
		Title:          clean(a.Document.Title),
		Language:       "en",
		Version:        clean(a.Run.Version),
	})
	if err != nil {
		return fmt.Errorf("document properties: %w", err)
	}
	if err := b.f.SetAppProps(&excelize.AppProperties{Application: scan.Tool, Company: clean(a.Document.Organisation)}); err != nil {
		return fmt.Errorf("application properties: %w", err)
	}
	return b.setCustomProperties()
}

// generator names certaudit and its version, whatever the audit calls its maker.
func (b *book) generator() string {
	version, _ := strings.CutPrefix(b.a.Generator, scan.Tool)
	return clean(joinWith(" ", scan.Tool, strings.TrimSpace(version)))
}

func (b *book) setCustomProperties() error {
	r := b.a.Run
	type property struct{ name, value string }
	list := []property{
		{"run_id", r.ID},
		{"as_of", r.AsOf.UTC().Format(time.RFC3339)},
		{"evidence_sha256", r.EvidenceSHA256},
		{"binary_sha256", r.BinarySHA256},
		{"exit_status", strconv.Itoa(b.a.Gate.ExitStatus)},
		{"complete", strconv.FormatBool(r.Complete)},
	}
	for _, p := range r.Policies {
		list = append(list, property{"policy_" + p.ID + "_sha256", p.SHA256})
	}
	for _, p := range list {
		if p.value == "" {
			continue
		}
		if err := b.f.SetCustomProps(excelize.CustomProperty{Name: clean(p.name), Value: clean(p.value)}); err != nil {
			return fmt.Errorf("property %s: %w", p.name, err)
		}
	}
	return nil
}
