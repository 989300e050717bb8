package scan

import "time"

// Schema is the major version of the evidence format. A reader refuses a
// higher one and reads every older one.
const Schema = 1

// Tool is the name that evidence and reports carry as their maker.
const Tool = "certaudit"

// A Kind names a record's type; it is the first field of every evidence line.
type Kind string

// The kinds of record.
const (
	KindRun         Kind = "run"
	KindCertificate Kind = "certificate"
	KindFile        Kind = "file"
	KindObservation Kind = "observation"
	KindEndpoint    Kind = "endpoint"
	KindRevocation  Kind = "revocation"
	KindNotAssessed Kind = "not_assessed"
	KindEnd         Kind = "end"
)

// A Record is one line of evidence: *RunRecord, *Certificate, *File,
// *Observation, *Endpoint, *Revocation, *NotAssessed, *End or, from a newer tool, *Unknown.
type Record interface {
	Kind() Kind
	appendTo(*line)
}

// Answer is a fact with three values: an absent fact is not false.
type Answer uint8

// The values of an Answer.
const (
	Unasked Answer = iota // no fact; the field is absent from evidence
	No
	Yes
)

// Answered turns a decided question into an Answer.
func Answered(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// A Use is what a placement is for, told by the place and never by what the
// certificate says of itself.
type Use string

// The uses. See DESIGN "Words".
const (
	UseIdentity Use = "identity"
	UseChain    Use = "chain"
	UseAnchor   Use = "anchor"
	UseUnknown  Use = "unknown"
)

// Uses lists every use, in the order that reports print them.
func Uses() []Use { return []Use{UseIdentity, UseChain, UseAnchor, UseUnknown} }

// How a placement's use was told. UseByDefault marks those that no place
// explains, which records that come later may still explain.
const (
	UseByChainPosition = "chain_position" // order in a served chain
	UseByKey           = "private_key"    // held with its private key
	UseByIssuing       = "issued"         // stored after what it issued, or issued another member
	UseByBundle        = "bundle"         // member of a bundle in which nothing issued anything
	UseByStore         = "trust_store"    // trust entry of a keystore, or a given root
	UseByConfiguration = "configuration"  // under a path that the configuration calls anchors
	UseByDefault       = "default"        // nothing at the place explains it
)

// An Outcome says what became of one file; every file in scope has exactly one.
type Outcome string

// The outcomes. They add up to the number of files.
const (
	OutcomeRead           Outcome = "read"            // at least one certificate was found
	OutcomeNoCertificates Outcome = "no_certificates" // understood, and there is none in it
	OutcomeNotAssessed    Outcome = "not_assessed"    // a not_assessed record says why
	OutcomeExcluded       Outcome = "excluded"        // left out by --exclude, with a reason
	OutcomeOwnOutput      Outcome = "own_output"      // written by certaudit
)

// Outcomes lists every outcome, in the order that reports print them.
func Outcomes() []Outcome {
	return []Outcome{OutcomeRead, OutcomeNoCertificates, OutcomeNotAssessed, OutcomeExcluded, OutcomeOwnOutput}
}

// A Digest names an input of the run and the SHA-256 of its bytes.
type Digest struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Dated  string `json:"dated,omitempty"` // date of a bundle's edition, YYYY-MM-DD
	Count  int    `json:"count,omitempty"` // entries: targets of a list, certificates of a root store
}

// An Exclude is a part of the scope that the user left out, with the reason.
type Exclude struct {
	Glob   string `json:"glob"`
	Reason string `json:"reason"`
}

// A RunRecord is the first line: who ran what, when, where and how.
type RunRecord struct {
	Schema       int
	Tool         string
	Version      string
	BinarySHA256 string
	Selftest     string    // "passed", or what failed
	Started      time.Time // whole seconds, UTC
	Operator     string
	Host         string
	Vantage      string
	Command      []string // as typed, secrets masked
	CIURL        string
	Targets      []string
	TargetLists  []Digest
	Roots        []Digest
	Excludes     []Exclude
	Options      map[string]string // what shaped the scan, by flag name
	Probes       []string          // facts asked for beyond one handshake, e.g. "versions<=TLS 1.1", "cipher_suites"
}

// A Certificate holds the facts of one distinct certificate. They are derived
// from DER alone, by [Derive]; a certificate that no parser accepts has only
// SHA256, DER, ParseNotes and Detail.
type Certificate struct {
	SHA256                  string // lower-case hex of the SHA-256 of DER
	sum                     [32]byte
	exact                   bool
	Parsed                  bool     // facts are present; not itself a field
	Subject                 string   // RFC 4514
	SubjectCN               string   // the last common name, as encoded
	SubjectAttributes       []string // type=value, in the order of the encoding
	Issuer                  string
	IssuerCN                string
	IssuerAttributes        []string
	Serial                  string    // lower-case hex, no leading zeros, "-" if negative
	NotBefore               time.Time // zero where it cannot be read
	NotAfter                time.Time // inclusive; zero where it cannot be read
	KeyAlgorithm            string    // RSA, ECDSA, Ed25519, …, or an OID
	KeyBits                 int       // modulus or field size; 0 where the size has no meaning
	KeyCurve                string    // P-256, secp256k1, …, or an OID
	SPKISHA256              string
	SignatureAlgorithm      string // SHA256-RSA, ECDSA-SHA384, …, or an OID
	IsCA                    bool
	SelfSigned              Answer // the signature verifies under its own key; Unasked where that cannot be checked
	SelfIssued              bool
	DNSNames                []string
	IPAddresses             []string
	EmailAddresses          []string
	URIs                    []string
	ExtKeyUsage             []string // serverAuth, clientAuth, …, or an OID
	KeyAlgorithmDraft       string   // name in a draft, where KeyAlgorithm is an OID
	SignatureAlgorithmDraft string   // name in a draft, where SignatureAlgorithm is an OID
	SHA1                    string   // lower-case hex of the SHA-1 of DER
	Version                 int      // 1, 2 or 3; other numbers as encoded plus one
	KeyUsage                []string // digitalSignature, …
	PathLength              *int     // nil where there is no limit
	Policies                []string // OIDs
	OtherNames              []string // OIDs of the otherName kinds among the subject alternative names
	OCSPURLs                []string
	IssuerURLs              []string
	CRLURLs                 []string
	SCTCount                int
	MustStaple              bool
	RSAExponent             string // decimal
	SecurityBits            int    // SP 800-57 part 1 table 2; 0 where it gives none
	DER                     []byte
	ParseNotes              []string // our stable codes for what a strict parser objects to
	Detail                  string   // the parser's own words, when it refused
}

// A File is one regular file of the scope and what became of it.
type File struct {
	Target     string
	Path       string
	Size       int64
	ModTime    time.Time
	SHA256     string // of the content; empty when it was not read
	Outcome    Outcome
	Reason     string   // why it was excluded
	Leftover   int64    // bytes that no decoder consumed, white space apart; they were searched
	Notes      []string // our stable codes for what is odd about the file: leading_data, inside_data, trailing_data, polyglot
	ObservedAt time.Time
}

// Exact tells that the evidence line held exactly these facts, so that reading
// it again needs no derivation.
func (c *Certificate) Exact() bool { return c.exact }

// Dated tells that both ends of the validity are known.
func (c *Certificate) Dated() bool { return c.Parsed && !c.NotBefore.IsZero() && !c.NotAfter.IsZero() }

// Sum is SHA256 as bytes.
func (c *Certificate) Sum() [32]byte { return c.sum }

// The objects that an observation can place.
const (
	ObjectCertificate = "certificate"
	ObjectCSR         = "csr"
	ObjectCRL         = "crl"
	ObjectPrivateKey  = "private_key"
	ObjectPublicKey   = "public_key"
)

// An Observation places one certificate (or other object): in a file, at an
// index or alias, or in the chain that an endpoint sent.
type Observation struct {
	Target     string
	Path       string // of the file; empty for an endpoint
	Endpoint   string // host:port; empty for a file
	Address    string // of the endpoint, where each address of a name is one of its own
	Index      int    // order among the objects of its kind in the file, or in the chain, from 0
	Alias      string
	Use        Use
	UseBasis   string // one of the UseBy constants
	Container  string
	Object     string
	SHA256     string   // of the certificate's DER
	Line       int      // in a text file, from 1; 0 elsewhere
	Notes      []string // our stable codes for what is odd about the place: trailing_data, default_password, integrity_unverified
	Facts      *Object  // of what is no certificate; nil for a certificate
	ObservedAt time.Time
}

// An Object holds the facts of a certificate request, a revocation list, a
// private key or a public key. Of a private key it holds what anyone may know:
// its kind and size, whether it is encrypted, who may read the file, and the
// digest of its public half. Where a fact cannot be read its field is empty.
type Object struct {
	SHA256                  string    // of a request's or revocation list's DER; never of key material
	Format                  string    // of a key: pkcs1, pkcs8, sec1, dsa, openssh, putty, jwk, spki, ssh2; empty elsewhere
	Subject, SubjectCN      string    // of a request, RFC 4514
	Issuer, IssuerCN        string    // of a revocation list
	KeyAlgorithm            string    // as in Certificate
	KeyBits                 int       // as in Certificate
	KeyCurve                string    // as in Certificate
	KeyAlgorithmDraft       string    // name in a draft, where KeyAlgorithm is an OID
	SPKISHA256              string    // of the public key as a subjectPublicKeyInfo: what ties a private key to its certificates
	RSAExponent             string    // decimal
	SecurityBits            int       // as in Certificate
	SignatureAlgorithm      string    // of a request or revocation list
	SignatureAlgorithmDraft string    // name in a draft, where SignatureAlgorithm is an OID
	SignatureValid          Answer    // a request's signature verifies under its own key (RFC 2986 section 4.2)
	DNSNames                []string  // that a request asks for
	IPAddresses             []string  // that a request asks for
	EmailAddresses          []string  // that a request asks for
	URIs                    []string  // that a request asks for
	ThisUpdate, NextUpdate  time.Time // of a revocation list; zero where there is none or it cannot be read
	Revoked                 *int      // entries of a revocation list; nil elsewhere
	CRLNumber               string    // lower-case hex
	Encrypted               Answer    // a private key is protected by a password; Unasked where that was not looked at
	Encryption              string    // cipher, or scheme, of an encrypted private key
	Mode                    string    // permissions of the file that holds a private key, octal: 0600
	SSHKind                 string    // of an OpenSSH certificate: user or host; empty for a bare key
	SSHKeyID                string    // as its CA wrote it
	SSHSerial               string    // decimal
	SSHPrincipals           []string  // users or hosts that it is valid for; empty means any
	SSHSignerSHA256         string    // of the CA's public key as a subjectPublicKeyInfo
	NotBefore, NotAfter     time.Time // of an OpenSSH certificate; zero means unlimited
	ParseNotes              []string  // our stable codes for what a strict parser objects to
}

// An Endpoint is one TLS endpoint that answered, with what was seen there.
type Endpoint struct {
	Target          string
	Endpoint        string // host:port as asked, [v6]:port for IPv6
	Address         string // IP address that was dialled; empty where a proxy resolved the name
	Port            int
	ServerName      string // sent as SNI; empty when none was sent
	StartTLS        string // empty for plain TLS
	TLSVersion      string // negotiated, "TLS 1.3"
	CipherSuite     string // IANA name
	KeyExchange     string // X25519MLKEM768, P-256, …; empty for RSA key transport
	ALPN            string
	OCSPStapled     Answer
	Chain           []string   // SHA-256 of each certificate as sent
	Paths           [][]string // from the leaf to an anchor of the given roots, whatever the date
	PathError       string     // why there is none: a stable code of ours
	PathsElsewhere  [][]string // where there is none: paths that hold only with certificates that were not sent and that the scan was given
	HostnameMatch   Answer     // RFC 9525, against ServerName or the address
	ClientCert      Answer     // a client certificate was requested
	Versions        []string   // accepted, as far as seen or probed; oldest first
	VersionsRefused []string   // probed and refused; a version in neither list is unknown
	Attempts        int
	ObservedAt      time.Time

	// What a stapled OCSP response says (RFC 6960); Unasked or empty where
	// OCSPStapled is not Yes.
	OCSPStatus     string    // good, revoked or unknown; empty when it cannot be read
	OCSPVerified   Answer    // its signature verifies under the issuer, or a responder that the issuer named
	OCSPError      string    // why it is not verified: a stable code of ours
	OCSPProducedAt time.Time // when it was signed
	OCSPThisUpdate time.Time // when its status was known to hold
	OCSPNextUpdate time.Time // when newer information is due; zero where it does not say
	SCTs           *int      // signed certificate timestamps in the handshake or the stapled response; nil where they were not asked for

	// What further connections showed. A field that is empty or Unasked was not
	// asked for, or not obtained: see Probed and Incomplete.
	Probed              []string            // probes that gave their answer, whole; by the names of RunRecord.Probes
	Incomplete          []string            // probes that were cut short: what they found stands, and more may exist
	CipherSuites        map[string][]string // accepted, by version; in the server's order where SuiteOrder says so
	SuiteOrder          map[string]string   // by version: server or client, whose order decides
	KeyExchanges        []string            // groups accepted, in any version
	KeyExchangesRefused []string            // groups offered alone and refused
	DHBits              int                 // smallest prime of a finite-field exchange that was seen
	SignatureSchemes    []string            // that the server signs handshakes with (RFC 8446 section 4.2.3)
	ALPNProtocols       []string            // accepted, of those that were offered
	OtherChains         []OtherChain        // chains that other clients are shown
	Samples             int                 // handshakes whose chains were compared; 0 means one
	Compression         Answer              // TLS compression is accepted
	SecureRenegotiation Answer              // RFC 5746
	ExtendedMaster      Answer              // extended master secret, RFC 7627
	FallbackSCSV        Answer              // a needless fallback is refused, RFC 7507
	Heartbeat           Answer              // RFC 6520
	ResumptionTicket    Answer              // TLS 1.2 sessions resume with a ticket, RFC 5077
	ResumptionID        Answer              // TLS 1.2 sessions resume with a session id
	ResumptionPSK       Answer              // TLS 1.3 sessions resume
	HTTPStatus          int                 // of the answer to one request for /
	HSTS                Answer              // that answer had the header of RFC 6797
	HSTSHeader          string              // its value
}

// An OtherChain is a chain that an endpoint shows to clients that ask in
// another way than the first handshake did.
type OtherChain struct {
	For   string   `json:"for"`   // RSA, ECDSA, EdDSA, DSA or ML-DSA (clients that take no other key), no_sni, sample
	Chain []string `json:"chain"` // SHA-256 of each certificate as sent
}

// A Revocation is what one authority said of one certificate, asked at one
// place. Nothing of it counts unless Verified is Yes.
type Revocation struct {
	Certificate string    // SHA-256 of the certificate that was asked about
	Issuer      string    // SHA-256 of the issuer's certificate
	Method      string    // ocsp or crl
	Source      string    // URL, or path of a list that was given
	Status      string    // good, revoked or unknown; empty when nothing was obtained
	Reason      string    // of a revocation, RFC 5280 section 5.3.1: keyCompromise, …
	RevokedAt   time.Time // zero unless revoked
	ProducedAt  time.Time // when an OCSP response was signed
	ThisUpdate  time.Time
	NextUpdate  time.Time // zero where it does not say
	Signer      string    // SHA-256 of the certificate that signed, when it is not the issuer
	Verified    Answer    // the signature verifies and its signer may speak for the issuer
	Error       string    // why nothing was obtained, or why it does not count: a stable code of ours
	SHA256      string    // of the response or list
	ObservedAt  time.Time
}

// A NotAssessed record is one thing in scope that could not be assessed.
type NotAssessed struct {
	Target     string
	Path       string
	Endpoint   string
	Address    string // of the endpoint, where each address of a name is one of its own
	Index      int    // of the object among those of its kind in the file, from 0; -1 when the whole is meant
	Object     string // its kind, where it is known and no certificate
	Stage      Stage
	Reason     Reason
	Detail     string // library text: it reaches no id and no grouping
	Attempts   int
	ObservedAt time.Time
}

// An End is the last line: what was written before it.
type End struct {
	Finished time.Time
	Resumed  time.Time      // when the scan was last continued after it had been stopped; zero for one run
	Complete bool           // false when the scan was interrupted
	Counts   map[string]int // lines before this one, by kind
	SHA256   string         // of every byte before this line
}

// An Unknown is a record of a kind that this version does not know. It is
// counted, never judged.
type Unknown struct{ Name Kind }

func (*RunRecord) Kind() Kind   { return KindRun }
func (*Certificate) Kind() Kind { return KindCertificate }
func (*File) Kind() Kind        { return KindFile }
func (*Observation) Kind() Kind { return KindObservation }
func (*Endpoint) Kind() Kind    { return KindEndpoint }
func (*Revocation) Kind() Kind  { return KindRevocation }
func (*NotAssessed) Kind() Kind { return KindNotAssessed }
func (*End) Kind() Kind         { return KindEnd }
func (u *Unknown) Kind() Kind   { return u.Name }
