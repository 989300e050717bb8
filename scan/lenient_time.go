package scan

import (
	"bytes"
	"time"
)

// plainValidity tells whether both dates have the forms of RFC 5280 section
// 4.1.2.5, which are the ones that everybody reads alike.
func plainValidity(seq []byte) bool {
	for range 2 {
		v, rest, ok := NextTLV(seq)
		size := len("YYMMDDhhmmssZ")
		if v.Tag == tagGeneralizedTime {
			size += 2
		}
		if !ok || len(v.Content) != size || v.Content[size-1] != 'Z' {
			return false
		}
		seq = rest
	}
	return len(seq) == 0
}

// readDate reads a UTCTime or GeneralizedTime in every form that X.680
// sections 46 and 47 allow, whole seconds. A date that cannot be read, or that
// RFC 3339 could not write, is noted and comes out as the zero time.
func readDate(notes *noteSet, v TLV) time.Time {
	d := dateReader{b: v.Content, ok: true}
	var year int
	switch v.Tag {
	case tagUTCTime:
		if year = d.number(2); year < 50 { // RFC 5280 section 4.1.2.5.1
			year += 100
		}
		year += 1900
	case tagGeneralizedTime:
		year = d.number(4)
	default:
		d.ok = false
	}
	month, day, hour := d.number(2), d.number(2), d.number(2)
	minute, second, seconds := 0, 0, false
	if d.digit() {
		minute = d.number(2)
	}
	if d.digit() {
		second, seconds = d.number(2), true
	}
	fraction := v.Tag == tagGeneralizedTime && d.fraction()
	offset, utc := d.zone()
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	exact := t.Year() == year && int(t.Month()) == month && t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	if t = t.Add(-offset); !d.ok || !exact || len(d.b) > 0 || t.Year() < 0 || t.Year() > 9999 || t.IsZero() {
		notes.add(noteBadDate)
		return time.Time{}
	}
	if !seconds {
		notes.add(noteNoSeconds)
	}
	if fraction {
		notes.add(noteFraction)
	}
	if !utc {
		notes.add(noteOffset)
	}
	return t
}

// A dateReader takes a date's parts off its text.
type dateReader struct {
	b  []byte
	ok bool
}

func (d *dateReader) digit() bool { return len(d.b) > 0 && d.b[0] >= '0' && d.b[0] <= '9' }

func (d *dateReader) number(digits int) (n int) {
	for range digits {
		if !d.digit() {
			d.ok = false
			return 0
		}
		n = n*10 + int(d.b[0]-'0')
		d.b = d.b[1:]
	}
	return n
}

// fraction takes a fraction of a second, if there is one.
func (d *dateReader) fraction() bool {
	if len(d.b) == 0 || d.b[0] != '.' && d.b[0] != ',' {
		return false
	}
	d.b = d.b[1:]
	if !d.digit() {
		d.ok = false
	}
	d.b = bytes.TrimLeft(d.b, "0123456789")
	return true
}

// zone takes Z or an offset. A date without either is local time somewhere: it
// is read as UTC and utc is false.
func (d *dateReader) zone() (offset time.Duration, utc bool) {
	if len(d.b) == 0 {
		return 0, false
	}
	sign := d.b[0]
	if d.b = d.b[1:]; sign == 'Z' {
		return 0, true
	}
	hours, minutes := d.number(2), 0
	if d.digit() {
		minutes = d.number(2)
	}
	if hours > 23 || minutes > 59 {
		d.ok = false
	}
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	switch sign {
	case '+':
		return offset, false
	case '-':
		return -offset, false
	}
	d.ok = false
	return 0, false
}
