package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A face is what layout needs of a TrueType font: which runes of the basic
// multilingual plane it has, and how wide they are. fpdf tells neither before
// it draws: it measures a missing rune as if it were there.
type face struct {
	family string  // by which fpdf knows it
	data   []byte  // the font file
	advMil []int16 // thousandths of the type size by rune; absent where the font has no glyph
}

const absent = -1

var errFont = errors.New("truncated or unsupported TrueType font")

// parseFace reads the tables head, hhea, hmtx and a format 4 cmap (OpenType
// 1.9, the same that fpdf embeds from).
func parseFace(family string, data []byte) (*face, error) {
	tables, err := fontTables(data)
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", family, err)
	}
	head, hhea, hmtx := tables["head"], tables["hhea"], tables["hmtx"]
	if len(head) < 20 || len(hhea) < 36 {
		return nil, fmt.Errorf("font %s: %w", family, errFont)
	}
	perEm := int(binary.BigEndian.Uint16(head[18:]))
	metrics := int(binary.BigEndian.Uint16(hhea[34:]))
	if perEm == 0 || metrics == 0 || len(hmtx) < 4*metrics {
		return nil, fmt.Errorf("font %s: %w", family, errFont)
	}
	glyphs, err := unicodeMap(tables["cmap"])
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", family, err)
	}
	f := &face{family: family, data: data, advMil: make([]int16, 1<<16)}
	for r, glyph := range glyphs {
		if glyph == 0 {
			f.advMil[r] = absent
			continue
		}
		advance := int(binary.BigEndian.Uint16(hmtx[4*min(int(glyph), metrics-1):]))
		f.advMil[r] = int16((advance*1000 + perEm/2) / perEm)
	}
	return f, nil
}

func (f *face) has(r rune) bool { return r < 1<<16 && f.advMil[r] != absent }

// width of a rune that the face has, in mm at a size in points.
func (f *face) width(r rune, size float64) float64 {
	return float64(f.advMil[r]) / 1000 * size * mmPerPoint
}

func fontTables(data []byte) (map[string][]byte, error) {
	if len(data) < 12 {
		return nil, errFont
	}
	n := int(binary.BigEndian.Uint16(data[4:]))
	if len(data) < 12+16*n {
		return nil, errFont
	}
	tables := make(map[string][]byte, n)
	for i := range n {
		entry := data[12+16*i:]
		from, size := uint64(binary.BigEndian.Uint32(entry[8:])), uint64(binary.BigEndian.Uint32(entry[12:]))
		if from+size > uint64(len(data)) {
			return nil, errFont
		}
		tables[string(entry[:4])] = data[from : from+size]
	}
	return tables, nil
}

// unicodeMap gives the glyph of each rune of the basic multilingual plane.
func unicodeMap(cmap []byte) ([]uint16, error) {
	if len(cmap) < 4 {
		return nil, errFont
	}
	n := int(binary.BigEndian.Uint16(cmap[2:]))
	for i := range n {
		if len(cmap) < 4+8*(i+1) {
			return nil, errFont
		}
		entry := cmap[4+8*i:]
		platform, encoding := binary.BigEndian.Uint16(entry), binary.BigEndian.Uint16(entry[2:])
		offset := uint64(binary.BigEndian.Uint32(entry[4:]))
		if platform != 3 || encoding != 1 || offset+14 > uint64(len(cmap)) {
			continue
		}
		if table := cmap[offset:]; binary.BigEndian.Uint16(table) == 4 {
			return segments(table)
		}
	}
	return nil, errFont
}

// segments expands a format 4 subtable.
func segments(table []byte) ([]uint16, error) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(table[at:])) }
	twice := u16(6)
	ends, starts := 14, 16+twice
	deltas, offsets := starts+twice, starts+2*twice
	if len(table) < offsets+twice {
		return nil, errFont
	}
	glyphs := make([]uint16, 1<<16)
	for i := 0; i < twice; i += 2 {
		first, last, delta, offset := u16(starts+i), u16(ends+i), u16(deltas+i), u16(offsets+i)
		for r := first; r <= last && r < 0xFFFF; r++ {
			glyph := r
			if offset != 0 {
				at := offsets + i + offset + 2*(r-first)
				if at+2 > len(table) {
					return nil, errFont
				}
				if glyph = u16(at); glyph == 0 {
					continue
				}
			}
			glyphs[r] = uint16(glyph + delta)
		}
	}
	return glyphs, nil
}
