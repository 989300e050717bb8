package policies

import (
	"testing"
	"time"

	"certaudit/scan"
)

func TestSelfSigned(t *testing.T) {
	for answer, message := range map[scan.Answer]string{
		scan.No:      "",
		scan.Yes:     "The certificate is self-signed: its signature verifies under its own key.",
		scan.Unasked: "The evidence does not have self_signed.",
	} {
		c := goodCert()
		c.SelfSigned = answer
		result := map[scan.Answer]Result{scan.No: Pass, scan.Yes: Fail, scan.Unasked: NotAssessed}[answer]
		want(t, judge(t, "self-signed", "", certSubject(c), time.Time{}), result, message)
	}
}
