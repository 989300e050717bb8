package revoke

import "certaudit/scan"

// The statuses of scan.Revocation.
const (
	statusGood    = "good"
	statusRevoked = "revoked"
	statusUnknown = "unknown"
)

// The methods of scan.Revocation.
const (
	methodOCSP = "ocsp"
	methodCRL  = "crl"
)

// The codes of scan.Revocation.Error, beside those of package scan that say why
// a connection failed. They are stable.
const (
	codeMalformed     = "malformed"                // no response or list, or a damaged one
	codeWrongCert     = "wrong_certificate"        // it speaks of others only
	codeBadSignature  = "bad_signature"            // it does not verify under its signer's key
	codeWeak          = "weak_signature"           // signed with MD5 or older: anybody may have made it
	codeUnsupported   = "unsupported_algorithm"    // a signature that cannot be verified here
	codeNotAuthorised = "responder_not_authorised" // signed by somebody that the issuer did not name for it
	codeCritical      = "critical_extension"       // it has a critical extension that is not understood
	codeNoIssuer      = "issuer_unknown"           // neither the evidence nor the roots have the issuer's certificate

	codeBadRequest   = "malformed_request" // RFC 6960 section 4.2.1
	codeResponder    = "responder_error"
	codeTryLater     = "try_later"
	codeSigRequired  = "signature_required"
	codeUnauthorised = "unauthorised"

	codeWrongIssuer = "wrong_issuer" // a list of somebody else
	codeDelta       = "delta_crl"    // it has changes to another list only
	codeIndirect    = "indirect_crl" // it speaks for other issuers
	codeOutOfScope  = "out_of_scope" // it does not cover certificates of this kind or distribution point
	codeReasons     = "some_reasons" // it covers some reasons only, and does not have the certificate

	codeBadURL       = "bad_url"
	codeScheme       = "unsupported_scheme"  // neither http nor https
	codeCrossHost    = "cross_host_redirect" // not followed
	codeRedirects    = "too_many_redirects"
	codeHTTPStatus   = "http_status"   // another than 200
	codeNotAnswering = "not_answering" // its host left several requests in a row without an answer, and was not asked again
	codeChanged      = "changed"       // a file of the folder changed while it was used

	codeForbidden   = string(scan.ReasonForbidden)
	codeTooLarge    = string(scan.ReasonTooLarge)
	codeTooMany     = string(scan.ReasonTooMany)
	codeBudget      = string(scan.ReasonBudget)
	codeTimeout     = string(scan.ReasonTimeout)
	codeRefused     = string(scan.ReasonRefused)
	codeReset       = string(scan.ReasonReset)
	codeClosed      = string(scan.ReasonClosed)
	codeUnreachable = string(scan.ReasonUnreachable)
	codeNotFound    = string(scan.ReasonNotFound)
	codeProtocol    = string(scan.ReasonProtocol)
	codeOffline     = string(scan.ReasonOffline)
	codeInterrupted = string(scan.ReasonInterrupted)
	codeReadFailed  = string(scan.ReasonReadFailed)
	codePanic       = string(scan.ReasonPanic)
)

// refuse marks an answer that does not count.
func refuse(r scan.Revocation, code string) scan.Revocation {
	r.Verified, r.Error = scan.No, code
	return r
}

// reasons names the CRLReason of RFC 5280 section 5.3.1.
var reasons = map[int]string{
	0: "unspecified", 1: "keyCompromise", 2: "cACompromise", 3: "affiliationChanged", 4: "superseded",
	5: "cessationOfOperation", 6: "certificateHold", 8: "removeFromCRL", 9: "privilegeWithdrawn", 10: "aACompromise",
}

// removeFromCRL takes an entry back, in a delta list only.
const removeFromCRL = 8

func reasonName(n int) string {
	if name, ok := reasons[n]; ok {
		return name
	}
	return "unassigned"
}

// signatureCode is empty where the bytes verify under the key of a certificate.
func signatureCode(signer, algorithm, signed, signature []byte) string {
	switch answer, weak := scan.VerifySigned(signer, algorithm, signed, signature); {
	case answer == scan.Unasked:
		return codeUnsupported
	case answer == scan.No:
		return codeBadSignature
	case weak:
		return codeWeak
	}
	return ""
}
