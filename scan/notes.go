package scan

// A ParseNote is a code of ours for one thing that a strict reader of RFC 5280
// and X.690 objects to in a certificate, or a reader of its own standard in a
// request, a revocation list or a key. Codes are stable.
type ParseNote struct {
	Code string
	Doc  string
}

// ParseNoteRefused marks a certificate that no parser accepts; its facts are
// absent, and Detail has the standard parser's words.
const ParseNoteRefused = "refused"

// The other codes, in the order of the certificate's fields.
const (
	noteTrailingData     = "trailing_data"
	noteBER              = "ber_encoding"
	noteVersion          = "invalid_version"
	noteNegativeSerial   = "negative_serial"
	noteZeroSerial       = "zero_serial"
	noteLongSerial       = "serial_too_long"
	noteAlgorithms       = "algorithm_mismatch"
	noteBadName          = "bad_name"
	noteUTF8             = "invalid_utf8"
	notePrintable        = "invalid_printable_string"
	noteIA5              = "invalid_ia5_string"
	noteOtherString      = "invalid_string"
	noteNotText          = "name_not_text"
	noteLongOID          = "oid_too_long"
	noteBadDate          = "bad_date"
	noteFraction         = "fractional_seconds"
	noteNoSeconds        = "date_without_seconds"
	noteOffset           = "date_with_offset"
	noteUnknownCurve     = "unknown_curve"
	noteExplicitCurve    = "explicit_curve"
	noteBadKey           = "bad_key"
	noteNegativeModulus  = "negative_modulus"
	noteSmallRSA         = "rsa_small"
	noteUniqueID         = "unique_id_in_v1"
	noteExtensionsIn     = "extensions_in_v1"
	noteEmptyExtensions  = "empty_extensions"
	noteDuplicate        = "duplicate_extension"
	noteBadExtension     = "bad_extension"
	noteBadSAN           = "bad_san"
	noteWrongCritical    = "wrongly_critical"
	noteDuplicatePolicy  = "duplicate_policy"
	noteBadSignatureBits = "bad_signature_bits"
	noteBadAttribute     = "bad_attribute"
	noteBadEntry         = "bad_entry"
	noteKeyMismatch      = "key_mismatch"
	noteUnexplained      = "unexplained"
)

// ParseNotes documents every code.
func ParseNotes() []ParseNote {
	return []ParseNote{
		{ParseNoteRefused, "no parser accepts it; it has only fingerprint and bytes"},
		{noteTrailingData, "bytes follow where an element must end"},
		{noteBER, "encoded as BER allows and DER does not (X.690 section 10 and 11)"},
		{noteVersion, "the version is none that its standard has: 1, 2 and 3 of a certificate, 1 of a request, 2 of a revocation list, 1 and 2 of a private key"},
		{noteNegativeSerial, "the serial number is negative (RFC 5280 section 4.1.2.2)"},
		{noteZeroSerial, "the serial number is zero (RFC 5280 section 4.1.2.2)"},
		{noteLongSerial, "the serial number has more than 20 bytes (RFC 5280 section 4.1.2.2)"},
		{noteAlgorithms, "the signed and the unsigned signature algorithm differ (RFC 5280 sections 4.1.1.2 and 5.1.1.2)"},
		{noteBadName, "a name is no well-formed sequence of attributes"},
		{noteUTF8, "a UTF8String is no UTF-8"},
		{notePrintable, "a PrintableString has other characters than X.680 section 41.4 lists"},
		{noteIA5, "an IA5String has bytes above 127"},
		{noteOtherString, "a NumericString, VisibleString, BMPString or UniversalString is malformed"},
		{noteNotText, "an attribute of a name is no character string"},
		{noteLongOID, "an object identifier has an arc above 2^31-1, or is malformed"},
		{noteBadDate, "a date cannot be read; its field is absent"},
		{noteFraction, "a date has fractions of a second, which are cut (RFC 5280 section 4.1.2.5.2)"},
		{noteNoSeconds, "a date has no seconds (RFC 5280 section 4.1.2.5.1)"},
		{noteOffset, "a date is not in UTC (RFC 5280 section 4.1.2.5.1)"},
		{noteUnknownCurve, "a named curve that the standard parser does not know"},
		{noteExplicitCurve, "the curve is written out instead of named (RFC 5480 section 2.1.1)"},
		{noteBadKey, "the public key is not encoded as its algorithm asks"},
		{noteNegativeModulus, "the RSA modulus is written as a negative number; it is read as unsigned"},
		{noteSmallRSA, "the RSA modulus has less than 1024 bits"},
		{noteUniqueID, "unique identifiers in version 1 (RFC 5280 section 4.1.2.8)"},
		{noteExtensionsIn, "extensions in a version that has none (RFC 5280 sections 4.1.2.9 and 5.1.2.1)"},
		{noteEmptyExtensions, "the list of extensions is empty (RFC 5280 section 4.1.2.9)"},
		{noteDuplicate, "an extension stands twice; the first counts (RFC 5280 section 4.2)"},
		{noteBadExtension, "an extension is malformed"},
		{noteBadSAN, "the subject alternative name is malformed, or one of its names is"},
		{noteWrongCritical, "an extension is critical that must not be (RFC 5280 sections 4.2.1.1, 4.2.1.2, 4.2.2.1 and 5.2.3)"},
		{noteDuplicatePolicy, "a certificate policy stands twice (RFC 5280 section 4.2.1.4)"},
		{noteBadSignatureBits, "the signature is no whole number of bytes"},
		{noteBadAttribute, "an attribute of a request is malformed (RFC 2986 section 4.1)"},
		{noteBadEntry, "an entry of a revocation list is malformed (RFC 5280 section 5.1.2.6)"},
		{noteKeyMismatch, "the public half that is stored with a private key is not its own"},
		{noteUnexplained, "the standard parser refuses it for a reason that has no code here"},
	}
}

// noteSet collects codes once each, in the order of finding.
type noteSet []string

func (n *noteSet) add(code string) {
	for _, c := range *n {
		if c == code {
			return
		}
	}
	*n = append(*n, code)
}
