package tlsprobe

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// A Proxy connects to endpoints for us, and resolves their names.
type Proxy struct {
	scheme, address string
	user, password  string
	authenticated   bool
}

// NewProxy reads http://host:port, for the method CONNECT of RFC 9110 section
// 9.3.6, or socks5://host:port, RFC 1928. Credentials are user:password, or
// empty; no error shows them.
func NewProxy(address, credentials string) (*Proxy, error) {
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@"):
		return nil, errors.New("the address of a proxy may have no user and no password in it")
	case err != nil || u.Scheme != "http" && u.Scheme != "socks5":
		return nil, fmt.Errorf("%q is neither http://host:port nor socks5://host:port", address)
	case u.Hostname() == "" || u.Port() == "" || strings.TrimSuffix(u.Path, "/")+u.RawQuery+u.Fragment != "":
		return nil, fmt.Errorf("%q: want a host and a port, and nothing else", address)
	}
	p := &Proxy{scheme: u.Scheme, address: u.Host}
	if credentials != "" {
		p.user, p.password, p.authenticated = strings.Cut(credentials, ":")
		if !p.authenticated || p.user == "" || len(p.user) > 255 || len(p.password) > 255 || strings.ContainsAny(credentials, "\r\n") {
			return nil, errors.New("the credentials of a proxy are user:password, each of at most 255 bytes")
		}
	}
	return p, nil
}

// URL is the proxy with its credentials, for what else is to go through it. Not
// to be shown.
func (x *Proxy) URL() *url.URL {
	u := &url.URL{Scheme: x.scheme, Host: x.address}
	if x.authenticated {
		u.User = url.UserPassword(x.user, x.password)
	}
	return u
}

// A proxyError is why a proxy did not connect.
type proxyError struct{ error }

func (e *proxyError) Unwrap() error { return e.error }

// dial connects to host:port through the proxy, which forward reaches.
func (x *Proxy) dial(ctx context.Context, forward dialFunc, hostport string) (net.Conn, error) {
	c, err := x.connect(ctx, forward, hostport)
	if err != nil {
		return nil, &proxyError{err}
	}
	return c, nil
}

func (x *Proxy) connect(ctx context.Context, forward dialFunc, hostport string) (net.Conn, error) {
	if x.scheme == "http" {
		return x.connectHTTP(ctx, forward, hostport)
	}
	var auth *proxy.Auth
	if x.authenticated {
		auth = &proxy.Auth{User: x.user, Password: x.password}
	}
	d, err := proxy.SOCKS5("tcp", x.address, auth, forward)
	if err != nil {
		return nil, err
	}
	return d.(proxy.ContextDialer).DialContext(ctx, "tcp", hostport)
}

// A dialFunc is Options.Dial as golang.org/x/net/proxy wants it.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (f dialFunc) Dial(network, address string) (net.Conn, error) {
	return f(context.Background(), network, address)
}

func (f dialFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func (x *Proxy) connectHTTP(ctx context.Context, forward dialFunc, hostport string) (net.Conn, error) {
	c, err := forward(ctx, "tcp", x.address)
	if err != nil {
		return nil, err
	}
	if d, ok := ctx.Deadline(); ok {
		c.SetDeadline(d)
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	r := bufio.NewReader(c)
	err = x.ask(c, r, hostport)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	c.SetDeadline(time.Time{})
	return &tunnel{c, r}, nil
}

func (x *Proxy) ask(w io.Writer, r *bufio.Reader, hostport string) error {
	request := "CONNECT " + hostport + " HTTP/1.1\r\nHost: " + hostport + "\r\n"
	if x.authenticated {
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(x.user+":"+x.password)) + "\r\n"
	}
	if _, err := io.WriteString(w, request+"\r\n"); err != nil {
		return err
	}
	return readConnected(r)
}

// maxAnswer bounds the answer of a proxy, in bytes.
const maxAnswer = 64 << 10

// readConnected reads the head of an answer to CONNECT and nothing behind it.
func readConnected(r *bufio.Reader) error {
	status, left, err := readHeadLine(r, maxAnswer)
	if err != nil {
		return err
	}
	version, rest, _ := strings.Cut(status, " ")
	code, _, _ := strings.Cut(rest, " ")
	if n, err := strconv.Atoi(code); !strings.HasPrefix(version, "HTTP/1.") || err != nil || len(code) != 3 {
		return errors.New("the answer is not HTTP")
	} else if n < 200 || n > 299 {
		return errors.New(rest)
	}
	for {
		var line string
		if line, left, err = readHeadLine(r, left); err != nil || line == "" {
			return err
		}
	}
}

// readHeadLine gives a line without its end, and what is left of the bound.
func readHeadLine(r *bufio.Reader, left int) (string, int, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if left -= len(part); left < 0 {
			return "", 0, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
		}
		line = append(line, part...)
		switch err {
		case nil:
			return strings.TrimRight(string(line), "\r\n"), left, nil
		case io.EOF:
			return "", 0, io.ErrUnexpectedEOF
		case bufio.ErrBufferFull:
		default:
			return "", 0, err
		}
	}
}

// A tunnel reads first what came in behind the proxy's answer.
type tunnel struct {
	net.Conn
	r *bufio.Reader
}

func (t *tunnel) Read(b []byte) (int, error) {
	if t.r.Buffered() > 0 {
		return t.r.Read(b)
	}
	return t.Conn.Read(b)
}

// connect opens a connection to one of the addresses, or has the proxy do it.
// The proxy alone knows the address of a name.
func (v *visit) connect(ctx context.Context) (net.Conn, netip.Addr, *failure) {
	if v.p.proxy == nil {
		return v.p.connect(ctx, v.addrs, v.target.Port)
	}
	one, cancel := within(ctx, connectShare)
	defer cancel()
	c, err := v.p.proxy.dial(one, v.p.dial, net.JoinHostPort(v.host, strconv.Itoa(v.target.Port)))
	return c, v.addrs[0], classifyConnect(one, err)
}

// elsewhere stands for the addresses of a name that the proxy resolves.
func elsewhere() []netip.Addr { return make([]netip.Addr, 1) }

// addressText is empty where the proxy knows the address, and we do not.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
