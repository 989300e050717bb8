package report_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"certaudit/policies"
	"certaudit/report"
)

// BenchmarkBuild evaluates evidence of 1,000 certificates by the baseline and
// writes report.json; one operation is one certificate.
func BenchmarkBuild(b *testing.B) {
	dir := b.TempDir()
	ca := newCert(b, nil, "ca", true, start.AddDate(-1, 0, 0), start.AddDate(5, 0, 0))
	for i := range 1000 {
		writePEM(b, filepath.Join(dir, fmt.Sprintf("%04d.pem", i)), newCert(b, ca, fmt.Sprintf("host-%04d.test", i), false, start.AddDate(0, -1, 0), start.AddDate(0, 0, i%400)))
	}
	evidence := scanDir(b, dir)
	set, err := policies.Load([]string{"baseline"}, policies.LoadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for _, trusted := range []bool{true, false} {
		b.Run(fmt.Sprintf("trusted=%v", trusted), func(b *testing.B) {
			b.ReportAllocs()
			for done := 0; done < b.N; done += 1000 {
				a, err := report.Build(context.Background(), []report.Input{{Name: "e", File: evidence, Trusted: trusted}}, set, report.Options{FailOn: policies.High})
				if err != nil {
					b.Fatal(err)
				}
				if err := (report.JSON{}).Write(context.Background(), a, io.Discard); err != nil {
					b.Fatal(err)
				}
				if err := a.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
