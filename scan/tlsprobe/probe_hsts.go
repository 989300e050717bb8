package tlsprobe

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"certaudit/scan"
)

const (
	maxHeader     = 64 << 10 // bytes of the answer to an HTTP request
	maxHSTSHeader = 1 << 10  // bytes of the field that are kept
	maxInterim    = 16       // answers to one request
)

var errInterim = errors.New("no final answer to an HTTP request")

// notHTTP are ports of TLS from the first byte that speak no HTTP, where no
// scheme says what they speak (IANA registry of service names and ports).
var notHTTP = map[int]bool{465: true, 563: true, 636: true, 853: true, 990: true, 993: true, 995: true, 5061: true, 5223: true, 5671: true, 6379: true, 6380: true, 6514: true, 8883: true}

// askHSTS makes one request for / and reads the header of the answer (RFC 6797
// section 6.1). Redirects are not followed. A server that speaks no HTTP gives
// no fact, and that is an answer; one that is silent speaks none, unless the
// target says so.
func (s *survey) askHSTS(ctx context.Context) *failure {
	t := s.v.target
	if t.StartTLS != "" || t.Scheme != "" && t.Scheme != "https" || t.Scheme == "" && notHTTP[t.Port] {
		return nil
	}
	cfg := s.config()
	cfg.NextProtos = []string{"http/1.1"}
	_, fail := s.finished(ctx, cfg, func(tc *tls.Conn) *failure { return s.readHSTS(ctx, tc) })
	return fail
}

func (s *survey) readHSTS(ctx context.Context, tc *tls.Conn) *failure {
	host := cmp.Or(s.v.name, s.v.host)
	if s.v.target.Port != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(s.v.target.Port))
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if _, err := io.WriteString(tc, "GET / HTTP/1.1\r\nHost: "+host+"\r\nUser-Agent: certaudit\r\nAccept: */*\r\nConnection: close\r\n\r\n"); err != nil {
		return classifyHandshake(ctx, err, nil)
	}
	resp, err := readResponse(tc)
	down := s.turnedDown(ctx, err)
	switch {
	case err == nil:
		resp.Body.Close()
	case down != nil:
		return down
	case errors.Is(err, errInterim):
		return odd(err.Error())
	case ended(ctx, nil) != nil:
		return ended(ctx, nil).with(scan.StageHandshake)
	case !(s.v.target.Scheme == "https" || s.v.target.Port == 443):
		return nil
	case isTimeout(err):
		return &failure{stage: scan.StageHandshake, reason: scan.ReasonTimeout, alert: -1, detail: "no answer to an HTTP request"}
	case isReset(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &failure{stage: scan.StageHandshake, reason: scan.ReasonClosed, alert: -1, detail: "no answer to an HTTP request"}
	default:
		return nil // it speaks something else
	}
	values := resp.Header.Values("Strict-Transport-Security")
	s.e.HTTPStatus = resp.StatusCode
	if len(values) == 0 && resp.StatusCode >= 400 {
		if fail := s.unserved(resp.StatusCode); fail != nil {
			return fail
		}
	}
	s.e.HSTS = scan.Answered(len(values) > 0)
	if len(values) > 0 { // RFC 6797 section 8.1: only the first field is processed
		s.e.HSTSHeader = strings.ToValidUTF8(values[0][:min(len(values[0]), maxHSTSHeader)], "\uFFFD")
	}
	return nil
}

// unserved is the failure of a request whose answer does not show what others are
// told: they may have a certificate, or come at a better time.
func (s *survey) unserved(status int) *failure {
	fail := odd(fmt.Sprintf("HTTP status %d without the header", status))
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		fail.reason = scan.ReasonRateLimited
	case s.e.ClientCert == scan.Yes && s.v.manner.cert == nil:
		fail.reason = scan.ReasonClientCertificate
	default:
		return nil
	}
	return fail
}

// readResponse reads past the interim answers of RFC 9110 section 15.2, which have
// none of the final one's fields.
func readResponse(in io.Reader) (*http.Response, error) {
	r := bufio.NewReader(io.LimitReader(in, maxHeader))
	for range maxInterim {
		resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
	return nil, errInterim
}
