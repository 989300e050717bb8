package certfile

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"certaudit/scan"
)

// fuzzObjects reads content as one container: no panic, no object without its
// kind and place, numbers without gaps.
func fuzzObjects(t *testing.T, content []byte, read func(f *file)) {
	if len(content) > 1<<16 {
		return
	}
	opt := New(Options{Now: func() time.Time { return testNow }, Limits: Limits{Objects: 1000}}).opt
	next := map[string]int{}
	f := newFile(context.Background(), &opt, "t", "p", testNow, func(r scan.Record) {
		kind, index := "", 0
		switch r := r.(type) {
		case *scan.Observation:
			kind, index = r.Object, r.Index
			if kind == scan.ObjectCertificate {
				return
			}
			if r.Container == "" || r.Facts == nil || r.Facts.Encrypted == scan.Yes && r.Object != scan.ObjectPrivateKey {
				t.Errorf("incomplete observation %+v", r)
			}
		case *scan.NotAssessed:
			kind, index = r.Object, r.Index
			if r.Reason == scan.ReasonPanic {
				t.Errorf("panic: %s", r.Detail)
			}
		}
		if kind == "" {
			return
		}
		if index != next[kind] {
			t.Errorf("%s #%d, want #%d", kind, index, next[kind])
		}
		next[kind]++
	})
	f.content, f.whole = content, content
	read(f)
	f.place()
}

func FuzzSSH(f *testing.F) {
	o := newTestObjects(f)
	b64 := base64.StdEncoding.EncodeToString(o.sshBlob(f))
	line := "ecdsa-sha2-nistp256 " + b64 + " me\n"
	f.Add([]byte(line))
	f.Add([]byte(`command="a b",no-pty ` + line + "@revoked *.example " + line + "# " + line))
	f.Add([]byte("---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"a\\\nb\"\n" + b64 + "\n---- END SSH2 PUBLIC KEY ----\n"))
	f.Add([]byte(pemText("OPENSSH PRIVATE KEY", append([]byte("openssh-key-v1\x00\x00\x00\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x68"), append(o.sshBlob(f), "\x00\x00\x00\x01x"...)...))))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzObjects(t, b, opensshContainer().read) })
}

func FuzzPuTTY(f *testing.F) {
	o := newTestObjects(f)
	b64 := base64.StdEncoding.EncodeToString(o.sshBlob(f))
	for _, version := range []string{"2", "3"} {
		f.Add([]byte("PuTTY-User-Key-File-" + version + ": ecdsa-sha2-nistp256\nEncryption: aes256-cbc\nComment: c\nPublic-Lines: 2\n" + b64[:64] + "\n" + b64[64:] +
			"\nKey-Derivation: Argon2id\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n"))
	}
	f.Fuzz(func(t *testing.T, b []byte) { fuzzObjects(t, b, readPuTTY) })
}

func FuzzJWK(f *testing.F) {
	const ec = `{"kty":"EC","crv":"P-256","kid":"a","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
	f.Add([]byte(`{"keys":[` + ec + `,{"kty":"oct","k":"AAAA"},{"kty":"RSA","n":"AQAB","e":"AQAB","d":"x"}]}`))
	f.Add([]byte(strings.Replace(ec, `"x"`, `"x5c":["MIIB"],"x"`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzObjects(t, b, readJSON) })
}
