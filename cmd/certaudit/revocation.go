package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"certaudit/policies"
	"certaudit/scan"
	"certaudit/scan/certfile"
	"certaudit/scan/revoke"
	"certaudit/scan/tlsprobe"
)

// revocationFlags say whether a scan asks about revocation, and where.
type revocationFlags struct {
	ask     bool
	dir     string
	private bool
}

func (f *revocationFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.ask, "revocation", false, "ask the OCSP responders and fetch the revocation lists that certificates name; nothing else makes a scan call out")
	flags.StringVar(&f.dir, "crl-dir", "", "folder of revocation lists (DER or PEM) to look certificates up in; needs no network")
	flags.BoolVar(&f.private, "allow-private-fetch", false, "let --revocation follow URLs to loopback, private and other internal addresses")
}

func (f *revocationFlags) configure(flags *pflag.FlagSet, s settings) {
	take(flags, "revocation", &f.ask, s.Revocation, s.Revocation)
	take(flags, "crl-dir", &f.dir, s.CRLDir, s.CRLDir != "")
	take(flags, "allow-private-fetch", &f.private, s.AllowPrivateFetch, s.AllowPrivateFetch)
}

// asked tells whether the scan looks for revocations at all.
func (f *revocationFlags) asked() bool { return f.ask || f.dir != "" }

// load reads the folder, so that a mistake in it ends the run before it begins,
// and records what was asked for. It gives nil where nothing was. What is fetched
// goes through the proxy of the scan, nil for none.
func (f *revocationFlags) load(scanning *scanFlags, roots [][]byte, proxy *tlsprobe.Proxy, run *scan.RunRecord) (*revoke.Options, error) {
	if !f.asked() {
		return nil, nil
	}
	o := &revoke.Options{Fetch: f.ask, Offline: scanning.offline, Private: f.private, Roots: roots, Timeout: scanning.timeout}
	if proxy != nil {
		o.Proxy = proxy.URL()
	}
	if f.ask {
		run.Options["revocation"] = "true"
	}
	if f.private {
		run.Options["allow-private-fetch"] = "true"
	}
	if f.dir == "" {
		return o, nil
	}
	var err error
	if o.Lists, err = revoke.ReadLists(f.dir); err != nil {
		return nil, fmt.Errorf("--crl-dir: %w", err)
	}
	run.Options["crl-dir"] = fmt.Sprintf("%s: %s, SHA-256 %s", certfile.CleanPath(f.dir), counted(o.Lists.Len(), "list"), o.Lists.SHA256())
	return o, nil
}

// readStaple reads what an endpoint stapled.
func readStaple(response, leaf, issuer []byte) (said scan.Revocation, scts int) {
	return revoke.ReadOCSP(response, leaf, issuer), revoke.SCTs(response, leaf, issuer)
}

// askRevocation is the last phase of a scan: it reads back the certificates
// that were found, and writes what their authorities say of them.
func (a *app) askRevocation(ctx context.Context, opt *revoke.Options, w *scan.Writer, file *os.File) (revoke.Summary, error) {
	if opt == nil || ctx.Err() != nil {
		return revoke.Summary{}, nil
	}
	if err := w.Flush(); err != nil {
		return revoke.Summary{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return revoke.Summary{}, fmt.Errorf("revocation: %w", err)
	}
	opt.Now = a.now
	done, err := revoke.Run(ctx, file, info.Size(), *opt, w.Append)
	if err != nil {
		return done, fmt.Errorf("revocation: %w", err)
	}
	return done, nil
}

// judgesRevocation tells whether some rule wants what was asked about.
func judgesRevocation(set *policies.Set) bool {
	return slices.ContainsFunc(set.Rules, func(r *policies.Rule) bool { return r.Check.ID == "revoked" })
}

// revocationSentence is empty where nobody was asked.
func revocationSentence(s revoke.Summary) string {
	if s.Asked == 0 {
		return ""
	}
	return fmt.Sprintf(" Revocation: %s asked about, %d of them without an answer that counts.", counted(s.Asked, "certificate"), s.Unanswered)
}
