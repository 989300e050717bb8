package tlsprobe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// record and message build what a server sends.
func record(typ byte, body string) string {
	return string([]byte{typ, 3, 3, byte(len(body) >> 8), byte(len(body))}) + body
}

func message(typ byte, body string) string {
	return string([]byte{typ, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}) + body
}

func vector(width int, body string) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(len(body)))
	return string(b[8-width:]) + body
}

func serverHello(version, suite uint16, extensions string) string {
	body := string([]byte{byte(version >> 8), byte(version)}) + strings.Repeat("r", 32) + "\x00" +
		string([]byte{byte(suite >> 8), byte(suite)}) + "\x00"
	if extensions != "" {
		body += vector(2, extensions)
	}
	return message(msgServerHello, body)
}

func TestReadFlight(t *testing.T) {
	hello := serverHello(tls.VersionTLS12, 0xC02F, "\x00\x10\x00\x05"+vector(2, vector(1, "h2")))
	chain := message(msgCertificate, vector(3, vector(3, "leaf")+vector(3, "issuer")))
	ecdhe := message(msgServerKeyExchange, "\x03\x00\x17"+vector(1, "point")+"\x04\x03"+vector(2, "sig"))
	old := message(msgServerKeyExchange, "\x03\x00\x17"+vector(1, "point")+"\x02\x01"+vector(2, "sig"))
	dhe := message(msgServerKeyExchange, vector(2, "\x00\x7f"+strings.Repeat("p", 127))+vector(2, "g")+vector(2, "y")+"\x06\x01"+vector(2, "sig"))
	ask, done, status := message(msgCertificateRequest, "whatever"), message(msgServerHelloDone, ""), message(msgCertificateStatus, "whatever")
	warning, fatal := record(recordAlert, "\x01\x70"), record(recordAlert, "\x02\x28")
	full := flight{hello: true, version: tls.VersionTLS12, suite: 0xC02F, group: "P-256", scheme: 0x0403, alpn: "h2", certificates: true,
		chain: [][]byte{[]byte("leaf"), []byte("issuer")}, stapled: scan.No, clientCert: scan.No, done: true}
	but := func(edit func(*flight)) flight {
		f := full
		edit(&f)
		return f
	}
	unfinished := func(f *flight) { f.done, f.stapled, f.clientCert = false, scan.Unasked, scan.Unasked }
	split := ""
	for _, b := range []byte(hello + chain + ecdhe + done) {
		split += record(recordHandshake, string([]byte{b}))
	}
	tests := []struct {
		name string
		in   string
		want flight
		err  error
	}{
		{"one record", record(22, hello+chain+ecdhe+done), full, nil},
		{"a record each", record(22, hello) + record(22, chain) + record(22, ecdhe) + record(22, done), full, nil},
		{"a record per byte", split, full, nil},
		{"stapled, client certificate", record(22, hello+chain+status+ecdhe+ask+done), but(func(f *flight) { f.stapled, f.clientCert = scan.Yes, scan.Yes }), nil},
		{"SHA-1 signature", record(22, hello+chain+old+done), but(func(f *flight) { f.oldSignature, f.scheme = true, 0x0201 }), nil},
		{"warnings", strings.Repeat(warning, maxWarnings) + record(22, hello+chain+ecdhe+done), full, nil},
		{"one warning more", strings.Repeat(warning, maxWarnings+1), flight{alert: 112}, errAlert},
		{"finite field", record(22, serverHello(tls.VersionTLS12, 0x009F, "")+chain+dhe+done),
			but(func(f *flight) {
				f.suite, f.group, f.alpn, f.dhBits, f.scheme = 0x009F, "DHE-1023", "", 1023, 0x0601
			}), nil},
		{"RSA key transport", record(22, serverHello(tls.VersionTLS10, 0x002F, "")+chain+done),
			but(func(f *flight) { f.version, f.suite, f.group, f.alpn, f.scheme = tls.VersionTLS10, 0x002F, "", "", 0 }), nil},
		{"anonymous", record(22, serverHello(tls.VersionTLS12, 0xC018, "")+message(msgServerKeyExchange, "\x03\x00\x1d"+vector(1, "point"))+done),
			flight{hello: true, version: tls.VersionTLS12, suite: 0xC018, group: "X25519", clientCert: scan.No, done: true}, nil},
		{"alert", fatal, flight{alert: 40}, errAlert},
		{"alert after certificates", record(22, hello+chain) + fatal, but(func(f *flight) { unfinished(f); f.group, f.scheme, f.alert = "", 0, 40 }), errAlert},
		{"close", "", flight{}, io.EOF},
		{"close after certificates", record(22, hello+chain), but(func(f *flight) { unfinished(f); f.group, f.scheme = "", 0 }), io.EOF},
		{"close in a record", record(22, hello)[:20], flight{}, io.ErrUnexpectedEOF},
		{"http", "HTTP/1.1 400 Bad Request\r\n\r\n", flight{}, errNotTLS},
		{"one odd byte", "H", flight{}, errNotTLS},
		{"record too long", "\x16\x03\x03\x48\x01", flight{}, errNotTLS},
		{"record too long later", record(22, "") + "\x16\x03\x03\x48\x01", flight{}, errProtocol},
		{"message too long", record(22, "\x02\x04\x00\x01"), flight{}, errProtocol},
		{"certificates first", record(22, chain), flight{}, errProtocol},
		{"data first", record(23, "x"), flight{}, errProtocol},
		{"list longer than the message", record(22, hello+message(msgCertificate, "\x00\x00\x09"+vector(3, "leaf"))), but(func(f *flight) {
			unfinished(f)
			f.group, f.scheme, f.certificates, f.chain = "", 0, false, nil
		}), errProtocol},
		{"certificate longer than the list", record(22, hello+message(msgCertificate, vector(3, "\x00\x00\x09leaf"))), but(func(f *flight) {
			unfinished(f)
			f.group, f.scheme, f.certificates, f.chain = "", 0, false, nil
		}), errProtocol},
		{"encrypted, no key", record(22, serverHello(tls.VersionTLS12, tls.TLS_AES_128_GCM_SHA256, "\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x11\xec")) +
			record(20, "\x01") + record(23, "x"), flight{hello: true, version: tls.VersionTLS13, suite: tls.TLS_AES_128_GCM_SHA256, group: "X25519MLKEM768"}, errNoKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readFlight(strings.NewReader(tt.in), msgServerHelloDone, nil)
			if got.hello != (len(got.message) > 0) {
				t.Errorf("hello %v, message %x", got.hello, got.message)
			}
			got.want, got.message, got.session, got.shareGroup = 0, nil, nil, 0
			if diff := cmp.Diff(tt.want, *got, cmp.AllowUnexported(flight{})); diff != "" || !errors.Is(err, tt.err) {
				t.Errorf("%v, want %v\n%s", err, tt.err, diff)
			}
		})
	}
}

// TestReadFlightRetry has a HelloRetryRequest: the answer of a hello without a
// share, and gone past where all is wanted.
func TestReadFlightRetry(t *testing.T) {
	ext := "\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02\x00\x17"
	hello := serverHello(tls.VersionTLS12, tls.TLS_AES_128_GCM_SHA256, ext)
	retry := strings.Replace(hello, strings.Repeat("r", 32), string(retryRandom[:]), 1)
	f, err := readFlight(strings.NewReader(record(22, retry)), msgServerHello, nil)
	if err != nil || f.hello || !f.retry || f.group != "P-256" || f.version != tls.VersionTLS13 {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = readFlight(strings.NewReader(record(22, retry)+record(20, "\x01")+record(22, hello)), msgServerHelloDone, nil)
	if err != io.EOF || !f.hello || f.group != "P-256" {
		t.Errorf("%+v, %v", f, err)
	}
}

// transcript is what a server of that version sends to crypto/tls, and its
// handshake traffic secret.
func transcript(t testing.TB, version uint16) ([]byte, []byte) {
	e := newEstate(t)
	client, server := net.Pipe()
	go tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: version, MaxVersion: version})(server)
	c := newConn(t.Context(), client, newBudget(""))
	var keys keyLog
	tc := tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: version, KeyLogWriter: &keys})
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	tc.Close()
	c.Close()
	return c.read, keys.secret
}

// FuzzReadFlight: nothing a server sends makes the reader panic, keep more
// than it was sent, or depend on how the bytes arrive.
func FuzzReadFlight(f *testing.F) {
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		in, secret := transcript(f, v)
		f.Add(in, secret)
		f.Add(in[:len(in)/2], secret)
	}
	f.Add([]byte(record(22, serverHello(tls.VersionTLS12, 0x009F, "")+message(msgServerKeyExchange, vector(2, "prime")))), []byte(nil))
	f.Add([]byte(record(21, "\x02\x28")), []byte(nil))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), []byte(nil))
	f.Fuzz(func(t *testing.T, in, secret []byte) {
		get := func(*flight) []byte { return secret }
		whole, err := readFlight(bytes.NewReader(in), msgServerHelloDone, get)
		size := 0
		for _, der := range whole.chain {
			size += len(der) + 3
		}
		if size > len(in) {
			t.Errorf("%d bytes of certificates from %d bytes", size, len(in))
		}
		if err == nil && !whole.done {
			t.Error("no error, and not done")
		}
		slow, slowErr := readFlight(iotest.OneByteReader(bytes.NewReader(in)), msgServerHelloDone, get)
		if diff := cmp.Diff(whole, slow, cmp.AllowUnexported(flight{})); diff != "" || (err == nil) != (slowErr == nil) {
			t.Errorf("%v or %v\n%s", err, slowErr, diff)
		}
	})
}

// FuzzCertificates: what is written as a Certificate message reads back the
// same, in both forms, and a message cut short is no message.
func FuzzCertificates(f *testing.F) {
	f.Add([]byte("leaf"), []byte("issuer"), true, uint16(3))
	f.Add([]byte{}, []byte{}, false, uint16(0))
	f.Fuzz(func(t *testing.T, a, b []byte, tls13 bool, cut uint16) {
		if len(a)+len(b) > 1<<16 {
			return
		}
		version, body := uint16(tls.VersionTLS12), vector(3, vector(3, string(a))+vector(3, string(b)))
		if tls13 {
			version = tls.VersionTLS13
			body = vector(1, "") + vector(3, vector(3, string(a))+vector(2, "\x00\x05"+vector(2, "staple"))+vector(3, string(b))+vector(2, ""))
		}
		got := flight{hello: true, version: version}
		if err := got.take(msgCertificate, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if len(got.chain) != 2 || !bytes.Equal(got.chain[0], a) || !bytes.Equal(got.chain[1], b) || (got.stapled == scan.Yes) != tls13 {
			t.Errorf("%+v", got)
		}
		short := flight{hello: true, version: version}
		if err := short.take(msgCertificate, []byte(body)[:int(cut)%len(body)]); err == nil || short.certificates {
			t.Errorf("cut at %d: %+v", int(cut)%len(body), short)
		}
	})
}

// TestExpandLabel has the server handshake keys of RFC 8448 section 3.
func TestExpandLabel(t *testing.T) {
	secret := unhex(t, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
	for label, want := range map[string]string{"key": "3fce516009c21727d0f2e4e86ee403bc", "iv": "5d313eb2671276ee13000b30"} {
		got, err := expandLabel(sha256.New, secret, label, nil, len(want)/2)
		if err != nil || !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%s: %x, %v; want %s", label, got, err, want)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBuildHello has crypto/tls read our hello.
func TestBuildHello(t *testing.T) {
	for _, v := range versions[:4] {
		for _, name := range []string{"", "www.example.test", strings.Repeat("a.", 120) + "test"} {
			hello, _ := newHello(v.wire, name).record()
			if n := len(hello) - 5; n >= 256 && n < 512 {
				t.Errorf("%s: a hello of %d bytes", v.name, n)
			}
			if v.wire == versionSSL30 {
				continue // which crypto/tls refuses to read
			}
			client, server := net.Pipe()
			go func() {
				client.Write(hello)
				io.Copy(io.Discard, client)
			}()
			var info *tls.ClientHelloInfo
			err := tls.Server(server, &tls.Config{MinVersion: tls.VersionTLS10, GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				info = h
				return nil, context.Canceled
			}}).Handshake()
			client.Close()
			server.Close()
			if info == nil {
				t.Fatalf("%s: %v", v.name, err)
			}
			if info.ServerName != name || info.SupportedVersions[0] != v.wire || len(info.SupportedCurves) != len(helloGroups) {
				t.Errorf("%s: %+v", v.name, info)
			}
			if tls12 := v.wire == tls.VersionTLS12; tls12 != (len(info.SignatureSchemes) == len(helloSchemes)) || tls12 != bytes.Contains(hello, []byte{0xC0, 0x2C}) {
				t.Errorf("%s: schemes %v", v.name, info.SignatureSchemes)
			}
		}
	}
}

func TestSuitesAreDistinct(t *testing.T) {
	seen := map[uint16]bool{}
	names := map[string]bool{}
	for _, s := range slices.Concat(suites12, suitesOld) {
		if seen[s.id] || names[s.name] {
			t.Errorf("%04X %s twice", s.id, s.name)
		}
		seen[s.id], names[s.name] = true, true
		if std := tls.CipherSuiteName(s.id); strings.HasPrefix(std, "TLS_") && std != s.name {
			t.Errorf("%s is %s in crypto/tls", s.name, std)
		}
	}
	if len(seen) > 127 {
		t.Errorf("%d suites: some servers stop at 128", len(seen))
	}
	for _, s := range slices.Concat(suites13, suitesRare) {
		if seen[s.id] || names[s.name] {
			t.Errorf("%04X %s twice", s.id, s.name)
		}
		seen[s.id], names[s.name] = true, true
		if std := tls.CipherSuiteName(s.id); strings.HasPrefix(std, "TLS_") && std != s.name {
			t.Errorf("%s is %s in crypto/tls", s.name, std)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{&net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{Port: 4711}, Err: errors.New("connection reset by peer")}, "connection reset by peer"},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, "remote error: tls: handshake failure"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "first record does not look like a TLS handshake"},
		{errors.New("bad \xff byte"), "bad ? byte"},
		{errors.New("red \x1b[31m, two\r\nlines, \u202eturned"), "red ?[31m, two??lines, ?turned"},
		{errors.New(strings.Repeat("x", maxDetail+1)), strings.Repeat("x", maxDetail)},
		{errors.New(strings.Repeat("x", maxDetail-1) + "é"), strings.Repeat("x", maxDetail-1)},
	} {
		if got := errorText(tt.err); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.want)
		}
	}
}

func TestVersionSet(t *testing.T) {
	s := versionSet{}
	s.chosen(tls.VersionTLS13, tls.VersionTLS12)
	for most, want := range map[uint16]bool{tls.VersionTLS13: true, tls.VersionTLS12: true, tls.VersionTLS11: false, versionSSL30: false} {
		if s.settled(most) != want {
			t.Errorf("settled(%s) is %v", versionName(most), !want)
		}
	}
	s.refused(tls.VersionTLS11)
	if diff := cmp.Diff([][]string{{"TLS 1.2"}, {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.3"}}, [][]string{s.names(true), s.names(false)}); diff != "" || !s.settled(tls.VersionTLS10) {
		t.Error(diff)
	}
}
