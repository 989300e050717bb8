// Package revoke asks whether certificates were revoked, of OCSP responders
// (RFC 6960), of the lists that certificates name, and of a folder of lists
// (RFC 5280 section 5).
//
// [ReadOCSP] and [ReadCRL] read one answer, authenticate it and touch neither
// network nor clock. [Run] is a scan's last phase: it reads the certificates
// that the evidence has, asks about each one whose issuer is known, and emits
// one record for each certificate and source, in the order of the evidence.
//
// What cannot be authenticated is never good, and what cannot be had is a
// record with an error. Whether an answer is old is not judged here: its times
// are facts.
package revoke
