package policies

import (
	"testing"

	"certaudit/scan"
)

func TestResumption(t *testing.T) {
	const (
		tickets = "{tickets: barred}"
		all     = "{tickets: barred, session_id: barred, psk: barred}"
		moot    = "The question does not arise with the versions that the endpoint accepts."
	)
	none := func(e *scan.Endpoint) {
		e.ResumptionTicket, e.ResumptionID, e.ResumptionPSK = scan.No, scan.No, scan.No
	}
	judgeProbed(t, "resumption", []probedCase{
		{"none", all, goodEndpoint(), none, Pass, "", ""},
		{"tickets", tickets, goodEndpoint(), nil, Fail, "", "The endpoint resumes sessions with session tickets, which the policy bars."},
		{"what is allowed", "{session_id: barred}", goodEndpoint(), nil, Pass, "", ""},
		{"every way", all, goodEndpoint(), func(e *scan.Endpoint) { e.ResumptionID = scan.Yes }, Fail, "",
			"The endpoint resumes sessions with session tickets, session ids and pre-shared keys of TLS 1.3, which the policy bars."},
		{"found before the probe was cut short", all, cutShort(), func(e *scan.Endpoint) { none(e); e.ResumptionID = scan.Yes }, Fail, "",
			"The endpoint resumes sessions with session ids, which the policy bars."},
		{"one is open", all, cutShort(), func(e *scan.Endpoint) { none(e); e.ResumptionPSK = scan.Unasked }, NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint resumes sessions with pre-shared keys of TLS 1.3 is not known: the probe resumption was cut short."},
		{"one is open after the whole probe", tickets, goodEndpoint(), func(e *scan.Endpoint) { e.ResumptionTicket = scan.Unasked }, NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint resumes sessions with session tickets is not known: the probe resumption does not tell."},
		{"tickets of TLS 1.3 alone", tickets, onlyTLS13(), nil, NotApplicable, "", moot},
		{"TLS 1.3 alone, PSK", all, onlyTLS13(), nil, Fail, "", "The endpoint resumes sessions with pre-shared keys of TLS 1.3, which the policy bars."},
		{"TLS 1.3 alone, none", all, onlyTLS13(), func(e *scan.Endpoint) { e.ResumptionPSK = scan.No }, Pass, "", ""},
		{"not probed", tickets, unprobed(), nil, NotAssessed, scan.ReasonNotRequested, "Whether the endpoint resumes sessions with session tickets is not known: the probe resumption was not made."},
	})
}
