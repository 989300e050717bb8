package certfile

// jceksContainer reads Sun's JCE keystore (com.sun.crypto.provider.JceKeyStore),
// a JKS that also holds secret keys.
func jceksContainer() container {
	return container{name: "jceks", title: "Java JCEKS keystore", recognises: prefix("\xce\xce\xce\xce"), read: func(f *file) { readJKS(f, "jceks") }}
}
