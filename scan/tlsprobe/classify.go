package tlsprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"certaudit/scan"
)

// A failure is why a step did not succeed.
type failure struct {
	stage  scan.Stage
	reason scan.Reason
	detail string

	temporary bool // worth one more attempt
	alert     int  // the alert that the peer sent, or -1
	ours      bool // crypto/tls gave up, the peer did not
	attempts  int  // of a probe
	mute      bool // the peer ended it without a word on what was offered, which some mean as a refusal
}

func (f *failure) with(stage scan.Stage) *failure {
	g := *f
	g.stage = stage
	return &g
}

// errTimeout is the cause of a context whose end is our own deadline; any
// other end is an interrupted run.
var errTimeout = errors.New("deadline of the endpoint passed")

// ended tells apart the ends of a context. It is nil where ctx, or the time of
// its own that a connection had, is not what ended the step.
func ended(ctx context.Context, err error) *failure {
	switch {
	case ctx.Err() != nil && context.Cause(ctx) != errTimeout:
		return &failure{reason: scan.ReasonInterrupted, alert: -1}
	case ctx.Err() != nil, isTimeout(err):
		return &failure{reason: scan.ReasonTimeout, detail: errorText(err), alert: -1}
	}
	return nil
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

func classifyResolve(ctx context.Context, err error) *failure {
	if f := ended(ctx, err); f != nil {
		return f.with(scan.StageResolve)
	}
	f := &failure{stage: scan.StageResolve, reason: scan.ReasonNotObtained, detail: errorText(err), alert: -1}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		f.detail = dns.Err // the rest names the resolver's address
		f.temporary = dns.IsTemporary
		if dns.IsNotFound {
			f.reason, f.temporary = scan.ReasonNotFound, false
		}
	}
	return f
}

// classifyConnect is nil where err is.
func classifyConnect(ctx context.Context, err error) *failure {
	if err == nil {
		return nil
	}
	if f := ended(ctx, err); f != nil {
		return f.with(scan.StageConnect)
	}
	f := &failure{stage: scan.StageConnect, reason: scan.ReasonUnreachable, detail: errorText(err), alert: -1}
	var behind *proxyError
	switch {
	case errors.As(err, &behind):
		f.reason = scan.ReasonProxy
	case isErrno(err, syscall.ECONNREFUSED, 10061):
		f.reason = scan.ReasonRefused
	case isReset(err):
		f.reason, f.temporary = scan.ReasonReset, true
	case isErrno(err, syscall.EACCES, 10013), isErrno(err, syscall.EPERM, 10013):
		f.reason = scan.ReasonPermission
	case isErrno(err, syscall.EMFILE, 10024), isErrno(err, syscall.ENFILE, 10024):
		f.reason, f.temporary = scan.ReasonTooMany, true // descriptors of ours
	}
	return f
}

// classifyHandshake names what went wrong once there was a connection. seen
// is what the peer had sent by then.
func classifyHandshake(ctx context.Context, err error, seen []byte) *failure {
	f := &failure{stage: scan.StageHandshake, reason: scan.ReasonHandshakeFailure, detail: errorText(err), alert: -1}
	var op *net.OpError
	switch end := ended(ctx, err); {
	case errors.Is(err, errNotTLS), len(seen) > 0 && !looksLikeTLS(seen[:min(len(seen), 5)]):
		f.reason = scan.ReasonNotTLS
	case end != nil:
		return end.with(scan.StageHandshake)
	case errors.Is(err, errTooMuch):
		f.stage, f.reason = scan.StageLimit, scan.ReasonTooLarge
	case errors.Is(err, errBudget):
		f.stage, f.reason = scan.StageLimit, scan.ReasonBudget
	case isReset(err):
		f.reason, f.temporary = scan.ReasonReset, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.reason = scan.ReasonClosed
	case !errors.As(err, &op), op.Op == "local error": // an alert that crypto/tls sent
		f.ours = true
	}
	return f
}

// isReset covers the write to a connection that the peer has reset.
func isReset(err error) bool {
	return isErrno(err, syscall.ECONNRESET, 10054) || isErrno(err, syscall.EPIPE, 10058) || isErrno(err, syscall.ECONNABORTED, 10053)
}

// isErrno compares with the number that the system uses: Windows has its own
// for sockets.
func isErrno(err error, unix syscall.Errno, windows uintptr) bool {
	var e syscall.Errno
	if !errors.As(err, &e) {
		return false
	}
	return e == unix || runtime.GOOS == "windows" && uintptr(e) == windows
}

const maxDetail = 240 // bytes of library text in a record

// errorText leaves out what differs between runs (the addresses and ports of
// a socket) and bounds the rest.
func errorText(err error) string {
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &record):
		err = errors.New(record.Msg)
	case errors.As(err, &op) && op.Err != nil && op.Op != "remote error":
		err = op.Err
	}
	s := strings.Map(printable, strings.ToValidUTF8(strings.TrimPrefix(err.Error(), "tls: "), "?"))
	if len(s) > maxDetail {
		s = s[:maxDetail]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}

// printable keeps a peer's control characters out of records.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}
