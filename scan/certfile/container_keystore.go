package certfile

import "bytes"

// sstContainer recognises a Microsoft serialized certificate store.
func sstContainer() container {
	return container{name: "sst", title: "Windows serialized store", recognises: prefix("\x00\x00\x00\x00CERT")}
}

// prefix recognises content by its first bytes.
func prefix(mark string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(mark)) }
}
