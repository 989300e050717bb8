package certfile

import "bytes"

func jksContainer() container {
	return container{name: "jks", title: "Java keystore", recognises: prefix("\xfe\xed\xfe\xed")}
}

func jceksContainer() container {
	return container{name: "jceks", title: "Java JCEKS keystore", recognises: prefix("\xce\xce\xce\xce")}
}

// bksContainer recognises Bouncy Castle's BKS: version 1 or 2, a salt of 20
// bytes with its length before it, and an iteration count.
func bksContainer() container {
	return container{name: "bks", title: "Bouncy Castle keystore (BKS)", recognises: func(b []byte) bool {
		return len(b) > 32 && (bytes.HasPrefix(b, []byte{0, 0, 0, 1}) || bytes.HasPrefix(b, []byte{0, 0, 0, 2})) &&
			bytes.Equal(b[4:8], []byte{0, 0, 0, 20}) && b[28] == 0 && b[29] == 0
	}}
}

// sstContainer recognises a Microsoft serialized certificate store.
func sstContainer() container {
	return container{name: "sst", title: "Windows serialized store", recognises: prefix("\x00\x00\x00\x00CERT")}
}

// prefix recognises content by its first bytes.
func prefix(mark string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(mark)) }
}
