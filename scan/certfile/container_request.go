package certfile

import "certaudit/scan"

// requestContainer reads certificate requests in DER (RFC 2986 section 4).
func requestContainer() container {
	return derObjects(scan.ObjectCSR, "DER certificate request")
}
