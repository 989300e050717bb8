package scan

import (
	"encoding/asn1"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormatName(t *testing.T) {
	for _, c := range []struct{ hex, text, cn string }{
		{"300f310d300b06035504030c04746573740000"[:34], "CN=test", "test"},
		{"3000", "", ""},
		// Two common names: the last as encoded counts, and stands first.
		{"3018310a300806035504030c0161310a300806035504030c0162", "CN=b,CN=a", "b"},
		// Two values in one relative name.
		{"3016311430080603550403" + "0c0161" + "300806035504030c0162", "CN=a+CN=b", "b"},
		{"300e310c300a06035504030c032c2b22", `CN=\,\+\"`, `,+"`},
		{"300d310b300906035504030c022061", `CN=\ a`, " a"},
		{"300d310b300906035504031e020061", `CN=a`, "a"},
		{"300c310a30080603550403020161", `CN=#020161`, ""},
		{"300c310a3008060355047f0c0161", `2.5.4.127=a`, ""},
		{"30", "#30", ""},
		{"3003310130", "#3003310130", ""},
	} {
		raw := unhex(t, c.hex)
		if n := formatName(raw); n.rfc4514 != c.text || n.cn != c.cn {
			t.Errorf("%s: got %q, %q; want %q, %q", c.hex, n.rfc4514, n.cn, c.text, c.cn)
		}
	}
}

func TestNameAttributes(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want []string
	}{
		{"3000", nil},
		{"3018310a300806035504030c0161310a300806035504030c0162", []string{"CN=a", "CN=b"}},
		{"3016311430080603550403" + "0c0161" + "300806035504030c0162", []string{"CN=a", "CN=b"}},
		{"300e310c300a06035504030c032c2b22", []string{`CN=,+"`}},
		{"300d310b300906035504030c022061", []string{"CN= a"}},
		{"300d310b300906035504031e020061", []string{"CN=a"}},
		{"300c310a30080603550403020161", []string{"CN=#020161"}},
		{"300c310a3008060355047f0c0161", []string{"2.5.4.127=a"}},
		{"30", nil},
		{"300f310a300806035504030c0161310130", []string{"CN=a"}}, // damaged behind the first
	} {
		if diff := cmp.Diff(c.want, formatName(unhex(t, c.hex)).attributes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.hex, diff)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b := make([]byte, len(s)/2)
	for i := range b {
		for _, c := range s[2*i : 2*i+2] {
			b[i] <<= 4
			switch {
			case c >= '0' && c <= '9':
				b[i] |= byte(c - '0')
			default:
				b[i] |= byte(c - 'a' + 10)
			}
		}
	}
	return b
}

// FuzzDER wants no panic on any bytes, and OIDs as encoding/asn1 prints them.
func FuzzDER(f *testing.F) {
	f.Add([]byte("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a"))
	f.Add([]byte("\x06\x03\x55\x04\x03"))
	f.Fuzz(func(t *testing.T, b []byte) {
		formatName(b)
		spkiFacts(b)
		Derive(b)
		var oid asn1.ObjectIdentifier
		if rest, err := asn1.Unmarshal(b, &oid); err == nil && len(rest) == 0 {
			if content, _, ok := enter(b, tagOID); ok && oidString(content) != oid.String() {
				t.Fatalf("%x: %s, encoding/asn1 reads %s", b, oidString(content), oid)
			}
		}
	})
}
