package tlsprobe

import (
	"bytes"
	"crypto/tls"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// FuzzReadAnswer reads whatever a server may send up to each message that a
// question can want. What ends without an error is whole, and what check lets
// through was offered.
func FuzzReadAnswer(f *testing.F) {
	retry := record(recordHandshake, helloRetry(tls.TLS_AES_128_GCM_SHA256, "\x00\x33\x00\x02\x00\x17\x00\x2b\x00\x02\x03\x04\x00\x2c\x00\x04\x00\x02ck"))
	f.Add([]byte(retry), uint16(tls.VersionTLS13), []byte(nil))
	f.Add([]byte(retry+retry), uint16(tls.VersionTLS13), []byte(nil))
	f.Add([]byte(record(recordHandshake, serverHello(tls.VersionTLS12, 0x009F, "")+message(msgServerKeyExchange, vector(2, "prime")))), uint16(tls.VersionTLS12), []byte(nil))
	f.Add([]byte(record(recordHandshake, serverHello(0x0300, 0x0005, ""))+alerts(40)), uint16(versionSSL30), []byte(nil))
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		in, secret := transcript(f, v)
		f.Add(in, v, secret)
	}
	wants := []byte{msgServerHello, wantPrime, msgServerKeyExchange, msgCertificate, msgEncryptedExtensions, msgCertificateVerify, msgServerHelloDone}
	f.Fuzz(func(t *testing.T, in []byte, most uint16, secret []byte) {
		h := newHello(most, "")
		get := func(*flight) []byte { return secret }
		for _, want := range wants {
			whole, err := readFlight(bytes.NewReader(in), want, get)
			slow, slowErr := readFlight(iotest.OneByteReader(bytes.NewReader(in)), want, get)
			if diff := cmp.Diff(whole, slow, cmp.AllowUnexported(flight{})); diff != "" || (err == nil) != (slowErr == nil) {
				t.Errorf("%d: %v or %v\n%s", want, err, slowErr, diff)
			}
			if err != nil {
				continue
			}
			if !whole.done || !whole.hello && !whole.retry {
				t.Errorf("%d: no error, and %+v", want, whole)
			}
			if got, fail := h.check(whole); (got == nil) == (fail == nil) || got != nil && got.version > most {
				t.Errorf("%d: %v %v", want, got, fail)
			}
		}
	})
}

// FuzzMessages takes single messages, which reach the reader encrypted only,
// under every version.
func FuzzMessages(f *testing.F) {
	f.Add(byte(msgEncryptedExtensions), uint16(tls.VersionTLS13), uint16(0x1301), []byte(vector(2, "\x00\x10"+vector(2, vector(2, vector(1, "h2"))))))
	f.Add(byte(msgServerKeyExchange), uint16(tls.VersionTLS12), uint16(0xC02F), []byte("\x03\x00\x17"+vector(1, "point")+"\x04\x03"))
	f.Add(byte(msgServerKeyExchange), uint16(tls.VersionTLS12), uint16(0x009F), []byte(vector(2, "\x00\x7f")+vector(2, "g")+vector(2, "y")+"\x06\x01"))
	f.Add(byte(msgServerKeyExchange), uint16(0x0300), uint16(0x0018), []byte(vector(2, "")+vector(2, "")+vector(2, "")))
	f.Add(byte(msgCertificateVerify), uint16(tls.VersionTLS13), uint16(0x1301), []byte("\x08\x04\x00"))
	f.Fuzz(func(t *testing.T, typ byte, version, suite uint16, body []byte) {
		got := flight{hello: true, version: version, suite: suite}
		if err := got.take(typ, body); err != nil {
			return
		}
		if got.dhBits > 8*len(body) || len(got.alpn) > len(body) || len(got.chain) > len(body) {
			t.Errorf("%+v from %d bytes", got, len(body))
		}
	})
}

// FuzzServerShare agrees with whatever half of a key exchange a server sends, in
// every group that we have arithmetic for.
func FuzzServerShare(f *testing.F) {
	shares := map[uint16]*share{}
	for _, group := range []uint16{29, 23, 24, 25, 4588, 4587, 4589} {
		shares[group] = newShare(group)
		f.Add(group, shares[group].public, uint16(tls.TLS_AES_256_GCM_SHA384))
		f.Add(group, make([]byte, 1120), uint16(tls.TLS_AES_128_GCM_SHA256))
	}
	f.Add(uint16(29), []byte(nil), uint16(0))
	f.Fuzz(func(t *testing.T, group uint16, theirs []byte, suite uint16) {
		for own, s := range shares {
			secret := s.serverSecret([]byte("hello"), &flight{shareGroup: group, share: theirs, suite: suite})
			if secret != nil && (own != group || suiteHash(suite) == nil || len(secret) != suiteHash(suite)().Size()) {
				t.Errorf("a secret of %d bytes for group %d and suite %04X", len(secret), group, suite)
			}
			newRecordKeys(suite, secret)
		}
	})
}

// FuzzHTTPAnswer reads whatever is sent for an answer to the one HTTP request.
func FuzzHTTPAnswer(f *testing.F) {
	f.Add("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n")
	f.Add(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1))
	f.Fuzz(func(t *testing.T, in string) {
		resp, err := readResponse(strings.NewReader(in))
		if err != nil {
			return
		}
		resp.Body.Close()
		if resp.StatusCode < 200 && resp.StatusCode != 101 || resp.StatusCode > 999 {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}
