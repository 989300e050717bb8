// Package tlsprobe observes live TLS endpoints.
//
// [New] makes a [Prober]; its Units method satisfies scan.Source and yields
// one unit per endpoint. Observing an endpoint emits, in this order, a
// scan.Certificate for every member of the chain as sent and for every anchor
// that a path needs, a scan.Observation per chain position, and one
// scan.Endpoint; or else one scan.NotAssessed that names the stage and the
// reason. A scan.NotAssessed that follows an endpoint says what of it could
// not be had: a probe that failed, the end of a chain that is too long, a
// handshake that the peer broke off after its certificates were seen.
//
// Where scan.Target.StartTLS names a protocol, every connection speaks it first
// and goes no further than it must: no login, no mail, no query. A peer that
// cannot be upgraded, will not or not now, or speaks something else is told
// apart by the reason.
//
// Nothing is judged. Certificates are never verified on the way: an expired,
// self-signed, wrongly named or incomplete chain is recorded like any other,
// and so is one that crypto/tls or crypto/x509 refuses, because the server's
// messages are kept and read a second time when the handshake fails.
//
// Every byte comes from somebody else. One endpoint costs at most
// Options.Timeout, a mebibyte read per connection, and a handful of
// connections, one at a time.
package tlsprobe
