package tlsprobe

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
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
	extALPN              = 16
	extPadding           = 21
	extExtendedMaster    = 23
	extSupportedVersions = 43
	extKeyShare          = 51
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

// buildHello makes the record with a ClientHello that offers most and below,
// from SSL 3.0 to TLS 1.2. serverName is left out where it is empty, and all
// extensions are where most is SSL 3.0, which has none. The hello is not meant
// to be followed by anything: the server's answer is the fact.
func buildHello(most uint16, serverName string) []byte {
	var random [32]byte
	rand.Read(random[:]) // never fails

	var ids []byte
	if most >= tls.VersionTLS12 {
		ids = appendSuites(ids, suites12)
	}
	ids = appendSuites(ids, suitesOld)
	ids = append(ids, 0x00, 0xFF) // TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3

	body := binary.BigEndian.AppendUint16(nil, most)
	body = append(body, random[:]...)
	body = append(body, 0) // no session to resume
	body = append16(body, ids)
	body = append(body, 1, 0) // no compression
	if most > versionSSL30 {
		body = append16(body, pad(helloExtensions(most, serverName), len(body)+4+2))
	}

	msg := []byte{1, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}
	msg = append(msg, body...)
	// RFC 5246 appendix E.1: the record's version is the lowest that is spoken.
	return append16([]byte{recordHandshake, 3, byte(min(most, tls.VersionTLS10))}, msg)
}

func helloExtensions(most uint16, serverName string) []byte {
	var e []byte
	if serverName != "" {
		name := append16([]byte{0}, []byte(serverName)) // host_name, RFC 6066 section 3
		e = appendExtension(e, extServerName, append16(nil, name))
	}
	e = appendExtension(e, extStatusRequest, []byte{1, 0, 0, 0, 0})
	e = appendExtension(e, extSupportedGroups, append16(nil, bytes16(helloGroups)))
	e = appendExtension(e, extPointFormats, []byte{1, 0})
	if most >= tls.VersionTLS12 {
		e = appendExtension(e, extSignatureSchemes, append16(nil, bytes16(helloSchemes)))
	}
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

func appendSuites(b []byte, list []suite) []byte {
	for _, s := range list {
		b = binary.BigEndian.AppendUint16(b, s.id)
	}
	return b
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
