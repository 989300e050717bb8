package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Template is the look and the words of the reports: files that a user may
// copy, edit and pass with --templates. It holds no logic.
//
// theme.json holds page size, colours, logo, order of sections and sheets, and
// limits; every NAME.words.json holds words by key. A key in words may contain
// placeholders in braces, {count}, which the format fills in.
type Template struct {
	PageSize string            `json:"page_size"` // A4 or Letter
	Colours  map[string]string `json:"colours"`   // name → #rrggbb; see theme.json for the names
	Logo     string            `json:"logo"`      // PNG or JPEG file beside theme.json; empty for none
	Sections []string          `json:"sections"`  // of the PDF, in order; one left out is not printed
	Sheets   []string          `json:"sheets"`    // of the workbook, in order
	Limits   Limits            `json:"limits"`

	Words     map[string]string `json:"-"`
	LogoBytes []byte            `json:"-"`
}

// Limits bound what the PDF prints in full; the rest is counted there and
// listed in the workbook, and in report.json or the evidence.
type Limits struct {
	Findings    int `json:"findings"`
	Locations   int `json:"locations"` // of one finding
	Inventory   int `json:"inventory"`
	Endpoints   int `json:"endpoints"`
	Probed      int `json:"probed"` // endpoints whose protocols and suites are printed
	NotAssessed int `json:"not_assessed"`
}

const (
	themeFile      = "theme.json"
	wordsSuffix    = ".words.json"
	maxTemplate    = 1 << 20
	maxLogo        = 4 << 20
	maxPrintedRows = 100_000
)

// LoadTemplate reads the built-in template and lays the user's files over it;
// override may be nil. A key that the built-in template does not know is an
// error, so that a misspelt word does not silently change nothing.
func LoadTemplate(builtin, override fs.FS) (*Template, error) {
	t := &Template{Words: map[string]string{}}
	if err := t.read(builtin, true); err != nil {
		return nil, fmt.Errorf("built-in template: %w", err)
	}
	if override != nil {
		if err := t.read(override, false); err != nil {
			return nil, fmt.Errorf("template: %w", err)
		}
	}
	return t, t.check()
}

func (t *Template) read(fsys fs.FS, builtin bool) error {
	theme, err := readBounded(fsys, themeFile, maxTemplate)
	if err != nil && (builtin || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if err == nil {
		known := t.Colours
		t.Colours = nil
		if err := decodeStrict(theme, t); err != nil {
			return fmt.Errorf("%s: %w", themeFile, err)
		}
		if t.Colours, err = overlay(known, t.Colours, builtin, "colour"); err != nil {
			return fmt.Errorf("%s: %w", themeFile, err)
		}
		if t.Logo != "" {
			if t.LogoBytes, err = readBounded(fsys, path.Base(t.Logo), maxLogo); err != nil {
				return fmt.Errorf("%s: logo: %w", themeFile, err)
			}
		}
	}
	names, err := fs.Glob(fsys, "*"+wordsSuffix)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := readBounded(fsys, name, maxTemplate)
		if err != nil {
			return err
		}
		words := map[string]string{}
		if err := decodeStrict(text, &words); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if t.Words, err = overlay(t.Words, words, builtin, "word"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func overlay(known, added map[string]string, builtin bool, what string) (map[string]string, error) {
	if known == nil {
		known = map[string]string{}
	}
	for key, value := range added {
		if _, ok := known[key]; !ok && !builtin {
			return nil, fmt.Errorf("unknown %s %q", what, key)
		}
		known[key] = value
	}
	return known, nil
}

func readBounded(fsys fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, most)
	}
	return fs.ReadFile(fsys, name)
}

func decodeStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("text after the JSON value")
	}
	return nil
}

func (t *Template) check() error {
	if t.PageSize != "A4" && t.PageSize != "Letter" {
		return fmt.Errorf("template: page_size %q is neither A4 nor Letter", t.PageSize)
	}
	for name, c := range t.Colours {
		if _, err := ParseColour(c); err != nil {
			return fmt.Errorf("template: colour %q: %w", name, err)
		}
	}
	for _, n := range []int{t.Limits.Findings, t.Limits.Locations, t.Limits.Inventory, t.Limits.Endpoints, t.Limits.Probed, t.Limits.NotAssessed} {
		if n < 1 || n > maxPrintedRows {
			return fmt.Errorf("template: limit %d is not between 1 and %d", n, maxPrintedRows)
		}
	}
	for _, list := range [][]string{t.Sections, t.Sheets} {
		if s := slices.Sorted(slices.Values(list)); len(slices.Compact(s)) != len(list) {
			return fmt.Errorf("template: an entry stands twice in %v", list)
		}
	}
	return nil
}

// RGB is a colour.
type RGB struct{ R, G, B uint8 }

// ParseColour reads #rrggbb.
func ParseColour(s string) (RGB, error) {
	var c RGB
	if len(s) != 7 {
		return c, fmt.Errorf("%q is not of the form #rrggbb", s)
	}
	if _, err := fmt.Sscanf(strings.ToLower(s), "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		return c, fmt.Errorf("%q is not of the form #rrggbb", s)
	}
	return c, nil
}

// Colour gives a named colour; the names are those of theme.json.
func (t *Template) Colour(name string) RGB {
	c, _ := ParseColour(t.Colours[name]) // checked when loaded
	return c
}

// Word gives the words for a key, with {name} placeholders replaced by pairs
// of name and value. A key that is not there shows itself, which tests find.
func (t *Template) Word(key string, pairs ...string) string {
	w, ok := t.Words[key]
	if !ok {
		return "{" + key + "}"
	}
	named := make([]string, len(pairs)) // all at once: a value may itself look like a placeholder
	for i, p := range pairs {
		if i%2 == 0 {
			p = "{" + p + "}"
		}
		named[i] = p
	}
	return strings.NewReplacer(named...).Replace(w)
}
