package policies

import (
	"strings"
	"testing"
	"time"

	"certaudit/scan"
)

func TestHSTS(t *testing.T) {
	const year = "max-age=31536000"
	answers := func(header string) func(*scan.Endpoint) {
		return func(e *scan.Endpoint) { e.HSTSHeader = header }
	}
	tests := []struct {
		name, params string
		change       func(*scan.Endpoint)
		probes       []string
		want         Result
		missing      scan.Reason
		message      string
	}{
		{"a year", "", answers(year), nil, Pass, "", ""},
		{"one second short", "", answers("max-age=31535999"), nil, Fail, "", "The endpoint's Strict-Transport-Security has a max-age of 31535999 seconds, where the policy asks for 31536000 seconds."},
		{"switched off", "", answers("max-age=0"), nil, Fail, "", "The endpoint's Strict-Transport-Security has a max-age of 0 seconds, where the policy asks for 31536000 seconds."},
		{"no header", "", func(e *scan.Endpoint) { e.HSTS, e.HSTSHeader = scan.No, "" }, nil, Fail, "", "The endpoint answers HTTP without the header Strict-Transport-Security."},
		{"cannot be read", "", answers("max-age"), nil, Fail, "", `Browsers do not obey the endpoint's Strict-Transport-Security header: its max-age "" is no number of seconds.`},
		{"subdomains", "{include_subdomains: true}", answers(year), nil, Fail, "", "The endpoint's Strict-Transport-Security lacks includeSubDomains."},
		{"subdomains there", "{include_subdomains: true}", answers(year + ";INCLUDESUBDOMAINS"), nil, Pass, "", ""},
		{"preload", "{preload: true}", answers(year), nil, Fail, "", "The endpoint's Strict-Transport-Security lacks preload."},
		{"preload there", "{preload: true}", answers(year + "; preload"), nil, Pass, "", ""},
		{"no HTTP", "", func(e *scan.Endpoint) { e.HSTS, e.HTTPStatus = scan.Unasked, 0 }, nil, NotApplicable, "", "The endpoint did not answer HTTP."},
		{"STARTTLS, not probed", "", func(e *scan.Endpoint) { e.HSTS, e.StartTLS, e.Probed = scan.Unasked, "smtp", nil }, nil, NotApplicable, "", "There is no HTTP behind STARTTLS."},
		{"address", "", func(e *scan.Endpoint) { e.Endpoint, e.ServerName = "[2001:db8::1]:443", "" }, nil, NotApplicable, "", "Browsers note the header for names only, and the endpoint goes by its address (RFC 6797 section 8.1.1)."},
		{"address under a name", "", func(e *scan.Endpoint) { e.Endpoint = "192.0.2.1:443" }, nil, Pass, "", ""},
		{"not probed", "", func(e *scan.Endpoint) { e.HSTS, e.HTTPStatus, e.Probed = scan.Unasked, 0, nil }, nil, NotAssessed, scan.ReasonNotRequested, "The evidence does not have hsts."},
		{"cut short", "", func(e *scan.Endpoint) {
			e.HSTS, e.HTTPStatus, e.Probed, e.Incomplete = scan.Unasked, 0, nil, []string{"hsts"}
		}, []string{"hsts"}, NotAssessed, scan.ReasonNotObtained, "The evidence does not have hsts."},
		{"an answer without an answer", "", func(e *scan.Endpoint) { e.HSTS = scan.Unasked }, []string{"hsts"}, NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint sends Strict-Transport-Security is not known: the probe hsts does not tell."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := goodEndpoint()
			tt.change(e)
			s := endpointSubject(e)
			s.Probes = tt.probes
			a := judge(t, "hsts", tt.params, s, time.Time{})
			want(t, a, tt.want, tt.message)
			if a.Missing != tt.missing {
				t.Errorf("missing %q, want %q", a.Missing, tt.missing)
			}
		})
	}
}

// TestParseHSTS follows RFC 6797 section 6.1 and its examples in 6.2.
func TestParseHSTS(t *testing.T) {
	tests := []struct {
		value string
		want  hstsHeader
		err   string
	}{
		{"max-age=31536000", hstsHeader{31536000, false, false}, ""},
		{"max-age=15768000 ; includeSubDomains", hstsHeader{15768000, true, false}, ""},
		{`max-age="31536000"`, hstsHeader{31536000, false, false}, ""},
		{`max-age="3\1536000"`, hstsHeader{31536000, false, false}, ""},
		{"max-age=0; includeSubDomains", hstsHeader{0, true, false}, ""},
		{"Max-Age=1;INCLUDEsubdomains;PreLoad", hstsHeader{1, true, true}, ""},
		{"\t max-age = 1 \t;; ; includeSubDomains;", hstsHeader{1, true, false}, ""},
		{"includeSubDomains; max-age=1", hstsHeader{1, true, false}, ""},
		{`max-age=1; other=token; another="a;b=\"c"; third`, hstsHeader{1, false, false}, ""},
		{"max-age=1; preload=yes", hstsHeader{1, false, false}, ""},
		{"max-age=99999999999999999999", hstsHeader{1<<63 - 1, false, false}, ""},
		{"", hstsHeader{}, "it has no max-age"},
		{";", hstsHeader{}, "it has no max-age"},
		{"includeSubDomains", hstsHeader{}, "it has no max-age"},
		{"max-age", hstsHeader{}, `its max-age "" is no number of seconds`},
		{"max-age=", hstsHeader{}, `the directive "max-age" has no value after its =`},
		{`max-age=""`, hstsHeader{}, `its max-age "" is no number of seconds`},
		{"max-age=-1", hstsHeader{}, `its max-age "-1" is no number of seconds`},
		{"max-age=1.5", hstsHeader{}, `its max-age "1.5" is no number of seconds`},
		{"max-age=1s", hstsHeader{}, `its max-age "1s" is no number of seconds`},
		{"max-age='1'", hstsHeader{}, `its max-age "'1'" is no number of seconds`},
		{"max-age=1; max-age=1", hstsHeader{}, `the directive "max-age" appears twice`},
		{"max-age=1; MAX-AGE=2", hstsHeader{}, `the directive "max-age" appears twice`},
		{"max-age=1; x; X", hstsHeader{}, `the directive "x" appears twice`},
		{"max-age=1; includeSubDomains=true", hstsHeader{}, "its includeSubDomains has a value"},
		{"max-age=1, includeSubDomains", hstsHeader{}, `it cannot be read from ", includeSubDomains" on`},
		{"max-age=1 includeSubDomains", hstsHeader{}, `it cannot be read from "includeSubDomains" on`},
		{"max-age: 1", hstsHeader{}, `it cannot be read from ": 1" on`},
		{"=1", hstsHeader{}, `it cannot be read from "=1" on`},
		{`max-age="1`, hstsHeader{}, "a quoted value has no end"},
		{`max-age="1\`, hstsHeader{}, "a quoted value has no end"},
		{"max-age=1; \x1b[31m", hstsHeader{}, `it cannot be read from "\x1b[31m" on`},
		{strings.Repeat(";", maxHSTSHeader+1), hstsHeader{}, "it is longer than 4096 bytes"},
	}
	for _, tt := range tests {
		got, err := parseHSTS(tt.value)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != tt.err || err == nil && got != tt.want {
			t.Errorf("%q: %+v, %q\nwant %+v, %q", tt.value, got, text, tt.want, tt.err)
		}
	}
}

// FuzzParseHSTS: no header brings the reader down, what it says of one is
// bounded and printable, and what it accepts has a max-age.
func FuzzParseHSTS(f *testing.F) {
	for _, s := range []string{"max-age=31536000; includeSubDomains; preload", `max-age="1"; x="a\"b;"`, ";;", "max-age=\"", "max-age==1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		h, err := parseHSTS(value)
		switch {
		case err != nil:
			if text := err.Error(); escape(text) != text {
				t.Fatalf("error is not printable: %q", text)
			}
		case h.maxAge < 0 || !strings.Contains(strings.ToLower(value), "max-age"):
			t.Fatalf("max-age %d", h.maxAge)
		}
	})
}
