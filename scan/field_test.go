package scan

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fill gives every exported field of a record a value that is not empty, so
// that a field missing from its table shows.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f := v.Field(i)
		if !f.CanSet() {
			continue
		}
		name := v.Type().Field(i).Name
		switch p := f.Addr().Interface().(type) {
		case *time.Time:
			*p = time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC)
		case *[]byte:
			*p = []byte{1, 2, byte(i)}
		case *Answer:
			*p = Yes
		case *[][]string:
			*p = [][]string{{"a", "b"}, {"c"}}
		case *[]Digest:
			*p = []Digest{{Name: "n", SHA256: "s", Dated: "2026-01-01", Count: 3}}
		case *[]Exclude:
			*p = []Exclude{{Glob: "g", Reason: "r"}}
		case *map[string]string:
			*p = map[string]string{"k": "v"}
		case *map[string][]string:
			*p = map[string][]string{"k": {"v", "w"}}
		case *[]OtherChain:
			*p = []OtherChain{{For: "RSA", Chain: []string{"s"}}}
		case **int:
			*p = &i
		case **Object:
			*p = new(Object)
			fill(t, reflect.ValueOf(*p).Elem())
		case *map[string]int:
			*p = map[string]int{"k": 1}
		default:
			switch f.Kind() {
			case reflect.String:
				f.SetString(name + " \"\\\n\x1b\u202eé世🔒")
			case reflect.Int, reflect.Int64:
				f.SetInt(int64(i) + 1)
			case reflect.Bool:
				f.SetBool(true)
			case reflect.Slice:
				f.Set(reflect.ValueOf([]string{name, ""}))
			default:
				t.Fatalf("%s has a kind that this test does not fill: %s", name, f.Kind())
			}
		}
	}
}

// TestFieldTablesAreComplete writes and reads a record of each kind with every
// field set: what a table leaves out is lost and shows.
func TestFieldTablesAreComplete(t *testing.T) {
	for _, r := range []Record{new(RunRecord), new(Certificate), new(File), new(Observation), new(Endpoint), new(Revocation), new(NotAssessed), new(End)} {
		fill(t, reflect.ValueOf(r).Elem())
		want := r
		var text line
		switch v := r.(type) {
		case *File:
			v.Outcome = OutcomeRead
		case *Observation:
			v.Use = UseIdentity
		case *Certificate:
			v.SHA256 = strings.Repeat("ab", 32)
		case *Endpoint:
			sum := strings.Repeat("cd", 32)
			v.Chain, v.Paths, v.PathsElsewhere, v.OtherChains[0].Chain = []string{sum}, [][]string{{sum, sum}, {sum}}, [][]string{{sum}}, []string{sum}
			v.PathError, v.OCSPError = "path_error", "ocsp_error"
		case *Revocation:
			v.Certificate, v.Issuer, v.Signer, v.SHA256 = strings.Repeat("1a", 32), strings.Repeat("2a", 32), strings.Repeat("3a", 32), strings.Repeat("4a", 32)
			v.Error = "error"
		case *NotAssessed:
			v.Stage, v.Reason = "stage_2", "reason_2"
		}
		want.appendTo(&text)
		if !json.Valid(text.text) {
			t.Errorf("%s: not JSON: %s", r.Kind(), text.text)
		}
		for _, c := range text.text {
			if c < ' ' && c != '\n' || c == 0x7f {
				t.Errorf("%s: control character %#x in the line", r.Kind(), c)
			}
		}
		var got Record
		var err error
		unknown := 0
		body := bytes.TrimSuffix(text.text, []byte("\n"))
		if r.Kind() == KindEnd {
			e := new(End)
			got, err = e, decodeRecord(body, e, &unknown, endFields)
		} else {
			got, err = DecodeLine(body, true, &unknown)
		}
		if err != nil || unknown != 0 {
			t.Fatalf("%s: %v, %d unknown fields", r.Kind(), err, unknown)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Certificate{}), cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".sum" || p.Last().String() == ".exact"
		}, cmp.Ignore())); diff != "" {
			t.Errorf("%s (-written +read):\n%s", r.Kind(), diff)
		}
	}
}

func TestAppendStringEscapes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`plain`, `"plain"`},
		{"a\"b\\c", `"a\"b\\c"`},
		{"line\nbreak\ttab", `"line\nbreak\u0009tab"`},
		{"esc\x1b[31m", `"esc\u001b[31m"`},
		{"del\x7f", `"del\u007f"`},
		{"c1\u0085", `"c1\u0085"`},
		{"rtl\u202e", `"rtl\u202e"`},
		{"bad\xff", `"bad\ufffd"`},
		{"lock🔒", `"lock🔒"`},
		{"tag\U000e0041", `"tag\udb40\udc41"`},
		{"", `""`},
	} {
		got := string(appendString(nil, c.in))
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%q: %s is not JSON", c.in, got)
		}
	}
}

// FuzzEachField holds the scanner of flat objects against encoding/json: what
// it accepts whole, the library accepts and reads alike.
func FuzzEachField(f *testing.F) {
	for _, s := range []string{`{}`, `{"kind":"file","a":[1,{"b":"}"}],"c":null}`, `{"a":"\""}`, `{"a":1,}`, `{"a" : true , "b":-1.5e3}`, `[1]`, `{"a":"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]json.RawMessage{}
		twice := false
		err := eachField(text, func(name, raw []byte) error {
			if _, there := got[string(name)]; there {
				twice = true
			}
			got[string(name)] = bytes.Clone(raw)
			return nil
		})
		if err != nil || !json.Valid(text) || twice {
			return // the decoder of each value refuses what is no JSON
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("accepted %q, which encoding/json refuses: %v", text, err)
		}
		if bytes.ContainsRune(text, '\\') {
			return // names are compared undecoded
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d fields, encoding/json reads %d", text, len(got), len(want))
		}
	})
}

func TestParseTime(t *testing.T) {
	for _, s := range []string{"2026-01-02T03:04:05Z", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z",
		"2026-01-01T00:00:00", "", "2026-1-01T00:00:00Zx", "20a6-01-01T00:00:00Z"} {
		got, err := parseTime(s)
		want, wantErr := time.Parse(timeLayout, s)
		if !got.Equal(want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%q: got %v, %v; time.Parse gives %v, %v", s, got, err, want, wantErr)
		}
	}
}

func TestSetStrings(t *testing.T) {
	for raw, want := range map[string][]string{
		`[]`: nil, `["a"]`: {"a"}, `["a","b\n\\"]`: {"a", "b\n\\"}, `[ "a" , "b" ]`: {"a", "b"}, `["]"]`: {"]"},
	} {
		var got []string
		if err := setStrings(&got, []byte(raw)); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: got %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{`[`, `["a"`, `["a",]`, `[1]`, `["a" "b"]`, `"a"`, `null`, `[null]`, `["a"]]`} {
		var got []string
		if err := setStrings(&got, []byte(raw)); err == nil {
			t.Errorf("%s: accepted as %q", raw, got)
		}
	}
}

func TestAppendTime(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1000, 10, 20, 0, 0, 0, 0, time.UTC),
		time.Date(999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), {},
	} {
		if got, want := string(appendTime(nil, at)), at.Format(timeLayout); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
