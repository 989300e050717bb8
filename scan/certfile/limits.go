package certfile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits bounds what one file may cost. A bound that is hit is the recorded
// reason why something was not assessed. Zero means the default.
type Limits struct {
	FileSize      int64         // bytes of a file
	HeldSize      int64         // bytes of a file that is not read as a stream, and so is held in memory
	MemberSize    int64         // bytes of one member of an archive
	Expansion     int64         // bytes that all members of one file may unpack to
	Members       int           // members of one file's archives, nested ones counted
	ArchiveDepth  int           // archives within archives
	Objects       int           // certificates, keys and other objects of one file, members counted
	Nesting       int           // elements of ASN.1 within each other
	TextNesting   int           // elements of XML, JSON and YAML within each other
	YAMLSize      int64         // bytes of one YAML document, which is held as a tree
	Nodes         int           // values of one YAML document; ten times as many of a JSON document, which costs less
	Aliases       int           // values of one YAML document that are reached through aliases
	KDFIterations int           // rounds of key derivation
	Time          time.Duration // from the file's opening to its last object
}

// limit is one row of the table that serves the defaults, the setting of one
// bound by its name, and the documentation.
type limit struct {
	name  string
	doc   string
	hit   string // reason that is recorded when the bound is hit
	value string // the default, as a user would write it
	ptr   func(*Limits) any
}

var limits = []limit{
	{"file-size", "bytes of a file; only text with PEM, which is read as a stream, may be larger than held-size", "too_large", "16GiB", func(l *Limits) any { return &l.FileSize }},
	{"held-size", "bytes of a file that is held in memory: any other file, PEM with binary data in it, standard input", "too_large", "256MiB", func(l *Limits) any { return &l.HeldSize }},
	{"member-size", "bytes of one member of an archive", "too_large", "128MiB", func(l *Limits) any { return &l.MemberSize }},
	{"expansion", "bytes that all members of one file may unpack to", "expansion_limit", "1GiB", func(l *Limits) any { return &l.Expansion }},
	{"members", "members of one file's archives, nested ones counted", "too_many_objects", "100000", func(l *Limits) any { return &l.Members }},
	{"archive-depth", "archives within archives", "too_deep", "4", func(l *Limits) any { return &l.ArchiveDepth }},
	{"objects", "certificates, keys and other objects of one file", "too_many_objects", "5000000", func(l *Limits) any { return &l.Objects }},
	{"nesting", "elements of ASN.1 within each other", "too_deep", "64", func(l *Limits) any { return &l.Nesting }},
	{"text-nesting", "elements of XML, JSON and YAML within each other", "too_deep", "256", func(l *Limits) any { return &l.TextNesting }},
	{"yaml-size", "bytes of one YAML document, which is held as a tree", "too_large", "16MiB", func(l *Limits) any { return &l.YAMLSize }},
	{"nodes", "values of one YAML document, and a tenth of those of a JSON document", "too_large", "500000", func(l *Limits) any { return &l.Nodes }},
	{"aliases", "values of one YAML document that are reached through aliases", "expansion_limit", "100000", func(l *Limits) any { return &l.Aliases }},
	{"kdf-iterations", "rounds of key derivation for one file, its members counted", "kdf_iterations", "30000000", func(l *Limits) any { return &l.KDFIterations }},
	{"file-time", "time for one file", "timeout", "5m", func(l *Limits) any { return &l.Time }},
}

// A LimitDoc says what one bound means.
type LimitDoc struct{ Name, Doc, Reason, Default string }

// LimitDocs documents every bound.
func LimitDocs() []LimitDoc {
	var docs []LimitDoc
	for _, l := range limits {
		docs = append(docs, LimitDoc{l.name, l.doc, l.hit, l.value})
	}
	return docs
}

// LimitNames lists the names that Set knows.
func LimitNames() []string {
	var names []string
	for _, l := range limits {
		names = append(names, l.name)
	}
	return names
}

// Set sets one bound by its name: a number, a size with a unit (MiB) or a
// duration (90s), as its kind wants.
func (l *Limits) Set(name, value string) error {
	for i := range limits {
		if limits[i].name == name {
			return set(limits[i].ptr(l), value)
		}
	}
	return fmt.Errorf("no bound is called %q", name)
}

// String lists the bounds that were set, as Set takes them.
func (l *Limits) String() string {
	var set []string
	for i := range limits {
		switch p := limits[i].ptr(l).(type) {
		case *int:
			set = appendSet(set, limits[i].name, *p != 0, strconv.Itoa(*p))
		case *int64:
			set = appendSet(set, limits[i].name, *p != 0, strconv.FormatInt(*p, 10))
		case *time.Duration:
			set = appendSet(set, limits[i].name, *p != 0, p.String())
		}
	}
	return strings.Join(set, " ")
}

func appendSet(all []string, name string, set bool, value string) []string {
	if set {
		all = append(all, name+"="+value)
	}
	return all
}

// complete puts the default where nothing was set.
func (l *Limits) complete() {
	for i := range limits {
		p := limits[i].ptr(l)
		if !isSet(p) {
			if err := set(p, limits[i].value); err != nil {
				panic("default of " + limits[i].name + ": " + err.Error()) // the table above is wrong; a test reads it
			}
		}
	}
}

func isSet(p any) bool {
	switch p := p.(type) {
	case *int:
		return *p != 0
	case *int64:
		return *p != 0
	}
	return *p.(*time.Duration) != 0
}

func set(p any, value string) error {
	switch p := p.(type) {
	case *time.Duration:
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is no duration above zero, such as 90s", value)
		}
		*p = d
		return nil
	case *int:
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return fmt.Errorf("%q is no whole number above zero", value)
		}
		*p = n
		return nil
	}
	n, err := parseSize(value)
	if err != nil {
		return err
	}
	*p.(*int64) = n
	return nil
}

// sizeUnits are the units of a size, in bytes.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

func parseSize(value string) (int64, error) {
	digits, factor := value, int64(1)
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(value, u.name); ok {
			digits, factor = strings.TrimSpace(number), u.bytes
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("%q is no size above zero, such as 512MiB", value)
	}
	return n * factor, nil
}
