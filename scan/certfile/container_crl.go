package certfile

import "certaudit/scan"

// crlContainer reads revocation lists in DER (RFC 5280 section 5).
func crlContainer() container { return derObjects(scan.ObjectCRL, "DER revocation list") }
