package pdf

import (
	_ "embed"

	"codeberg.org/go-fonts/dejavu/dejavusans"
)

// IBM Plex is under the SIL Open Font License 1.1 (fonts/OFL.txt), DejaVu under
// its own (fonts/LICENSE-DejaVu.txt).
//
//go:embed fonts/IBMPlexSans-Regular.ttf
var plexSans []byte

//go:embed fonts/IBMPlexSans-SemiBold.ttf
var plexSemiBold []byte

//go:embed fonts/IBMPlexMono-Regular.ttf
var plexMono []byte

// A fontID names one of the faces of a fontSet.
type fontID uint8

const (
	sans fontID = iota
	bold
	mono
	fallback // for runes that Plex lacks
	fontCount
)

const mmPerPoint = 25.4 / 72

type fontSet [fontCount]*face

func loadFonts() (*fontSet, error) {
	var set fontSet
	for id, src := range [fontCount]struct {
		family string
		data   []byte
	}{{"plexsans", plexSans}, {"plexsemibold", plexSemiBold}, {"plexmono", plexMono}, {"dejavusans", dejavusans.TTF}} {
		f, err := parseFace(src.family, src.data)
		if err != nil {
			return nil, err
		}
		set[id] = f
	}
	return &set, nil
}

// choose gives the font that a rune is set in; ok is false when none has it.
func (s *fontSet) choose(r rune, want fontID) (id fontID, ok bool) {
	if s[want].has(r) {
		return want, true
	}
	return fallback, s[fallback].has(r)
}
