package tlsprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"certaudit/scan"
)

// noDNS is a resolver that nobody may ask.
func noDNS(t *testing.T) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		t.Errorf("%s was resolved here", host)
		return nil, errors.New("no DNS")
	}
}

// pass copies both ways until one side ends.
func pass(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			io.Copy(pair[0], pair[1])
			pair[0].Close()
			pair[1].Close()
		})
	}
	wg.Wait()
}

// httpProxy connects every request to one address, where the credentials are
// right, and says what was asked for.
func httpProxy(to, credentials string, asked func(string)) func(net.Conn) {
	return func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		asked(req.Method + " " + req.Host)
		if credentials != "" && req.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials)) {
			io.WriteString(c, "HTTP/1.1 407 Who are you\r\n\r\n")
			return
		}
		server, err := net.Dial("tcp", to)
		if err != nil {
			io.WriteString(c, "HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n")
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nVia: test\r\n\r\n")
		pass(c, server)
	}
}

// socksProxy speaks RFC 1928 with the method of RFC 1929 where credentials are
// wanted.
func socksProxy(to, credentials string, asked func(string)) func(net.Conn) {
	return func(c net.Conn) {
		b := make([]byte, 256)
		read := func(n int) []byte { io.ReadFull(c, b[:n]); return b[:n] }
		read(int(read(2)[1]))
		if credentials != "" {
			c.Write([]byte{5, 2})
			user := string(read(int(read(2)[1])))
			if password := string(read(int(read(1)[0]))); user+":"+password != credentials {
				c.Write([]byte{1, 1})
				return
			}
			c.Write([]byte{1, 0})
		} else {
			c.Write([]byte{5, 0})
		}
		host := ""
		switch read(4)[3] {
		case 1:
			host = net.IP(read(4)).String()
		case 3:
			host = string(read(int(read(1)[0])))
		case 4:
			host = net.IP(read(16)).String()
		}
		port := read(2)
		asked(net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))))
		server, err := net.Dial("tcp", to)
		if err != nil {
			c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		pass(c, server)
	}
}

func mustProxy(t *testing.T, address, credentials string) *Proxy {
	t.Helper()
	x, err := NewProxy(address, credentials)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestProxy: names go to the proxy as they are, and nothing is resolved here.
func TestProxy(t *testing.T) {
	e := newEstate(t)
	_, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}}))
	to := "127.0.0.1:" + strconv.Itoa(port)
	for scheme, serve := range map[string]func(string, string, func(string)) func(net.Conn){"http": httpProxy, "socks5": socksProxy} {
		for _, c := range []struct {
			host, to, wanted, given string
			reason                  scan.Reason
			detail                  string
		}{
			{"localhost", to, "", "", "", ""},
			{"bücher.example", to, "", "user:pass:word", "", ""},
			{"127.0.0.1", to, "user:pass:word", "user:pass:word", "", ""},
			{"2001:db8::1", to, "", "", "", ""},
			{"localhost", to, "user:right", "user:wrong", scan.ReasonProxy, map[string]string{"http": "407 Who are you", "socks5": "authentication failed"}[scheme]},
			{"localhost", "127.0.0.1:1", "", "", scan.ReasonProxy, map[string]string{"http": "502 Nobody there", "socks5": "connection refused"}[scheme]},
		} {
			t.Run(scheme+" "+c.host+" "+string(c.reason), func(t *testing.T) {
				asked := make(chan string, 8)
				at, proxyPort := listen(t, "127.0.0.1:0", serve(c.to, c.wanted, func(s string) { asked <- s }))
				x := mustProxy(t, fmt.Sprintf("%s://%s:%d", scheme, at, proxyPort), c.given)
				r := observe(t, newProber(t, Options{Proxy: x, Resolve: noDNS(t)}), c.host, port)
				if c.reason != "" {
					if n := r.notAssessed; len(r.all) != 1 || n[0].Stage != scan.StageConnect || n[0].Reason != c.reason || !strings.Contains(n[0].Detail, c.detail) || strings.Contains(n[0].Detail, "wrong") {
						t.Errorf("%v %+v", r.kinds(), n)
					}
					return
				}
				host := map[string]string{"bücher.example": "xn--bcher-kva.example"}[c.host]
				address := ""
				if host == "" {
					host = c.host
				}
				if a, err := netip.ParseAddr(c.host); err == nil {
					address = a.String()
				}
				if r.endpoint == nil || r.endpoint.Address != address || len(r.notAssessed) > 0 {
					t.Fatalf("%v %+v %+v", r.kinds(), r.endpoint, r.notAssessed)
				}
				if got := <-asked; strings.TrimPrefix(got, "CONNECT ") != net.JoinHostPort(host, strconv.Itoa(port)) {
					t.Errorf("the proxy was asked for %q", got)
				}
			})
		}
	}
}

// TestProxyHostile has proxies that answer as none should.
func TestProxyHostile(t *testing.T) {
	before := inUse()
	flood := strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 100)
	for name, c := range map[string]struct {
		answer string
		detail string
	}{
		"closes":       {"", "unexpected EOF"},
		"no HTTP":      {"\x16\x03\x01\x00\x05hello\n", "not HTTP"},
		"long line":    {"HTTP/1.1 200 " + strings.Repeat("a", maxAnswer), "more than"},
		"many lines":   {"HTTP/1.1 200 OK\r\n" + flood, "more than"},
		"cut off":      {"HTTP/1.1 200 OK\r\nVia: x", "unexpected EOF"},
		"redirects":    {"HTTP/1.1 302 http://elsewhere.test/\r\n\r\n", "302"},
		"long refusal": {"HTTP/1.1 403 " + strings.Repeat("b", 5000) + "\r\n\r\n", "403 bbb"},
		"odd number":   {"HTTP/1.1 2000 OK\r\n\r\n", "not HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			at, port := listen(t, "127.0.0.1:0", func(conn net.Conn) {
				http.ReadRequest(bufio.NewReader(conn))
				io.WriteString(conn, c.answer)
			})
			x := mustProxy(t, fmt.Sprintf("http://%s:%d", at, port), "")
			r := observe(t, newProber(t, Options{Proxy: x, Resolve: noDNS(t)}), "localhost", 443)
			if n := r.notAssessed; len(r.all) != 1 || n[0].Stage != scan.StageConnect || n[0].Reason != scan.ReasonProxy || !strings.Contains(n[0].Detail, c.detail) || len(n[0].Detail) > maxDetail {
				t.Errorf("%+v", n)
			}
		})
	}
	noLeak(t, before)
}

// TestProxyTimeout: a proxy that never answers costs the endpoint its time and
// no more.
func TestProxyTimeout(t *testing.T) {
	at, port := listen(t, "127.0.0.1:0", func(c net.Conn) { io.Copy(io.Discard, c) })
	before := inUse()
	for _, scheme := range []string{"http", "socks5"} {
		x := mustProxy(t, fmt.Sprintf("%s://%s:%d", scheme, at, port), "")
		r := observe(t, newProber(t, Options{Proxy: x, Timeout: 500 * time.Millisecond, Resolve: noDNS(t)}), "localhost", 443)
		if len(r.all) != 1 || r.notAssessed[0].Stage != scan.StageConnect || r.notAssessed[0].Reason != scan.ReasonTimeout {
			t.Errorf("%s: %+v", scheme, r.notAssessed)
		}
	}
	noLeak(t, before)
	r := observe(t, newProber(t, Options{Proxy: mustProxy(t, "http://127.0.0.1:1", "")}), "localhost", 443)
	if len(r.all) != 1 || r.notAssessed[0].Reason != scan.ReasonProxy {
		t.Errorf("a proxy that is not there: %+v", r.notAssessed)
	}
}

// TestTunnel: what a server says at once may arrive with the proxy's answer.
func TestTunnel(t *testing.T) {
	at, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 200 OK\n\n220 ready\r\n")
		time.Sleep(time.Millisecond)
		io.WriteString(c, "more")
	})
	x := mustProxy(t, fmt.Sprintf("http://%s:%d", at, port), "")
	c, err := x.dial(t.Context(), (&net.Dialer{}).DialContext, "mail.test:25")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if text, err := io.ReadAll(c); string(text) != "220 ready\r\nmore" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNewProxy(t *testing.T) {
	for _, bad := range [][2]string{{"proxy.test:3128"}, {"https://proxy.test:3128"}, {"http://proxy.test"}, {"http://:3128"}, {"http://p.test:1/path"},
		{"http://user:secret@p.test:1"}, {"socks5://user@p.test:1"}, {"http://p.test:1", "secret"}, {"http://p.test:1", ":secret"},
		{"http://p.test:1", "u:secret\r\nX: y"}, {"http://p.test:1", "u:" + strings.Repeat("secret", 50)}, {""}} {
		if _, err := NewProxy(bad[0], bad[1]); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	mustProxy(t, "http://[2001:db8::1]:3128/", "")
}

func FuzzReadConnected(f *testing.F) {
	for _, seed := range []string{"HTTP/1.1 200 OK\r\n\r\nrest", "HTTP/1.0 403 No\r\n\r\n", "HTTP/1.1 200\n\n", "HTTP/1.1 2", "", "\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		r := bufio.NewReader(strings.NewReader(string(answer)))
		if err := readConnected(r); err != nil {
			return
		}
		rest, _ := io.ReadAll(r)
		head := answer[:len(answer)-len(rest)]
		if !strings.HasPrefix(string(head), "HTTP/1.") || !strings.HasSuffix(string(head), "\n") || len(head) > maxAnswer {
			t.Errorf("%q was taken for the head of an answer", head)
		}
	})
}

// TestTinyproxy goes through a real HTTP proxy.
func TestTinyproxy(t *testing.T) {
	tinyproxy := installed(t, "tinyproxy")
	e := newEstate(t)
	_, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}}))
	proxyPort := freePort(t)
	file := filepath.Join(t.TempDir(), "tinyproxy.conf")
	conf := fmt.Sprintf("Port %d\nListen 127.0.0.1\nTimeout 10\nAllow 127.0.0.1\nBasicAuth user word\nConnectPort %d\n", proxyPort, port)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tinyproxy, "-d", "-c", file)
	var said strings.Builder
	cmd.Stdout = &said
	start(t, cmd)
	waitFor(t, proxyPort, &said)
	throughRealProxy(t, "http://127.0.0.1:"+strconv.Itoa(proxyPort), port)
}

// TestDante goes through a real SOCKS proxy.
func TestDante(t *testing.T) {
	danted := installed(t, "danted")
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	e := newEstate(t)
	_, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}}))
	proxyPort := freePort(t)
	file := filepath.Join(t.TempDir(), "danted.conf")
	conf := fmt.Sprintf("logoutput: stderr\ninternal: 127.0.0.1 port = %d\nexternal: lo\nclientmethod: none\nsocksmethod: none\nuser.privileged: %[2]s\nuser.unprivileged: %[2]s\n"+
		"client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\nsocks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 port = %[3]d }\n", proxyPort, who.Username, port)
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(danted, "-f", file, "-p", filepath.Join(t.TempDir(), "pid"))
	var said strings.Builder
	cmd.Stderr = &said
	start(t, cmd)
	waitFor(t, proxyPort, &said)
	throughRealProxy(t, "socks5://127.0.0.1:"+strconv.Itoa(proxyPort), port)
}

// throughRealProxy asks it for a server that is there, and for a port that the
// proxy does not connect to.
func throughRealProxy(t *testing.T, address string, port int) {
	t.Helper()
	p := newProber(t, Options{Proxy: mustProxy(t, address, "user:word"), Resolve: noDNS(t)})
	r := observe(t, p, "localhost", port)
	if r.endpoint == nil || r.endpoint.Address != "" || r.endpoint.HostnameMatch != scan.Yes || len(r.notAssessed) > 0 {
		t.Fatalf("%v %+v", r.kinds(), r.notAssessed)
	}
	r = observe(t, p, "localhost", 1)
	if len(r.all) != 1 || r.notAssessed[0].Stage != scan.StageConnect || r.notAssessed[0].Reason != scan.ReasonProxy {
		t.Errorf("%v %+v", r.kinds(), r.notAssessed)
	}
	t.Logf("the refusal of %s: %s", address, r.notAssessed[0].Detail)
}
