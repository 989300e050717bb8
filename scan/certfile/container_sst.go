package certfile

import (
	"bytes"
	"fmt"
	"unicode/utf16"

	"certaudit/scan"
)

// sstContainer reads a Microsoft serialized certificate store ([MS-OSHARED]
// sections 2.3.2.5 and 2.3.9.1; certmgr's "Microsoft Serialized Certificate
// Store"): a header, elements, and one element of nothing at the end.
func sstContainer() container {
	return container{name: "sst", title: "Windows serialized store", recognises: prefix("\x00\x00\x00\x00CERT"), read: readSST}
}

// prefix recognises content by its first bytes.
func prefix(mark string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(mark)) }
}

// The ids of elements. Those up to sstLast that are not named are properties of
// the certificate, list or CRL that follows them (wincrypt.h, CERT_*_PROP_ID).
const (
	sstEnd             = 0
	sstKeyProvider     = 2 // names the private key's place on the system that wrote the store
	sstFriendlyName    = 11
	sstCertificate     = 0x20
	sstRevocationList  = 0x21
	sstCertificateList = 0x22 // CTL: signed data
	sstLast            = 0xffff
)

// An sstProperties is what was read since the last object.
type sstProperties struct {
	any, key bool
	alias    string
}

func readSST(f *file) {
	r := byteReader{all: f.content, at: 8}
	var about sstProperties
	for f.room() {
		id, _, data := r.little(), r.little(), r.bytes(r.little())
		if r.failed {
			f.bad(scan.StageDecode, scan.ReasonTruncated, "sst: it ends before the element that marks the end")
			return
		}
		switch {
		case id == sstEnd && len(data) == 0:
			if about.any {
				f.bad(scan.StageDecode, scan.ReasonCorrupt, "sst: properties without the object that they belong to")
			}
			f.trailing(r.at)
			return
		case id == sstEnd || id > sstLast:
			f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("sst: no element has the id %#x and %d bytes", id, len(data)))
			return
		}
		about = f.sstElement(id, data, about)
	}
}

// sstElement reads one element and gives the properties of the next object.
func (f *file) sstElement(id int, data []byte, about sstProperties) sstProperties {
	switch id {
	case sstCertificate:
		e := entry{container: "sst", alias: about.alias}
		if about.key {
			f.hasKey, e.use, e.basis = true, scan.UseIdentity, scan.UseByKey
		}
		f.store(data, e)
		return sstProperties{}
	case sstCertificateList: // whose signers' certificates lie in it
		if der, _, err := f.toDER(data); err != nil {
			f.refuseObject(err, "sst", 0)
		} else {
			f.cms(der, entry{container: "sst"}, maxNestedCMS)
		}
		return sstProperties{}
	case sstRevocationList:
		f.derObject(scan.ObjectCRL, data, "sst: ", entry{container: "sst", alias: about.alias})
		return sstProperties{}
	case sstFriendlyName:
		about.alias = utf16le(data)
	case sstKeyProvider:
		about.key = true
	}
	about.any = true
	return about
}

// little takes four bytes, the least first.
func (r *byteReader) little() int {
	b := r.bytes(4)
	if r.failed {
		return -1
	}
	return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 | int(b[3])<<24
}

// utf16le decodes a string of Windows up to its terminator.
func utf16le(b []byte) string {
	var units []uint16
	for ; len(b) > 1 && (b[0] != 0 || b[1] != 0); b = b[2:] {
		units = append(units, uint16(b[0])|uint16(b[1])<<8)
	}
	return string(utf16.Decode(units))
}
