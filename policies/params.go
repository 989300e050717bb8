package policies

import (
	"fmt"
	"strconv"
	"strings"
)

// A ParamType says what a parameter's value looks like in YAML.
type ParamType string

// The types.
const (
	Integer  ParamType = "integer"          // Data is an int
	Boolean  ParamType = "true or false"    // bool
	Text     ParamType = "text"             // string
	TextList ParamType = "list of text"     // []string; one text stands for a list of one
	Records  ParamType = "list of mappings" // []Values
)

// A Param is one parameter of a check.
type Param struct {
	Name    string
	Type    ParamType
	Default string // as a policy would write it, in YAML; "" where there is none
	Doc     string // one sentence
	Min     int    // least Integer
	Max     int    // greatest Integer
	OneOf   []string
	Fields  []Param // of each of the Records; one without Default is required

	// accepts decides about texts that OneOf does not list; its error has no
	// need to repeat the text.
	accepts func(text string) error
	// near are names to suggest for what is not accepted, beside OneOf.
	near []string
	// matches makes the parameter stand for every name that it is true for;
	// Name is then only what the documentation calls it.
	matches func(name string) bool
}

// A Value is one parameter's value.
type Value struct {
	Name  string
	Data  any  // see [ParamType]
	Given bool // by the policy; else it is the default
}

// Values are the parameters of one rule, defaults included, in the order that
// the check declares them. The methods give zero values for what is not there.
type Values []Value

func (v Values) get(name string) any {
	for i := range v {
		if v[i].Name == name {
			return v[i].Data
		}
	}
	return nil
}

// Given reports whether the policy names the parameter.
func (v Values) Given(name string) bool {
	for i := range v {
		if v[i].Name == name {
			return v[i].Given
		}
	}
	return false
}

// Integer gives the value of an [Integer] parameter.
func (v Values) Integer(name string) int {
	n, _ := v.get(name).(int)
	return n
}

// Boolean gives the value of a [Boolean] parameter.
func (v Values) Boolean(name string) bool {
	b, _ := v.get(name).(bool)
	return b
}

// Text gives the value of a [Text] parameter.
func (v Values) Text(name string) string {
	s, _ := v.get(name).(string)
	return s
}

// TextList gives the value of a [TextList] parameter.
func (v Values) TextList(name string) []string {
	s, _ := v.get(name).([]string)
	return s
}

// Records gives the value of a [Records] parameter.
func (v Values) Records(name string) []Values {
	r, _ := v.get(name).([]Values)
	return r
}

// String writes the values as YAML in one line: "{RSA: 3072, deny: [MD5]}".
func (v Values) String() string {
	var b strings.Builder
	writeValue(&b, v)
	return b.String()
}

func writeValue(b *strings.Builder, data any) {
	switch d := data.(type) {
	case Values:
		b.WriteByte('{')
		for i := range d {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(d[i].Name + ": ")
			writeValue(b, d[i].Data)
		}
		b.WriteByte('}')
	case []Values:
		writeList(b, len(d), func(i int) { writeValue(b, d[i]) })
	case []string:
		writeList(b, len(d), func(i int) { writeValue(b, d[i]) })
	case string:
		if plainText(d) {
			b.WriteString(d)
			return
		}
		b.WriteString(strconv.Quote(d))
	default:
		fmt.Fprint(b, d)
	}
}

func writeList(b *strings.Builder, n int, item func(i int)) {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		item(i)
	}
	b.WriteByte(']')
}

// plainText reports whether YAML reads s as the same text without quotes: it
// starts with a letter and goes on with letters, digits and a few more.
func plainText(s string) bool {
	switch strings.ToLower(s) {
	case "", "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return false
	}
	for i, r := range s {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-_. ", r)) {
			return false
		}
	}
	return s[len(s)-1] != ' '
}

// A paramError is a fault of one parameter's value, found by Check.New.
type paramError struct {
	param string // "" for the parameters as a whole
	text  string
}

func (e *paramError) Error() string {
	if e.param == "" {
		return "params: " + e.text
	}
	return "parameter " + e.param + ": " + e.text
}

func paramErrorf(param, format string, args ...any) error {
	return &paramError{param, fmt.Sprintf(format, args...)}
}
