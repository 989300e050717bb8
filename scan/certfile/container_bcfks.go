package certfile

// bcfksContainer recognises Bouncy Castle's FIPS keystore: an encrypted
// ObjectStoreData and an integrity check that derives its own key.
func bcfksContainer() container {
	return container{name: "bcfks", title: "Bouncy Castle FIPS keystore (BCFKS)", recognises: func(b []byte) bool {
		outer := derReader{rest: b}
		store := derReader{rest: outer.take(tagSequence)}
		data := derReader{rest: store.take(tagSequence)}
		encryption, _ := data.algorithm()
		data.take(tagOctets)
		check := derReader{rest: store.take(tagSequence)}
		check.algorithm()
		derivation, _ := check.algorithm()
		check.take(tagOctets)
		return !outer.failed && !store.failed && !data.failed && !check.failed &&
			encryption == oidPBES2 && (derivation == oidPBKDF2 || derivation == oidScrypt)
	}}
}
