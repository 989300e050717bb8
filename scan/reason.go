package scan

// A Stage names the step at which something in scope could not be assessed.
// Stages are stable: --allow-incomplete names them.
type Stage string

// The stages, in the order that work passes through them.
const (
	StageRead      Stage = "read"      // opening and reading a file
	StageDecode    Stage = "decode"    // taking a container apart
	StageDecrypt   Stage = "decrypt"   // opening a protected container
	StageParse     Stage = "parse"     // reading an object's facts
	StageLimit     Stage = "limit"     // a bound was hit
	StageResolve   Stage = "resolve"   // name to address
	StageConnect   Stage = "connect"   // TCP
	StageStartTLS  Stage = "starttls"  // the upgrade to TLS
	StageHandshake Stage = "handshake" // TLS
	StageProbe     Stage = "probe"     // a further hello that a rule asked for
	StageScan      Stage = "scan"      // the run itself: interrupted, or a defect of ours
	StageEvaluate  Stage = "evaluate"  // a rule lacks a fact
)

// Stages lists every stage in order.
func Stages() []Stage {
	return []Stage{StageRead, StageDecode, StageDecrypt, StageParse, StageLimit, StageResolve,
		StageConnect, StageStartTLS, StageHandshake, StageProbe, StageScan, StageEvaluate}
}

// A Reason says why, in a stable code of ours. The library's own words go to
// Detail and reach no id and no grouping.
type Reason string

// The reasons.
const (
	ReasonNotFound          Reason = "not_found"                 // the path or name does not exist
	ReasonPermission        Reason = "permission_denied"         // the system refused
	ReasonReadFailed        Reason = "read_failed"               // any other input error
	ReasonOutsideTarget     Reason = "link_leaves_target"        // a symbolic link to a place that no target covers; not followed
	ReasonBrokenLink        Reason = "broken_link"               // a symbolic link to nothing
	ReasonSpecialFile       Reason = "special_file"              // device, socket or pipe; not opened
	ReasonTooLarge          Reason = "too_large"                 // larger than the bound
	ReasonTooMany           Reason = "too_many_objects"          // more objects than the bound
	ReasonTooDeep           Reason = "too_deep"                  // nested deeper than the bound
	ReasonExpansion         Reason = "expansion_limit"           // an archive, or the aliases of a document, expand beyond the bound
	ReasonPasswordNeeded    Reason = "password_needed"           // protected, and no password was given
	ReasonUnsupported       Reason = "unsupported"               // recognised, and not read by this version
	ReasonCorrupt           Reason = "corrupt"                   // recognised, and damaged
	ReasonWrongPassword     Reason = "wrong_password"            // none of the passwords that were given opens it
	ReasonKDFIterations     Reason = "kdf_iterations"            // more key derivation than the bound allows
	ReasonTruncated         Reason = "truncated"                 // it ends too early
	ReasonRefused           Reason = "refused"                   // refused by the peer
	ReasonParserRefused     Reason = "parser_refused"            // a certificate that the parser does not accept
	ReasonTimeout           Reason = "timeout"                   // the deadline passed
	ReasonReset             Reason = "reset"                     // the peer reset the connection
	ReasonClosed            Reason = "closed"                    // the peer closed without a word
	ReasonUnreachable       Reason = "unreachable"               // no route
	ReasonNotTLS            Reason = "not_tls"                   // the peer speaks something else
	ReasonHandshakeFailure  Reason = "handshake_failure"         // the peer sent an alert, or broke the protocol
	ReasonNoCertificate     Reason = "no_certificate"            // the handshake showed no certificate
	ReasonNoStartTLS        Reason = "starttls_not_offered"      // the peer speaks the protocol, and has no upgrade to TLS
	ReasonStartTLSRefused   Reason = "starttls_refused"          // the peer turned the upgrade down
	ReasonRateLimited       Reason = "rate_limited"              // the peer is busy, or wants fewer connections
	ReasonProtocol          Reason = "protocol_error"            // the peer broke the protocol that comes before TLS
	ReasonProxy             Reason = "proxy_failure"             // the proxy did not connect
	ReasonBudget            Reason = "budget_spent"              // one endpoint's bound on bytes, messages or connections
	ReasonClientCertificate Reason = "client_certificate_needed" // the peer goes on only with clients that have a certificate
	ReasonOffline           Reason = "offline"                   // --offline forbids it
	ReasonInterrupted       Reason = "interrupted"               // the run was stopped
	ReasonForbidden         Reason = "forbidden_address"         // an address that is not dialled unasked: loopback, private, metadata
	ReasonPanic             Reason = "internal_error"            // a defect of ours, contained to this unit
	ReasonBadTarget         Reason = "bad_target"                // a target list's line that names nothing
	ReasonNotRequested      Reason = "not_requested"             // the fact needs a probe that was not asked for
	ReasonNotObtained       Reason = "not_obtained"              // the fact was asked for and could not be had
)
