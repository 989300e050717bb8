package certfile

import "certaudit/scan"

// privateKeyContainer reads private keys in DER: PKCS #8 (RFC 5958), plain and
// encrypted, PKCS #1 (RFC 8017), SEC 1 (RFC 5915) and openssl's form of DSA.
func privateKeyContainer() container {
	return derObjects(scan.ObjectPrivateKey, "DER private key (PKCS #8, PKCS #1, SEC 1, DSA)")
}

// publicKeyContainer reads public keys in DER: subjectPublicKeyInfo (RFC 5280
// section 4.1.2.7) and RSAPublicKey (RFC 8017 section A.1.1).
func publicKeyContainer() container {
	return derObjects(scan.ObjectPublicKey, "DER public key (subjectPublicKeyInfo, PKCS #1)")
}
