package certfile

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf16"

	"certaudit/scan"
)

// An sstWriter writes as [MS-OSHARED] section 2.3.2.5 lays out.
type sstWriter struct{ bytes.Buffer }

func newSST() *sstWriter {
	w := &sstWriter{}
	w.WriteString("\x00\x00\x00\x00CERT")
	return w
}

func (w *sstWriter) element(id uint32, data []byte) *sstWriter {
	for _, n := range []uint32{id, 1, uint32(len(data))} {
		binary.Write(w, binary.LittleEndian, n)
	}
	w.Write(data)
	return w
}

func (w *sstWriter) name(s string) *sstWriter {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return w.element(sstFriendlyName, b)
}

func (w *sstWriter) end() []byte {
	w.Write(make([]byte, 12))
	return w.Bytes()
}

func TestSST(t *testing.T) {
	p := newPKI(t)
	thumbprint := make([]byte, 20)
	signed := func() []byte { // as a trust list is: signed data with its signer's certificate
		inner := "\x02\x01\x01\x31\x00\x30\x0b\x06\x09" + oidData
		set := wrapped(tagExplicit0, p.root)
		body := wrapped(tagSequence, slices.Concat([]byte(inner), set, []byte("\x31\x00")))
		return wrapped(tagSequence, slices.Concat([]byte("\x06\x09"+oidSignedData), wrapped(tagExplicit0, body)))
	}()
	pair := func() *sstWriter {
		return newSST().element(3, thumbprint).name("Ünser 🔑").element(sstCertificate, p.server).element(sstCertificate, p.root)
	}
	whole := pair().end()
	for name, c := range map[string]struct {
		content []byte
		want    []string
	}{
		"empty":                  {newSST().end(), nil},
		"names":                  {whole, []string{`sst "" root chain issued`, `sst "Ünser 🔑" server identity default`}},
		"key on its own system":  {newSST().element(sstKeyProvider, []byte("k")).element(sstCertificate, p.server).end(), []string{`sst "" server identity private_key`}},
		"a list and a CRL":       {newSST().name("x").element(sstRevocationList, newTestObjects(t).crl).element(sstCertificateList, signed).element(sstCertificate, p.server).end(), []string{`sst "" root chain issued`, `sst "" server identity default`}},
		"a damaged list":         {newSST().element(sstCertificateList, signed[:40]).element(sstCertificate, p.server).end(), []string{"decode truncated", `sst "" server identity default`}},
		"no end":                 {pair().Bytes(), []string{"decode truncated", `sst "" root chain issued`, `sst "Ünser 🔑" server identity default`}},
		"cut inside":             {whole[:len(whole)-30], []string{"decode truncated", `sst "Ünser 🔑" server identity default`}},
		"length beyond the file": {append(newSST().Bytes(), "\x20\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff"...), []string{"decode truncated"}},
		"an unknown id":          {newSST().element(sstLast+1, nil).end(), []string{"decode corrupt"}},
		"the last id":            {newSST().element(sstLast, nil).element(sstCertificate, p.root).end(), []string{`sst "" root unknown default`}},
		"an end with content":    {newSST().element(sstEnd, []byte("x")).end(), []string{"decode corrupt"}},
		"nothing to belong to":   {newSST().name("lost").end(), []string{"decode corrupt"}},
		"no certificate":         {newSST().element(sstCertificate, []byte("hello")).end(), []string{"decode corrupt"}},
		"a certificate cut":      {newSST().element(sstCertificate, p.root[:90]).end(), []string{"decode truncated"}},
		"more behind it":         {append(newSST().element(sstCertificate, p.root).end(), "tail"...), []string{`sst "" root unknown default trailing_data`}},
	} {
		records, outcome := readBytes(c.content, Options{})
		want := scan.OutcomeRead
		switch {
		case len(c.want) == 0:
			want = scan.OutcomeNoCertificates
		case len(sums(records)) == 0:
			want = scan.OutcomeNotAssessed
		}
		if got := p.shown(records); outcome != want || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s %q, want %s %q", name, outcome, got, want, c.want)
		}
	}
}

// wrapped is one DER element.
func wrapped(tag byte, content []byte) []byte {
	n := normaliser{out: bytes.Clone(content)}
	n.insertHeader(0, tag)
	return n.out
}

func FuzzSST(f *testing.F) {
	p := newPKI(f)
	f.Add(newSST().name("x").element(sstCertificate, p.server).element(sstCertificateList, p.root).element(sstCertificate, p.root).end())
	fuzzStore(f, "sst")
}
