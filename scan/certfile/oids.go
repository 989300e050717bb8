package certfile

// Object identifiers as encoded, for comparison without decoding.
const (
	oidData               = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"         // 1.2.840.113549.1.7.1
	oidSignedData         = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"         // 1.2.840.113549.1.7.2
	oidEnvelopedData      = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"         // 1.2.840.113549.1.7.3
	oidSignedAndEnveloped = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x04"         // 1.2.840.113549.1.7.4
	oidEncryptedData      = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"         // 1.2.840.113549.1.7.6
	oidAuthEnvelopedData  = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17" // 1.2.840.113549.1.9.16.1.23

	oidKeyBag          = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"     // 1.2.840.113549.1.12.10.1.1
	oidShroudedKeyBag  = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"     // 1.2.840.113549.1.12.10.1.2
	oidCertBag         = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03"     // 1.2.840.113549.1.12.10.1.3
	oidSafeContentsBag = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06"     // 1.2.840.113549.1.12.10.1.6
	oidX509Bag         = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"         // 1.2.840.113549.1.9.22.1
	oidFriendlyName    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"             // 1.2.840.113549.1.9.20
	oidLocalKeyID      = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15"             // 1.2.840.113549.1.9.21
	oidTrustedKeyUsage = "\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01" // 2.16.840.1.113894.746875.1.1

	oidPBES2      = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"     // 1.2.840.113549.1.5.13
	oidPBKDF2     = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"     // 1.2.840.113549.1.5.12
	oidPBMAC1     = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e"     // 1.2.840.113549.1.5.14
	oidScrypt     = "\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"     // 1.3.6.1.4.1.11591.4.11
	oidPBERC4x128 = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x01" // 1.2.840.113549.1.12.1.1
	oidPBERC4x40  = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x02" // 1.2.840.113549.1.12.1.2
	oidPBE3DES    = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03" // 1.2.840.113549.1.12.1.3
	oidPBE2DES    = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x04" // 1.2.840.113549.1.12.1.4
	oidPBERC2x128 = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x05" // 1.2.840.113549.1.12.1.5
	oidPBERC2x40  = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06" // 1.2.840.113549.1.12.1.6
	oidMD5DES     = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03"     // 1.2.840.113549.1.5.3
	oidSHA1DES    = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0a"     // 1.2.840.113549.1.5.10
	oidMD5RC2     = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x06"     // 1.2.840.113549.1.5.6
	oidSHA1RC2    = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0b"     // 1.2.840.113549.1.5.11
	oidAES128     = "\x60\x86\x48\x01\x65\x03\x04\x01\x02"     // 2.16.840.1.101.3.4.1.2
	oidAES192     = "\x60\x86\x48\x01\x65\x03\x04\x01\x16"     // 2.16.840.1.101.3.4.1.22
	oidAES256     = "\x60\x86\x48\x01\x65\x03\x04\x01\x2a"     // 2.16.840.1.101.3.4.1.42
	oidAES256CCM  = "\x60\x86\x48\x01\x65\x03\x04\x01\x2f"     // 2.16.840.1.101.3.4.1.47
	oidAES256KWP  = "\x60\x86\x48\x01\x65\x03\x04\x01\x30"     // 2.16.840.1.101.3.4.1.48
	oid3DES       = "\x2a\x86\x48\x86\xf7\x0d\x03\x07"         // 1.2.840.113549.3.7
	oidRC2        = "\x2a\x86\x48\x86\xf7\x0d\x03\x02"         // 1.2.840.113549.3.2
	oidDES        = "\x2b\x0e\x03\x02\x07"                     // 1.3.14.3.2.7

	oidHMACSHA1       = "\x2a\x86\x48\x86\xf7\x0d\x02\x07"     // 1.2.840.113549.2.7
	oidHMACSHA224     = "\x2a\x86\x48\x86\xf7\x0d\x02\x08"     // 1.2.840.113549.2.8
	oidHMACSHA256     = "\x2a\x86\x48\x86\xf7\x0d\x02\x09"     // 1.2.840.113549.2.9
	oidHMACSHA384     = "\x2a\x86\x48\x86\xf7\x0d\x02\x0a"     // 1.2.840.113549.2.10
	oidHMACSHA512     = "\x2a\x86\x48\x86\xf7\x0d\x02\x0b"     // 1.2.840.113549.2.11
	oidHMACSHA512x224 = "\x2a\x86\x48\x86\xf7\x0d\x02\x0c"     // 1.2.840.113549.2.12
	oidHMACSHA512x256 = "\x2a\x86\x48\x86\xf7\x0d\x02\x0d"     // 1.2.840.113549.2.13
	oidHMACSHA3x256   = "\x60\x86\x48\x01\x65\x03\x04\x02\x0e" // 2.16.840.1.101.3.4.2.14
	oidHMACSHA3x384   = "\x60\x86\x48\x01\x65\x03\x04\x02\x0f" // 2.16.840.1.101.3.4.2.15
	oidHMACSHA3x512   = "\x60\x86\x48\x01\x65\x03\x04\x02\x10" // 2.16.840.1.101.3.4.2.16
	oidMD5            = "\x2a\x86\x48\x86\xf7\x0d\x02\x05"     // 1.2.840.113549.2.5
	oidSHA1           = "\x2b\x0e\x03\x02\x1a"                 // 1.3.14.3.2.26
	oidSHA256         = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	oidSHA384         = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // 2.16.840.1.101.3.4.2.2
	oidSHA512         = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // 2.16.840.1.101.3.4.2.3
	oidSHA224         = "\x60\x86\x48\x01\x65\x03\x04\x02\x04" // 2.16.840.1.101.3.4.2.4
	oidSHA512x224     = "\x60\x86\x48\x01\x65\x03\x04\x02\x05" // 2.16.840.1.101.3.4.2.5
	oidSHA512x256     = "\x60\x86\x48\x01\x65\x03\x04\x02\x06" // 2.16.840.1.101.3.4.2.6
)
