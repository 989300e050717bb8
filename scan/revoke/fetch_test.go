package revoke

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const patience = 2 * time.Second

// site serves on loopback until the test ends.
func site(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

func TestFetchList(t *testing.T) {
	other := site(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "from elsewhere") })
	quit := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a list") })
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.Handle("/moved", http.RedirectHandler("/plain", http.StatusFound))
	mux.Handle("/elsewhere", http.RedirectHandler(other+"/", http.StatusFound))
	mux.Handle("/loopback", http.RedirectHandler("http://localhost/", http.StatusFound))
	mux.Handle("/metadata", http.RedirectHandler("http://169.254.169.254/latest/", http.StatusFound))
	mux.Handle("/file", http.RedirectHandler("file:///etc/hostname", http.StatusFound))
	mux.HandleFunc("/round/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"x", http.StatusFound) })
	mux.HandleFunc("/claims", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(maxList+1))
		io.Copy(w, io.LimitReader(zeros{}, maxList+1))
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, zeros{}) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-quit
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "too little")
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxHeader))
	})
	mux.HandleFunc("/raw", func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(c, "220 mail.test ESMTP\r\n")
			c.Close()
		}
	})
	base := site(t, mux.ServeHTTP)
	t.Cleanup(func() { close(quit) })
	for _, c := range []struct{ path, body, code string }{
		{"/plain", "a list", ""}, {"/empty", "", ""}, {"/moved", "a list", ""}, {"/plain#fragment", "a list", ""},
		{"/gone", "", codeHTTPStatus}, {"/broken", "", codeHTTPStatus},
		{"/elsewhere", "", codeCrossHost}, {"/loopback", "", codeCrossHost}, {"/metadata", "", codeCrossHost}, {"/file", "", codeCrossHost}, {"/round/", "", codeRedirects},
		{"/claims", "", codeTooLarge}, {"/endless", "", codeTooLarge}, {"/short", "", codeClosed}, {"/headers", "", codeProtocol}, {"/raw", "", codeProtocol},
	} {
		f := newFetcher(10*time.Second, true, nil)
		body, code := f.list(t.Context(), base+c.path)
		if string(body) != c.body || code != c.code {
			t.Errorf("%s: %.40q, %q; want %q, %q", c.path, body, code, c.body, c.code)
		}
	}
	f := newFetcher(50*time.Millisecond, true, nil)
	if _, code := f.list(t.Context(), base+"/slow"); code != codeTimeout {
		t.Errorf("a slow body: %q", code)
	}
	if _, code := newFetcher(patience, false, nil).list(t.Context(), base+"/plain"); code != codeForbidden {
		t.Errorf("loopback unasked: %q", code)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, code := newFetcher(patience, true, nil).list(ended, base+"/plain"); code != codeInterrupted {
		t.Errorf("interrupted: %q", code)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestNamesAreJudgedWhenDialled: a name that leads to loopback is not followed,
// and neither is a redirect of its own host there.
func TestNamesAreJudgedWhenDialled(t *testing.T) {
	asked := false
	base := site(t, func(http.ResponseWriter, *http.Request) { asked = true })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
	f := newFetcher(patience, false, nil)
	if _, code := f.list(t.Context(), "http://localhost:"+port+"/"); code != codeForbidden || asked {
		t.Errorf("localhost: %q, asked %v", code, asked)
	}
	if err := f.control(t.Context(), "tcp", "127.0.0.1:80", nil); err == nil {
		t.Error("loopback is dialled")
	}
	if err := f.control(t.Context(), "tcp", "8.8.8.8:80", nil); err != nil {
		t.Error(err)
	}
}

// TestEnvironmentNamesNoProxy: only the option does.
func TestEnvironmentNamesNoProxy(t *testing.T) {
	var proxied atomic.Int32
	proxy := site(t, func(w http.ResponseWriter, r *http.Request) {
		proxied.Add(1)
		io.WriteString(w, "by proxy for "+r.Host)
	})
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("http_proxy", proxy)
	base := site(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "direct") })
	if body, code := newFetcher(patience, true, nil).list(t.Context(), base); string(body) != "direct" || code != "" || proxied.Load() != 0 {
		t.Errorf("%q, %q, %d proxied", body, code, proxied.Load())
	}
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	if body, code := newFetcher(patience, false, u).list(t.Context(), "http://ca.test/a"); string(body) != "by proxy for ca.test" || code != "" {
		t.Errorf("%q, %q", body, code)
	}
	if _, code := newFetcher(patience, false, u).list(t.Context(), "http://10.0.0.1/a"); code != codeForbidden {
		t.Errorf("an internal address by proxy: %q", code)
	}
}

// TestAsk: short requests go by GET, long ones and those that GET cannot reach
// by POST.
func TestAsk(t *testing.T) {
	short, long := []byte("\xfb\xff short?"), bytes.Repeat([]byte{'x'}, 300)
	var seen []string
	noGet := false
	base := site(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method == http.MethodGet {
			text, _ := url.QueryUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/ocsp/"))
			body, _ = base64.StdEncoding.DecodeString(text)
			if noGet {
				seen = append(seen, "refused GET")
				w.WriteHeader(http.StatusMethodNotAllowed)
				return
			}
		}
		seen = append(seen, r.Method+" "+string(body[:min(len(body), 9)])+" "+r.Header.Get("Content-Type"))
		io.WriteString(w, "answer")
	})
	f := newFetcher(patience, true, nil)
	for _, request := range [][]byte{short, long} {
		for _, noGet = range []bool{false, true} {
			if body, code := f.ask(t.Context(), base+"/ocsp/", request); string(body) != "answer" || code != "" {
				t.Errorf("%q, %q", body, code)
			}
		}
	}
	want := "GET \xfb\xff short?  | refused GET | POST \xfb\xff short? application/ocsp-request | POST xxxxxxxxx application/ocsp-request | POST xxxxxxxxx application/ocsp-request"
	if got := strings.Join(seen, " | "); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	if _, code := f.ask(t.Context(), "ldap:///", short); code != codeScheme {
		t.Error(code)
	}
	huge := site(t, func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, io.LimitReader(zeros{}, maxResponse+1)) })
	if _, code := f.ask(t.Context(), huge, short); code != codeTooLarge {
		t.Error(code)
	}
}

// TestSilentHostIsLeftAlone: after some requests without an answer, a host is
// not asked again; another is.
func TestSilentHostIsLeftAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	dead := "http://" + l.Addr().String()
	f := newFetcher(patience, true, nil)
	for i := range maxSilent + 2 {
		want := codeRefused
		if i >= maxSilent {
			want = codeNotAnswering
		}
		if _, code := f.list(t.Context(), dead); code != want {
			t.Errorf("request %d: %q, want %q", i+1, code, want)
		}
	}
	if _, code := f.list(t.Context(), site(t, func(http.ResponseWriter, *http.Request) {})); code != "" {
		t.Error(code)
	}
}

// TestStalledAddress: many names of one address that never answers cost a few
// timeouts, and not one each.
func TestStalledAddress(t *testing.T) {
	f := newFetcher(20*time.Millisecond, true, nil)
	for i := range maxStalled + 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and no more
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		want := codeTimeout
		if i >= maxStalled {
			want = codeNotAnswering
		}
		if _, code := f.ask(t.Context(), "http://"+l.Addr().String(), []byte("request")); code != want {
			t.Errorf("host %d: %q, want %q", i+1, code, want)
		}
	}
	f.take("a")
	f.answered("a", &dialled{networkOf(netip.MustParseAddr("127.0.0.1"))}, codeHTTPStatus)
	if body, code := f.list(t.Context(), site(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") })); string(body) != "x" || code != "" {
		t.Errorf("%q %q", body, code)
	}
}

func TestBudget(t *testing.T) {
	f := newFetcher(patience, true, nil)
	for i := range maxRequestsPerHost + 1 {
		if code := f.take("a"); (code != "") != (i == maxRequestsPerHost) {
			t.Fatalf("request %d: %q", i+1, code)
		}
	}
	if code := f.take("b"); code != "" {
		t.Errorf("another host: %q", code)
	}
	f.asked = maxRequests
	if code := f.take("c"); code != codeBudget {
		t.Errorf("beyond the run's: %q", code)
	}
}
