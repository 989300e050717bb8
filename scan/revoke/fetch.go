package revoke

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The bounds of what is fetched.
const (
	maxResponse  = 256 << 10 // bytes of an OCSP response; honest ones have a few thousand
	maxList      = 64 << 20  // bytes of a revocation list
	maxHeader    = 64 << 10
	maxGet       = 255 // bytes of a URL with a request in it (RFC 6960 appendix A.1)
	maxRedirects = 3
	listPatience = 6 // a list may take so many times as long as a response

	maxRequests        = 20_000 // of a run
	maxRequestsPerHost = 5_000
	maxSilent          = 3 // requests in a row that a host may leave without an answer
	maxStalled         = 6 // requests in a row that an address may leave to time out, whatever its hosts are called
)

var (
	errStalled   = errors.New("an address that does not answer")
	errForbidden = errors.New("an address that is not dialled")
	errCrossHost = errors.New("a redirect to another host")
	errRedirects = errors.New("too many redirects")
	errRedirect  = errors.New("a redirect to what is not followed")
)

// A fetcher follows URLs that certificates name. It may be used by many
// goroutines at once.
type fetcher struct {
	client  *http.Client
	private bool
	timeout time.Duration // of one response

	mu      sync.Mutex
	asked   int
	hosts   map[string]*host
	stalled map[netip.Prefix]int // requests in a row that timed out
}

// A host is one that was asked.
type host struct{ asked, silent int }

// A dialFunc opens a connection, as net.Dialer does.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// paced makes every connection wait for its turn in the run's rate; pace may be
// nil.
func (f *fetcher) paced(pace func(dialFunc) dialFunc) *fetcher {
	if t, ok := f.client.Transport.(*http.Transport); ok && pace != nil {
		t.DialContext = pace(t.DialContext)
	}
	return f
}

// newFetcher dials through proxy unless it is nil; the proxy then resolves
// names and decides where they lead. The environment names no proxy here.
func newFetcher(timeout time.Duration, private bool, proxy *url.URL) *fetcher {
	f := &fetcher{private: private, timeout: timeout, hosts: map[string]*host{}, stalled: map[netip.Prefix]int{}}
	dialer := &net.Dialer{KeepAlive: -1}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,                                  // what comes is what was signed
		DisableKeepAlives:      true,                                  // some responders serve one connection at a time
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: true}, // an answer carries its own signature; to check this one would need an answer first
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	} else {
		dialer.ControlContext = f.control
	}
	f.client = &http.Client{Transport: t, CheckRedirect: f.redirect}
	return f
}

// control judges an address once its name is resolved, so that no name leads
// where its address may not. One who has many names for a host that never answers
// would else cost the run a timeout for each.
func (f *fetcher) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !mayDial(a.Addr(), f.private) {
		return errForbidden
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := networkOf(a.Addr())
	if f.stalled[n] >= maxStalled {
		return errStalled
	}
	if to, ok := ctx.Value(dialledKey{}).(*dialled); ok {
		to.network = n
	}
	return nil
}

// dialled is where a request went; it is zero behind a proxy.
type dialled struct{ network netip.Prefix }

type dialledKey struct{}

// networkOf is an address of IPv4, or the network of one host of IPv6.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	n, _ := a.Prefix(bits)
	return n
}

func (f *fetcher) redirect(next *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return errRedirects
	}
	if !sameHost(before[0].URL, next.URL) {
		return errCrossHost
	}
	if _, code := checkURL(next.URL.String(), f.private); code != "" {
		return errRedirect
	}
	return nil
}

// ask sends an OCSP request: by GET where it is short, which caches know, and
// else by POST, also where a server does not know GET.
func (f *fetcher) ask(ctx context.Context, raw string, request []byte) ([]byte, string) {
	u, code := checkURL(raw, f.private)
	if code != "" {
		return nil, code
	}
	short := strings.TrimSuffix(u.String(), "/") + "/" + url.QueryEscape(base64.StdEncoding.EncodeToString(request))
	if len(short) <= maxGet && u.RawQuery == "" {
		body, status, code := f.fetch(ctx, u.Host, f.timeout, maxResponse, func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, short, nil)
		})
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed && status != http.StatusNotImplemented {
			return body, code
		}
	}
	body, _, code := f.fetch(ctx, u.Host, f.timeout, maxResponse, func(ctx context.Context) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(request))
		if err == nil {
			r.Header.Set("Content-Type", "application/ocsp-request")
		}
		return r, err
	})
	return body, code
}

// list fetches a revocation list.
func (f *fetcher) list(ctx context.Context, raw string) ([]byte, string) {
	u, code := checkURL(raw, f.private)
	if code != "" {
		return nil, code
	}
	body, _, code := f.fetch(ctx, u.Host, listPatience*f.timeout, maxList, func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	})
	return body, code
}

// fetch makes one request within the budget of the run and of its host.
func (f *fetcher) fetch(ctx context.Context, name string, timeout time.Duration, most int64, make func(context.Context) (*http.Request, error)) (body []byte, status int, code string) {
	if ctx.Err() != nil {
		return nil, 0, codeInterrupted
	}
	if code := f.take(name); code != "" {
		return nil, 0, code
	}
	to := new(dialled)
	limited, cancel := context.WithTimeout(context.WithValue(ctx, dialledKey{}, to), timeout)
	defer cancel()
	r, err := make(limited)
	if err != nil {
		return nil, 0, codeBadURL
	}
	r.Header.Set("User-Agent", "certaudit")
	body, status, err = f.do(r, most)
	switch {
	case ctx.Err() != nil:
		code = codeInterrupted
	case err != nil:
		code = classify(limited, err)
	case status != http.StatusOK:
		code = codeHTTPStatus
	case int64(len(body)) > most:
		code = codeTooLarge
	}
	f.answered(name, to, code)
	if code != "" {
		return nil, status, code
	}
	return body, status, ""
}

// do reads at most one byte more than is allowed.
func (f *fetcher) do(r *http.Request, most int64) ([]byte, int, error) {
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, answer.StatusCode, nil
	}
	body, err := readAll(answer.Body, answer.ContentLength, most)
	return body, answer.StatusCode, err
}

// readAll reads at most one byte more than most. What is large costs its own
// size once where the claim about it holds.
func readAll(in io.Reader, claimed, most int64) ([]byte, error) {
	var b bytes.Buffer
	if claimed > 0 {
		b.Grow(int(min(claimed, most)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(in, most+1))
	return b.Bytes(), err
}

// take books a request, or says why it is not made.
func (f *fetcher) take(name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.hosts[name]
	if h == nil {
		h = new(host)
		f.hosts[name] = h
	}
	switch {
	case f.asked >= maxRequests || h.asked >= maxRequestsPerHost:
		return codeBudget
	case h.silent >= maxSilent:
		return codeNotAnswering
	}
	f.asked++
	h.asked++
	return ""
}

// answered counts the requests in a row that a host, and an address, left without
// an answer.
func (f *fetcher) answered(name string, to *dialled, code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !to.network.IsValid():
	case code == codeTimeout:
		f.stalled[to.network]++
	default:
		delete(f.stalled, to.network)
	}
	switch code {
	case codeTimeout, codeUnreachable, codeRefused, codeReset, codeClosed, codeNotFound:
		f.hosts[name].silent++
	default:
		f.hosts[name].silent = 0
	}
}

// classify names what went wrong with a request.
func classify(ctx context.Context, err error) string {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, errForbidden):
		return codeForbidden
	case errors.Is(err, errStalled):
		return codeNotAnswering
	case errors.Is(err, errCrossHost):
		return codeCrossHost
	case errors.Is(err, errRedirects):
		return codeRedirects
	case errors.Is(err, errRedirect):
		return codeForbidden
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded):
		return codeTimeout
	case errors.As(err, &dns) && dns.IsNotFound:
		return codeNotFound
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		return codeRefused
	case isErrno(err, syscall.ECONNRESET, 10054), isErrno(err, syscall.EPIPE, 10058):
		return codeReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return codeClosed
	case errors.As(err, &op) && op.Op == "dial", errors.As(err, &dns):
		return codeUnreachable
	}
	return codeProtocol
}

// isErrno compares with the number that the system uses: Windows has its own
// for sockets.
func isErrno(err error, unix syscall.Errno, windows uintptr) bool {
	var e syscall.Errno
	return errors.As(err, &e) && (e == unix || runtime.GOOS == "windows" && uintptr(e) == windows)
}
