package certfile

// uberContainer recognises Bouncy Castle's UBER: BKS's header, and then
// nothing but whole blocks of Twofish.
func uberContainer() container {
	return container{name: "uber", title: "Bouncy Castle UBER keystore", recognises: func(b []byte) bool {
		const block = 16
		return startsLikeBouncyCastle(b) && len(b) > bouncyHeader && (len(b)-bouncyHeader)%block == 0
	}}
}
