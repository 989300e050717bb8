package policies

import (
	"testing"

	"certaudit/scan"
)

func TestRenegotiation(t *testing.T) {
	const moot = "TLS 1.3, which has no renegotiation, is all that the endpoint was seen to accept."
	answer := func(a scan.Answer) func(*scan.Endpoint) {
		return func(e *scan.Endpoint) { e.SecureRenegotiation = a }
	}
	judgeProbed(t, "renegotiation", []probedCase{
		{"supported", "", goodEndpoint(), nil, Pass, "", ""},
		{"not supported", "", goodEndpoint(), answer(scan.No), Fail, "", "The endpoint does not support secure renegotiation (RFC 5746), which the versions before TLS 1.3 need."},
		{"not supported, seen before the probe was cut short", "", cutShort(), answer(scan.No), Fail, "", "The endpoint does not support secure renegotiation (RFC 5746), which the versions before TLS 1.3 need."},
		{"TLS 1.3 alone", "", onlyTLS13(), nil, NotApplicable, "", moot},
		{"TLS 1.3 alone, says the probe", "", onlyTLS13(), func(e *scan.Endpoint) { e.Probed = []string{"handshake_options"} }, NotApplicable, "", moot},
		{"open, and TLS 1.2 is accepted", "", goodEndpoint(), answer(scan.Unasked), NotAssessed, scan.ReasonNotObtained, "Whether the endpoint supports secure renegotiation is not known: the probe handshake_options does not tell."},
		{"cut short", "", cutShort(), answer(scan.Unasked), NotAssessed, scan.ReasonNotObtained, "The evidence does not have secure_renegotiation."},
		{"not probed", "", unprobed(), nil, NotAssessed, scan.ReasonNotRequested, "The evidence does not have secure_renegotiation."},
	})
}
