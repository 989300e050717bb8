package scan

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// A field ties one evidence field to its place in a record. One table for each
// kind of record serves writing, reading and the documentation, so that the
// three cannot drift apart.
type field[T any] struct {
	name string
	doc  string
	opt  bool // left out of the line when empty
	ptr  func(*T) any
}

// timeLayout is RFC 3339 in UTC, whole seconds.
const timeLayout = "2006-01-02T15:04:05Z"

// A line is one record being encoded: a flat JSON object, kind first.
type line struct{ text []byte }

// appendRecord writes kind and then the fields in table order.
func appendRecord[T any](l *line, kind Kind, tables ...func() (*T, []field[T])) {
	l.text = append(l.text, `{"kind":"`...)
	l.text = append(l.text, kind...)
	l.text = append(l.text, '"')
	for _, table := range tables {
		r, fields := table()
		for i := range fields {
			l.field(fields[i].name, fields[i].opt, fields[i].ptr(r))
		}
	}
	l.text = append(l.text, '}', '\n')
}

func (l *line) field(name string, opt bool, value any) {
	// The kinds of nearly all fields come first, each decided on once.
	switch v := value.(type) {
	case *string:
		if !opt || *v != "" {
			l.name(name)
			l.text = appendString(l.text, *v)
		}
		return
	case *[]string:
		if opt && len(*v) == 0 {
			return
		}
	case *int:
		if opt && *v == 0 {
			return
		}
	case *Answer:
		if *v == Unasked {
			return // an absent fact is not false
		}
	default:
		if opt && isEmpty(value) {
			return
		}
	}
	l.name(name)
	l.value(value)
}

func (l *line) name(name string) {
	l.text = append(l.text, ',', '"')
	l.text = append(l.text, name...)
	l.text = append(l.text, '"', ':')
}

func (l *line) value(value any) {
	switch v := value.(type) {
	case *int:
		l.text = strconv.AppendInt(l.text, int64(*v), 10)
	case *int64:
		l.text = strconv.AppendInt(l.text, *v, 10)
	case *bool:
		l.text = strconv.AppendBool(l.text, *v)
	case *Answer:
		l.text = strconv.AppendBool(l.text, *v == Yes)
	case *time.Time:
		l.text = append(l.text, '"')
		l.text = appendTime(l.text, v.UTC())
		l.text = append(l.text, '"')
	case *[]byte:
		l.text = append(l.text, '"')
		l.text = base64.StdEncoding.AppendEncode(l.text, *v)
		l.text = append(l.text, '"')
	case *[]string:
		l.text = append(l.text, '[')
		for i, s := range *v {
			if i > 0 {
				l.text = append(l.text, ',')
			}
			l.text = appendString(l.text, s)
		}
		l.text = append(l.text, ']')
	case *Use:
		l.text = appendString(l.text, string(*v))
	case *Outcome:
		l.text = appendString(l.text, string(*v))
	case *Stage:
		l.text = appendString(l.text, string(*v))
	case *Reason:
		l.text = appendString(l.text, string(*v))
	case *[][]string:
		if *v == nil {
			l.text = append(l.text, "[]"...)
			return
		}
		l.json(*v)
	default: // arrays and maps of the run and end records: rare
		l.json(value)
	}
}

// appendTime writes what time.AppendFormat writes for timeLayout, in a third of
// the time.
func appendTime(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	if year < 1000 || year > 9999 {
		return t.AppendFormat(b, timeLayout)
	}
	hour, minute, second := t.Clock()
	b = appendTwo(appendTwo(b, year/100), year%100)
	b = appendTwo(append(b, '-'), int(month))
	b = appendTwo(append(b, '-'), day)
	b = appendTwo(append(b, 'T'), hour)
	b = appendTwo(append(b, ':'), minute)
	b = appendTwo(append(b, ':'), second)
	return append(b, 'Z')
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func (l *line) json(value any) {
	b, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("evidence: encode %T: %v", value, err)) // a defect: only our own plain types come here
	}
	l.text = append(l.text, b...)
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case *Use:
		return *v == ""
	case *Outcome:
		return *v == ""
	case *Stage:
		return *v == ""
	case *Reason:
		return *v == ""
	case **int:
		return *v == nil
	case *int64:
		return *v == 0
	case *bool:
		return !*v
	case *time.Time:
		return v.IsZero()
	case *[][]string:
		return len(*v) == 0
	case *[]byte:
		return len(*v) == 0
	case *[]Digest:
		return len(*v) == 0
	case *[]Exclude:
		return len(*v) == 0
	case *map[string]string:
		return len(*v) == 0
	case *map[string][]string:
		return len(*v) == 0
	case *[]OtherChain:
		return len(*v) == 0
	}
	return false
}

// appendString writes s as a JSON string. What a terminal could act on (control
// characters, bidirectional overrides) is escaped, so that evidence may be
// printed; bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	plain := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if stands[c] {
				i++
				continue
			}
			b = append(b, s[plain:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			plain = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r == utf8.RuneError && size == 1) || !(unicode.IsPrint(r) || r == '\u00a0') {
			b = append(b, s[plain:i]...)
			b = appendEscapedRune(b, r)
			plain = i + size
		}
		i += size
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}

// stands tells the ASCII characters that stand in a string as they are.
var stands = func() (ok [utf8.RuneSelf]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		ok[c] = c != '"' && c != '\\'
	}
	return ok
}()

const hexDigits = "0123456789abcdef"

func appendEscapedRune(b []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		b = appendEscapedRune(b, 0xd800+(r>>10))
		return appendEscapedRune(b, 0xdc00+(r&0x3ff))
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// set reads one JSON value into the field that value points to.
func set(value any, raw []byte) error {
	switch v := value.(type) {
	case *string:
		return setString(v, raw)
	case *Use:
		return setString(v, raw)
	case *Outcome:
		return setString(v, raw)
	case *Stage:
		return setString(v, raw)
	case *Reason:
		return setString(v, raw)
	case *int:
		n, err := strconv.Atoi(string(raw))
		*v = n
		return err
	case *int64:
		n, err := strconv.ParseInt(string(raw), 10, 64)
		*v = n
		return err
	case *bool:
		return setBool(raw, func(yes bool) { *v = yes })
	case *Answer:
		return setBool(raw, func(yes bool) { *v = Answered(yes) })
	case *time.Time:
		var s string
		if err := setString(&s, raw); err != nil {
			return err
		}
		t, err := parseTime(s)
		*v = t
		return err
	case *[]byte:
		if len(raw) < 2 || raw[0] != '"' {
			return fmt.Errorf("not base64 in a string")
		}
		b, err := base64.StdEncoding.Strict().AppendDecode(nil, raw[1:len(raw)-1])
		*v = b
		return err
	case *[]string:
		return setStrings(v, raw)
	default:
		return json.Unmarshal(raw, value)
	}
}

// parseTime reads what evidence writes, several times faster than time.Parse,
// which decides about everything else.
func parseTime(s string) (time.Time, error) {
	if len(s) == len(timeLayout) {
		number := func(from, to int) (n int) {
			for _, c := range []byte(s[from:to]) {
				if c < '0' || c > '9' {
					return -1 << 20
				}
				n = n*10 + int(c-'0')
			}
			return n
		}
		year, month, day := number(0, 4), number(5, 7), number(8, 10)
		hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
		if year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
			second >= 0 && second < 60 && s[4] == '-' && s[7] == '-' && s[10] == 'T' && s[13] == ':' && s[16] == ':' && s[19] == 'Z' {
			return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), nil
		}
	}
	return time.Parse(timeLayout, s)
}

// setStrings reads an array of strings.
func setStrings(v *[]string, raw []byte) error {
	if string(raw) == "[]" {
		*v = nil
		return nil
	}
	if len(raw) < 2 || raw[0] != '[' || raw[len(raw)-1] != ']' {
		return fmt.Errorf("not a list of strings")
	}
	var list []string
	for i := skipSpace(raw, 1); ; {
		end := scanString(raw, i)
		if end < 0 {
			return fmt.Errorf("not a list of strings")
		}
		var s string
		if err := setString(&s, raw[i:end]); err != nil {
			return err
		}
		list = append(list, s)
		i = skipSpace(raw, end)
		switch {
		case i == len(raw)-1:
			*v = list
			return nil
		case raw[i] != ',':
			return fmt.Errorf("not a list of strings")
		}
		i = skipSpace(raw, i+1)
	}
}

func setBool(raw []byte, put func(bool)) error {
	switch string(raw) {
	case "true":
		put(true)
	case "false":
		put(false)
	default:
		return fmt.Errorf("not true or false")
	}
	return nil
}

func setString[S ~string](v *S, raw []byte) error {
	if len(raw) < 2 || raw[0] != '"' {
		return fmt.Errorf("not a string")
	}
	for _, c := range raw[1 : len(raw)-1] {
		if c == '\\' || c < ' ' {
			var s string
			err := json.Unmarshal(raw, &s)
			*v = S(s)
			return err
		}
	}
	*v = S(raw[1 : len(raw)-1])
	return nil
}

// decodeRecord reads the fields of one line by table. Fields that the table
// does not know are counted; a field that stands twice is refused, because two
// readers could then see two records.
func decodeRecord[T any](text []byte, r *T, unknown *int, tables ...[]field[T]) error {
	var known []field[T]
	if len(tables) == 1 {
		known = tables[0]
	} else {
		for _, t := range tables {
			known = append(known, t...)
		}
	}
	var seen uint64
	kinds := 0
	next := 0 // lines that we wrote have the fields in table order
	return eachField(text, func(name, raw []byte) error {
		if string(name) == "kind" {
			if kinds++; kinds > 1 {
				return fmt.Errorf("field %q stands twice", name)
			}
			return nil
		}
		for n := range known {
			i := (next + n) % len(known)
			if known[i].name != string(name) {
				continue
			}
			if seen&(1<<i) != 0 {
				return fmt.Errorf("field %q stands twice", name)
			}
			seen |= 1 << i
			next = i + 1
			if known[i].ptr == nil {
				return nil // not wanted
			}
			if err := set(known[i].ptr(r), raw); err != nil {
				return fmt.Errorf("field %q: %w", name, err)
			}
			return nil
		}
		*unknown++
		if !json.Valid(raw) {
			return fmt.Errorf("field %q: not JSON", name)
		}
		return nil
	})
}

// eachField calls visit for every member of the one flat JSON object in text,
// with the raw value. It is several times faster than encoding/json on these
// lines, of which an audit reads each twice.
func eachField(text []byte, visit func(name, raw []byte) error) error {
	i := skipSpace(text, 0)
	if i >= len(text) || text[i] != '{' {
		return fmt.Errorf("not a JSON object")
	}
	i = skipSpace(text, i+1)
	for first := true; ; first = false {
		if i < len(text) && text[i] == '}' && first {
			i++
			break
		}
		end := scanString(text, i)
		if end < 0 {
			return fmt.Errorf("byte %d: expected a field name", i)
		}
		name := text[i+1 : end-1]
		i = skipSpace(text, end)
		if i >= len(text) || text[i] != ':' {
			return fmt.Errorf("byte %d: expected a colon", i)
		}
		i = skipSpace(text, i+1)
		end = scanValue(text, i)
		if end <= i {
			return fmt.Errorf("byte %d: expected a value", i)
		}
		if err := visit(name, text[i:end]); err != nil {
			return err
		}
		i = skipSpace(text, end)
		if i < len(text) && text[i] == ',' {
			i = skipSpace(text, i+1)
			continue
		}
		if i < len(text) && text[i] == '}' {
			i++
			break
		}
		return fmt.Errorf("byte %d: expected a comma or the end of the object", i)
	}
	if skipSpace(text, i) != len(text) {
		return fmt.Errorf("byte %d: text after the object", i)
	}
	return nil
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// scanString returns the index after the closing quote, or -1.
func scanString(text []byte, i int) int {
	if i >= len(text) || text[i] != '"' {
		return -1
	}
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// scanValue returns the index after the value that begins at i, or -1. The
// value's inside is checked by whoever decodes it.
func scanValue(text []byte, i int) int {
	if i >= len(text) {
		return -1
	}
	switch text[i] {
	case '"':
		return scanString(text, i)
	case '[', '{':
		depth := 0
		for i < len(text) {
			switch text[i] {
			case '"':
				if i = scanString(text, i); i < 0 {
					return -1
				}
				continue
			case '[', '{':
				depth++
			case ']', '}':
				depth--
			}
			i++
			if depth == 0 {
				return i
			}
		}
		return -1
	}
	for i < len(text) && text[i] != ',' && text[i] != '}' && text[i] != ' ' && text[i] != '\n' {
		i++
	}
	return i
}
