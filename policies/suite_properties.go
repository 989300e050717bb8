package policies

import (
	"strings"

	"certaudit/scan"
)

// SuiteProperties tells what the IANA name of a cipher suite says of it:
// whether its key exchange has forward secrecy, and whether it encrypts and
// authenticates in one. Both are Unasked for a name that is none. The suites of
// SSL 2.0 are not in the registry; all of them transport the key with RSA.
func SuiteProperties(name string) (forwardSecrecy, aead scan.Answer) {
	switch {
	case strings.HasPrefix(name, "SSL_CK_"):
		return scan.No, scan.No
	case !isSuite(name):
		return scan.Unasked, scan.Unasked
	}
	return scan.Answered(isEphemeral(name)), scan.Answered(isAEAD(name))
}
