package scan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLine bounds one line of evidence. The largest honest one is a certificate
// with some ten thousand names.
const maxLine = 16 << 20

// An EvidenceError says what is wrong with an evidence file, and on which line.
type EvidenceError struct {
	Line    int // from 1
	Problem string
}

func (e *EvidenceError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// A Reader reads evidence as hostile input: lines are bounded, the order of
// kinds and the digest of the end record are checked, and the facts of every
// certificate are derived again from its DER.
type Reader struct {
	// Trusted skips the second derivation, for the file that this very process
	// wrote. Structure and digest are checked all the same.
	Trusted bool
	// Partial reads evidence that is still being written: it may end without an
	// end record.
	Partial bool
	// Want limits Next to the kinds for which it is true; nil wants all. Other
	// lines still count for the digest, undecoded.
	Want func(Kind) bool
	// CertificateFields names the facts of certificates that are wanted of trusted
	// evidence; nil wants all. Others stay empty, which costs less.
	CertificateFields []string
	// Again skips the digest: the whole was checked in a reading before, and is
	// this process's own.
	Again bool

	certificate []field[Certificate] // what CertificateFields leaves; see certificateTable
	in          *bufio.Reader
	digest      hash.Hash // of every line so far
	buf         []byte    // of a line longer than the buffered reader's window
	line        int
	offset      int64 // of the current line
	next        int64 // of the line after it
	counts      map[string]int
	ended       bool
	unknown     int
	kinds       int
}

// NewReader reads evidence from r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 1<<16), digest: sha256.New(), counts: map[string]int{}}
}

// Line is the number of the line that Next returned last, from 1.
func (r *Reader) Line() int { return r.line }

// Offset is where that line begins, in bytes.
func (r *Reader) Offset() int64 { return r.offset }

// UnknownFields counts fields that this version does not know.
func (r *Reader) UnknownFields() int { return r.unknown }

// UnknownKinds counts records of kinds that this version does not know.
func (r *Reader) UnknownKinds() int { return r.kinds }

// SHA256 is the digest of the whole file, once Next has returned io.EOF.
func (r *Reader) SHA256() string { return hex.EncodeToString(r.digest.Sum(nil)) }

// AtEnd tells whether the line that Next objected to was the last one.
func (r *Reader) AtEnd() bool {
	_, err := r.in.Peek(1)
	return errors.Is(err, io.EOF)
}

// Next returns the next wanted record, and io.EOF after a good end record. Any
// other error is an *EvidenceError, or the input's own.
func (r *Reader) Next() (Record, error) {
	for {
		text, err := r.readLine()
		if err != nil {
			return nil, err
		}
		rec, err := r.record(text)
		if err != nil {
			return nil, err
		}
		if rec != nil {
			return rec, nil
		}
	}
}

func (r *Reader) fail(format string, args ...any) error {
	return &EvidenceError{r.line, fmt.Sprintf(format, args...)}
}

// readLine returns one line without its newline; it is valid until the next
// call.
func (r *Reader) readLine() ([]byte, error) {
	r.offset = r.next
	r.line++
	text, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.buf = append(r.buf[:0], text...)
		for errors.Is(err, bufio.ErrBufferFull) && len(r.buf) <= maxLine {
			text, err = r.in.ReadSlice('\n')
			r.buf = append(r.buf, text...)
		}
		text = r.buf
	}
	switch {
	case len(text) > maxLine:
		return nil, r.fail("longer than %d bytes", maxLine)
	case errors.Is(err, io.EOF) && len(text) > 0:
		return nil, r.fail("cut short: the file ends inside this line")
	case errors.Is(err, io.EOF) && !r.ended && !r.Partial:
		r.line = max(1, r.line-1)
		return nil, r.fail("the file ends here without an end record: it was cut, or its scan never finished")
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, err
	case r.ended:
		return nil, r.fail("stands after the end record")
	}
	r.next = r.offset + int64(len(text))
	return text, nil
}

// record decodes one line, or returns nil for one that is not wanted.
func (r *Reader) record(text []byte) (Record, error) {
	kind, ok := kindOf(text)
	if !ok {
		return nil, r.fail("does not begin with a kind; is this certaudit evidence?")
	}
	if (r.line == 1) != (kind == KindRun) {
		if r.line == 1 {
			return nil, r.fail("evidence begins with a run record, this begins with %q", kind)
		}
		return nil, r.fail("a second run record")
	}
	if kind == KindEnd {
		rec, err := r.end(text)
		r.hash(text)
		if err != nil {
			return nil, err
		}
		return rec, nil
	}
	r.hash(text)
	r.counts[string(kind)]++
	if r.Want != nil && !r.Want(kind) {
		return nil, nil
	}
	rec, err := r.decode(kind, bytes.TrimSuffix(text, []byte("\n")))
	if err != nil {
		return nil, r.fail("%v", err)
	}
	switch v := rec.(type) {
	case *Unknown:
		r.kinds++
		return nil, nil
	case *RunRecord:
		if v.Schema > Schema || v.Schema < 1 {
			return nil, r.fail("evidence schema %d; this version reads up to %d", v.Schema, Schema)
		}
	}
	return rec, nil
}

func (r *Reader) hash(text []byte) {
	if !r.Again {
		r.digest.Write(text)
	}
}

func (r *Reader) decode(kind Kind, text []byte) (Record, error) {
	if kind == KindCertificate && r.Trusted && r.CertificateFields != nil && utf8.Valid(text) {
		return decodeCertificate(text, true, &r.unknown, r.certificateTable())
	}
	return DecodeLine(text, r.Trusted, &r.unknown)
}

// certificateTable has no place for what is not wanted.
func (r *Reader) certificateTable() []field[Certificate] {
	if r.certificate == nil {
		r.certificate = slices.Clone(certificateAll)
		for i := range r.certificate {
			if name := r.certificate[i].name; !slices.Contains(r.CertificateFields, name) && name != "sha256" && name != "spki_sha256" {
				r.certificate[i].ptr = nil
			}
		}
	}
	return r.certificate
}

// end checks the digest and the counts that close the file.
func (r *Reader) end(text []byte) (*End, error) {
	e := new(End)
	if err := decodeRecord(bytes.TrimSuffix(text, []byte("\n")), e, &r.unknown, endFields); err != nil {
		return nil, r.fail("%v", err)
	}
	if got := hex.EncodeToString(r.digest.Sum(nil)); got != e.SHA256 && !r.Again {
		return nil, r.fail("the lines before it have SHA-256 %s, the end record says %q: the evidence was edited", got, e.SHA256)
	}
	for _, counts := range []map[string]int{e.Counts, r.counts} {
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			if r.counts[kind] != e.Counts[kind] {
				return nil, r.fail("the end record counts %d %q lines, the file has %d", e.Counts[kind], kind, r.counts[kind])
			}
		}
	}
	r.ended = true
	return e, nil
}

// kindOf reads the kind off a line's first field.
func kindOf(text []byte) (Kind, bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`{"kind":"`))
	if !ok {
		return "", false
	}
	kind, _, ok := bytes.Cut(rest, []byte{'"'})
	if !ok || len(kind) == 0 || len(kind) > 32 {
		return "", false
	}
	return Kind(kind), true
}

// DecodeLine decodes one line of evidence without its newline. Unless trusted,
// a certificate's facts are derived again from its DER and compared; a
// difference is an error that names the field. unknown is raised by the fields
// that this version does not know.
func DecodeLine(text []byte, trusted bool, unknown *int) (Record, error) {
	kind, ok := kindOf(text)
	if !ok {
		return nil, errors.New("does not begin with a kind")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	switch kind {
	case KindRun:
		r := new(RunRecord)
		return sound(r, decodeRecord(text, r, unknown, runFields))
	case KindCertificate:
		return decodeCertificate(text, trusted, unknown, certificateAll)
	case KindFile:
		r := new(File)
		if err := decodeRecord(text, r, unknown, fileFields); err != nil {
			return nil, err
		}
		if !slices.Contains(Outcomes(), r.Outcome) {
			return nil, fmt.Errorf("outcome %q is none of %v", r.Outcome, Outcomes())
		}
		return r, nil
	case KindObservation:
		r := new(Observation)
		fields := observationFields
		if !bytes.Contains(text, placesCertificate) {
			r.Facts, fields = new(Object), observationAll
		}
		if err := decodeRecord(text, r, unknown, fields); err != nil {
			return nil, err
		}
		if r.Object == ObjectCertificate {
			r.Facts = nil
		}
		if r.Object == ObjectCertificate && !slices.Contains(Uses(), r.Use) {
			return nil, fmt.Errorf("use %q is none of %v", r.Use, Uses())
		}
		return r, nil
	case KindEndpoint:
		r := new(Endpoint)
		return sound(r, decodeRecord(text, r, unknown, endpointFields))
	case KindRevocation:
		r := new(Revocation)
		return sound(r, decodeRecord(text, r, unknown, revocationFields))
	case KindNotAssessed:
		r := new(NotAssessed)
		return sound(r, decodeRecord(text, r, unknown, notAssessedFields))
	}
	if err := eachField(text, func(_, _ []byte) error { return nil }); err != nil {
		return nil, err
	}
	return &Unknown{Name: kind}, nil
}

// placesCertificate is what we write in most observations; where it stands
// otherwise, or not at all, the longer table serves.
var placesCertificate = []byte(`"object":"certificate"`)

var observationAll = slices.Concat(observationFields, objectFields)

var certificateAll = slices.Concat(certificateHead, certificateFacts, certificateTail)

func decodeCertificate(text []byte, trusted bool, unknown *int, table []field[Certificate]) (*Certificate, error) {
	c := new(Certificate)
	if err := decodeRecord(text, c, unknown, table); err != nil {
		return nil, err
	}
	if len(c.SHA256) != hex.EncodedLen(len(c.sum)) {
		return nil, fmt.Errorf("field %q is no SHA-256", "sha256")
	}
	if _, err := hex.Decode(c.sum[:], []byte(c.SHA256)); err != nil {
		return nil, fmt.Errorf("field %q is no SHA-256", "sha256")
	}
	if trusted {
		c.Parsed, c.exact = c.SPKISHA256 != "", true
		return c, nil
	}
	derived := Derive(c.DER)
	if derived.sum != c.sum {
		return nil, fmt.Errorf("certificate: its DER has SHA-256 %s, the record says %s: the evidence was edited", derived.SHA256, c.SHA256)
	}
	if err := compareFacts(text, derived); err != nil {
		return nil, err
	}
	return derived, nil
}

// compareFacts holds the facts as recorded against the facts derived again.
// Both are compared in their encoded form, field by field, so that nothing
// depends on how a value is represented.
func compareFacts(text []byte, derived *Certificate) error {
	again := line{text: make([]byte, 0, len(text)+1)}
	derived.appendTo(&again)
	if bytes.Equal(text, bytes.TrimSuffix(again.text, []byte("\n"))) {
		derived.exact = true
		return nil
	}
	facts := map[string]string{}
	if err := eachField(again.text, func(name, raw []byte) error {
		facts[string(name)] = string(raw)
		return nil
	}); err != nil {
		return err
	}
	return eachField(text, func(name, raw []byte) error {
		if string(name) == "detail" || !isCertificateField(string(name)) {
			return nil // library text, or a newer tool's field
		}
		want, derivable := facts[string(name)]
		if derivable && string(raw) == want {
			return nil
		}
		if !derivable {
			want = "absent"
		}
		return fmt.Errorf("certificate %s: field %q is %s, its DER gives %s: the evidence was edited, or made by a version that read it differently",
			derived.SHA256, name, clip(string(raw)), clip(want))
	})
}

func isCertificateField(name string) bool {
	return slices.ContainsFunc(certificateAll, func(f field[Certificate]) bool { return f.name == name })
}

// clip keeps an error message to one short line.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
