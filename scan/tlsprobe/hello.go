package tlsprobe

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"slices"
)

// Record and handshake message types, and the extensions that are used here:
// RFC 5246 section 6.2.1 and 7.4, RFC 8446 section 4.
const (
	recordChangeCipherSpec = 20
	recordAlert            = 21
	recordHandshake        = 22
	recordData             = 23

	msgServerHello         = 2
	msgEncryptedExtensions = 8
	msgCertificate         = 11
	msgServerKeyExchange   = 12
	msgCertificateRequest  = 13
	msgServerHelloDone     = 14
	msgCertificateVerify   = 15
	msgFinished            = 20
	msgCertificateStatus   = 22

	extServerName        = 0
	extStatusRequest     = 5
	extSupportedGroups   = 10
	extPointFormats      = 11
	extSignatureSchemes  = 13
	extHeartbeat         = 15
	extALPN              = 16
	extPadding           = 21
	extExtendedMaster    = 23
	extSupportedVersions = 43
	extCertSchemes       = 50
	extKeyShare          = 51
	extRenegotiation     = 0xFF01
)

// helloGroups and helloSchemes are what a hello of ours names: all that a
// server up to TLS 1.2 may insist on. RFC 8422 section 5.1.1 and RFC 7919;
// RFC 8446 section 4.2.3 with the SHA-1, SHA-224, MD5 and DSA values of
// RFC 5246 section 7.4.1.4.1.
var (
	helloGroups = []uint16{29, 23, 24, 25, 30, 26, 27, 28, 22, 21, 19, 256, 257, 258, 259, 260}

	helloSchemes = []uint16{
		0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
		0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201,
		0x0402, 0x0502, 0x0602, 0x0302, 0x0202, 0x0101,
	}
)

// groups13 and schemes13 are those of TLS 1.3, drafts that were deployed
// included: RFC 8446 sections 4.2.3 and 4.2.7, RFC 8734, RFC 8998,
// draft-ietf-tls-ecdhe-mlkem, draft-ietf-tls-mlkem, draft-ietf-tls-mldsa.
var (
	groups13 = []uint16{4588, 4587, 4589, 29, 23, 24, 25, 30, 31, 32, 33, 41, 256, 257, 258, 259, 260, 513, 514, 512, 25497, 25498}

	schemes13 = []uint16{
		0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
		0x081A, 0x081B, 0x081C, 0x0708, 0x0904, 0x0905, 0x0906,
		0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
	}
)

// A hello is one ClientHello, not meant to be followed by anything: the server's
// answer is the fact. Lists go into it as they are.
type hello struct {
	most        uint16   // the highest version offered, from SSL 3.0 to TLS 1.3, which is then the only one
	name        string   // sent as SNI; left out where it is empty
	named       bool     // in SSL 3.0, too
	suites      []uint16 // without signalling values
	groups      []uint16
	schemes     []uint16 // of handshake signatures, from TLS 1.2 on
	certSchemes []uint16 // of signatures in certificates, where others are accepted there
	alpn        []string
	share       *share // of a key exchange in TLS 1.3; nil asks the server which group it wants
	session     []byte // to resume; up to TLS 1.2
	compression bool   // offered beside none
	fallback    bool   // TLS_FALLBACK_SCSV, RFC 7507
	heartbeat   bool   // RFC 6520
}

// newHello offers most and below and all that a server with a certificate may
// want, or TLS 1.3 alone.
func newHello(most uint16, serverName string) hello {
	h := hello{most: most, name: serverName, groups: helloGroups, schemes: helloSchemes}
	switch {
	case most == tls.VersionTLS13:
		h.suites, h.groups, h.schemes = idsOf(suites13), groups13, schemes13
	case most == tls.VersionTLS12:
		h.suites = idsOf(suites12, suitesOld)
	default:
		h.suites = idsOf(suitesOld)
	}
	return h
}

// shortList is how many suites a short hello offers at most.
const shortList = 24

// shortened offers less, within 255 bytes beside a name of usual length: some
// servers turn down what is longer, or read a list so far only.
func (h hello) shortened() hello {
	if len(h.suites) > shortList {
		h.suites = slices.DeleteFunc(slices.Clone(shortSuites), func(id uint16) bool { return !slices.Contains(h.suites, id) })
	}
	h.groups = slices.DeleteFunc([]uint16{4588, 29, 23, 24, 25}, func(id uint16) bool { return !slices.Contains(h.groups, id) })
	h.schemes = slices.DeleteFunc([]uint16{0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201}, func(id uint16) bool { return !slices.Contains(h.schemes, id) })
	return h
}

// shortSuites are those of servers that are in use.
var shortSuites = []uint16{
	0xC02C, 0xC030, 0xC02B, 0xC02F, 0xCCA9, 0xCCA8, 0x009F, 0x009E, 0xC028, 0xC027, 0x009D, 0x009C,
	0xC00A, 0xC014, 0xC009, 0xC013, 0x0039, 0x0033, 0x0035, 0x002F, 0xC012, 0x000A, 0x0005, 0x0004,
}

func idsOf(lists ...[]suite) (ids []uint16) {
	for _, list := range lists {
		for _, s := range list {
			ids = append(ids, s.id)
		}
	}
	return ids
}

// Signalling values in place of cipher suites.
const (
	scsvRenegotiation = 0x00FF // RFC 5746 section 3.3
	scsvFallback      = 0x5600 // RFC 7507 section 2
)

// record is the hello in a record, and alone as the handshake message. All
// extensions are left out where the version is SSL 3.0, which has none, but for the
// name where that is asked for.
func (h hello) record() (record, message []byte) {
	var random [32]byte
	rand.Read(random[:]) // never fails

	ids := bytes16(h.suites)
	if h.most < tls.VersionTLS13 {
		ids = binary.BigEndian.AppendUint16(ids, scsvRenegotiation)
	}
	if h.fallback {
		ids = binary.BigEndian.AppendUint16(ids, scsvFallback)
	}
	body := binary.BigEndian.AppendUint16(nil, min(h.most, tls.VersionTLS12))
	body = append(body, random[:]...)
	body = append(append(body, byte(len(h.session))), h.session...)
	body = append16(body, ids)
	if h.compression {
		body = append(body, 2, compressDeflate, 0)
	} else {
		body = append(body, 1, 0)
	}
	if h.most > versionSSL30 || h.named {
		body = append16(body, pad(h.extensions(), len(body)+4+2))
	}
	message = append([]byte{1, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	// RFC 5246 appendix E.1: the record's version is the lowest that is spoken.
	return append16([]byte{recordHandshake, 3, byte(min(h.most, tls.VersionTLS10))}, message), message
}

// compressDeflate is the one compression method of RFC 3749.
const compressDeflate = 1

func (h hello) extensions() []byte {
	var e []byte
	if h.name != "" {
		name := append16([]byte{0}, []byte(h.name)) // host_name, RFC 6066 section 3
		e = appendExtension(e, extServerName, append16(nil, name))
	}
	if h.most == versionSSL30 {
		return e
	}
	e = appendExtension(e, extStatusRequest, []byte{1, 0, 0, 0, 0})
	e = appendExtension(e, extSupportedGroups, append16(nil, bytes16(h.groups)))
	if h.most >= tls.VersionTLS12 {
		e = appendExtension(e, extSignatureSchemes, append16(nil, bytes16(h.schemes)))
		if len(h.certSchemes) > 0 {
			e = appendExtension(e, extCertSchemes, append16(nil, bytes16(h.certSchemes)))
		}
	}
	if len(h.alpn) > 0 {
		var names []byte
		for _, n := range h.alpn {
			names = append(append(names, byte(len(n))), n...)
		}
		e = appendExtension(e, extALPN, append16(nil, names))
	}
	if h.heartbeat {
		e = appendExtension(e, extHeartbeat, []byte{1}) // peer_allowed_to_send
	}
	if h.most == tls.VersionTLS13 {
		e = appendExtension(e, extSupportedVersions, []byte{2, 3, 4})
		return appendExtension(e, extKeyShare, append16(nil, h.share.entry()))
	}
	e = appendExtension(e, extPointFormats, []byte{1, 0})
	return appendExtension(e, extExtendedMaster, nil)
}

// pad adds the extension of RFC 7685 where the hello would otherwise be of
// 256 to 511 bytes, a length at which some load balancers hang.
func pad(extensions []byte, before int) []byte {
	if n := before + len(extensions); n >= 256 && n < 512 {
		extensions = appendExtension(extensions, extPadding, make([]byte, max(1, 512-n-4)))
	}
	return extensions
}

func appendExtension(b []byte, id uint16, data []byte) []byte {
	return append16(binary.BigEndian.AppendUint16(b, id), data)
}

// append16 adds data after its length in two bytes.
func append16(b, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
}

func bytes16(list []uint16) []byte {
	var b []byte
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// check turns down an answer with what was not offered: it says nothing of what
// was (RFC 5246 section 7.4.1.3, RFC 8446 sections 4.1.3, 4.1.4 and 4.2.8).
func (h hello) check(f *flight) (*flight, *failure) {
	switch {
	case f.version > h.most || f.version < versionSSL30 || h.most == tls.VersionTLS13 && f.version != h.most:
		return nil, odd("server chose " + versionName(f.version) + ", which was not offered")
	case !slices.Contains(h.suites, f.suite):
		return nil, odd("server chose " + suiteName(f.suite) + ", which was not offered")
	case f.version < tls.VersionTLS13 && f.retry:
		return nil, odd("server wants another hello in " + versionName(f.version))
	case f.retry && (!slices.Contains(h.groups, f.shareGroup) || h.share != nil && h.share.group == f.shareGroup),
		f.version == tls.VersionTLS13 && f.hello && (h.share == nil || h.share.group != f.shareGroup):
		return nil, odd("server chose the group " + groupName(f.shareGroup) + ", which was not offered")
	}
	return f, nil
}

// tells is true for alerts by which a server turns down what the hello offers.
func (h hello) tells(alert byte) bool {
	return tellsOfHello(alert) || alert == alertNoALPN && len(h.alpn) > 0
}

// tellsOfHello is true for alerts that a server sends for what it was offered: RFC
// 5246 section 7.2.2, RFC 8446 section 6.2, RFC 7507. All others have reasons of its
// own. One of them is internal_error, but OpenSSL 3 sends it, too, where its security
// level bars the signatures of the versions offered.
func tellsOfHello(alert byte) bool {
	switch alert {
	case 10, 22, 40, 47, 50, 60, alertProtocolVersion, 71, alertFallback, 109, 110, 115:
		return true
	}
	return false
}
