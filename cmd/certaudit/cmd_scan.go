package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"certaudit/policies"
	"certaudit/scan"
	"certaudit/scan/certfile"
	"certaudit/scan/revoke"
	"certaudit/scan/tlsprobe"
)

// scanFlags shape a scan.
type scanFlags struct {
	lists    []string
	excludes []string
	anchors  []string
	jobs     int
	timeout  time.Duration
	offline  bool
	roots    []string
	vantage  string
	depth    string

	limits []string // NAME=VALUE
	noKeys bool

	passwords  passwordFlags
	reach      reachFlags
	manners    mannersFlags
	revocation revocationFlags

	bounds      certfile.Limits
	excludeFile map[string]string // from the configuration
}

func (f *scanFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVarP(&f.lists, "targets", "t", nil, "file with one target a line, # comments; - is standard input; repeatable")
	flags.StringArrayVar(&f.excludes, "exclude", nil, "GLOB=REASON: leave files out of scope, counted and printed with the reason; repeatable")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "units observed at once (files: number of processors; endpoints: 128)")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "deadline for one endpoint")
	flags.BoolVar(&f.offline, "offline", false, "open no socket and ask no DNS")
	flags.StringSliceVar(&f.roots, "roots", []string{"mozilla"}, "trust anchors: mozilla (embedded, dated), system, or files; repeatable")
	flags.StringVar(&f.vantage, "vantage", "", "name of the place where the scan stands")
	flags.StringVar(&f.depth, "depth", "standard", "how deep to probe endpoints: standard (one handshake, and what the policies ask for) or full")
	flags.StringArrayVar(&f.limits, "limit", nil, "NAME=VALUE: what one file may cost, such as file-time=30s; repeatable")
	flags.BoolVar(&f.noKeys, "no-private-keys", false, "parse no key material: a private key is recorded, and nothing more")
	f.passwords.register(flags)
	f.reach.register(flags)
	f.manners.register(flags)
	f.revocation.register(flags)
}

func (f *scanFlags) configure(flags *pflag.FlagSet, s settings) error {
	take(flags, "jobs", &f.jobs, s.Jobs, s.Jobs != 0)
	take(flags, "offline", &f.offline, s.Offline, s.Offline)
	take(flags, "roots", &f.roots, s.Roots, s.Roots != nil)
	take(flags, "vantage", &f.vantage, s.Vantage, s.Vantage != "")
	f.anchors, f.excludeFile, f.passwords.byPath = s.Anchors, s.Exclude, s.Passwords
	if s.Timeout != "" && !flags.Changed("timeout") {
		d, err := time.ParseDuration(s.Timeout)
		if err != nil {
			return fmt.Errorf("configuration: timeout: %w", err)
		}
		f.timeout = d
	}
	f.revocation.configure(flags, s)
	take(flags, "no-private-keys", &f.noKeys, s.NoPrivateKeys, s.NoPrivateKeys)
	if err := f.bound(s.Limits); err != nil {
		return err
	}
	if f.timeout <= 0 {
		return fmt.Errorf("--timeout %v: give a time above zero", f.timeout)
	}
	take(flags, "depth", &f.depth, s.Depth, s.Depth != "")
	if !slices.Contains([]string{"standard", "full"}, f.depth) {
		return fmt.Errorf("--depth %q: not one of standard, full", f.depth)
	}
	if f.jobs < 0 {
		return fmt.Errorf("--jobs %d: give a number above zero", f.jobs)
	}
	if err := f.reach.configure(flags, s); err != nil {
		return err
	}
	return f.manners.configure(flags, s)
}

// bound sets the bounds on one file, flags over the configuration.
func (f *scanFlags) bound(configured map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		if err := f.boundOne("configuration: limits", name, configured[name]); err != nil {
			return err
		}
	}
	for _, text := range f.limits {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("--limit %q: want NAME=VALUE, such as file-time=30s", text)
		}
		if err := f.boundOne("--limit", name, value); err != nil {
			return err
		}
	}
	return nil
}

func (f *scanFlags) boundOne(where, name, value string) error {
	if names := certfile.LimitNames(); !slices.Contains(names, name) {
		return fmt.Errorf("%s: no bound is called %q%s", where, name, policies.DidYouMean(name, names))
	}
	if err := f.bounds.Set(name, value); err != nil {
		return fmt.Errorf("%s: %s: %w", where, name, err)
	}
	return nil
}

// commonFlags are those of every command that writes a folder.
type commonFlags struct {
	config   string
	policy   []string
	out      string
	quiet    bool
	progress string
}

func (f *commonFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.config, "config", "c", "", "settings (certaudit.yaml in the working directory, when present)")
	flags.StringArrayVarP(&f.policy, "policy", "p", []string{"baseline"}, "policy by name or file; NAME@EDITION pins a pack; repeatable")
	flags.StringVarP(&f.out, "out", "o", "certaudit-report", "folder for everything that is written")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print errors only")
	flags.StringVar(&f.progress, "progress", "auto", "progress on standard error: auto, plain or none")
}

func (f *commonFlags) configure(flags *pflag.FlagSet) (settings, error) {
	s, err := loadSettings(f.config)
	if err != nil {
		return s, err
	}
	take(flags, "policy", &f.policy, s.Policy, len(s.Policy) > 0)
	take(flags, "out", &f.out, s.Out, s.Out != "")
	if !slices.Contains([]string{"auto", "plain", "none"}, f.progress) {
		return s, fmt.Errorf("--progress %q: not one of auto, plain, none", f.progress)
	}
	return s, nil
}

func (a *app) scanCommand() *cobra.Command {
	var common commonFlags
	var flags scanFlags
	c := &cobra.Command{
		Use:   "scan [flags] TARGET...",
		Short: "Collect facts into evidence, without judging them",
		Long: `scan observes every target and writes evidence.jsonl: facts, one JSON object a
line, enough to judge again later without the network. A TARGET is a file, a
directory, host, host:port, https://host, a block or range of addresses
(192.0.2.0/28, 192.0.2.10-20:8443), or - for certificates on standard input. The
policies decide only which further hellos are sent to endpoints.`,
		Example: "  certaudit scan --policy soc2 --out evidence ./certs example.test:443",
		RunE: func(c *cobra.Command, args []string) error {
			s, err := common.configure(c.Flags())
			if err != nil {
				return err
			}
			if err := flags.configure(c.Flags(), s); err != nil {
				return err
			}
			set, err := loadPolicies(common.policy)
			if err != nil {
				return err
			}
			return a.scanOnly(c.Context(), &common, &flags, append(s.Targets, args...), len(s.Targets), set)
		},
	}
	common.register(c.Flags())
	flags.register(c.Flags())
	return c
}

func loadPolicies(names []string) (*policies.Set, error) {
	return policies.Load(names, policies.LoadOptions{Open: func(path string) (io.ReadCloser, error) { return openFile(path) }})
}

func (a *app) scanOnly(ctx context.Context, common *commonFlags, flags *scanFlags, args []string, listed int, set *policies.Set) error {
	plan, err := a.plan(flags, args, listed, common.out, set)
	if err != nil {
		return err
	}
	out, err := a.work.openFolder(common.out)
	if err != nil {
		return err
	}
	file, done, err := a.collect(ctx, common, plan, out)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := out.seal(); err != nil {
		return err
	}
	if !common.quiet {
		a.out.printf("%s\n", done.sentence())
		a.out.printf("Evidence: %s\n", inline(out.path(evidenceName)))
	}
	if !done.complete || done.notAssessed > 0 || done.revocation.Unanswered > 0 {
		a.code = exitIncomplete
	}
	return nil
}

// A scanPlan is everything a scan needs, checked before anything is written.
type scanPlan struct {
	targets  []scan.Target
	sources  map[scan.TargetKind]scan.Source
	run      scan.RunRecord
	fileJobs int
	endJobs  int

	passwords *passwords
	manners   mannersFlags
	pace      *pace
	notice    string // what the user should know of the plan

	revocation *revoke.Options // nil unless it was asked for
}

// endpointJobs is how many endpoints are under way at once unless --jobs says.
const endpointJobs = 128

// plan reads targets, roots and policies. The first listed args come from the
// configuration, where only ./, ../, / and file: mark a path.
func (a *app) plan(f *scanFlags, args []string, listed int, out string, set *policies.Set) (*scanPlan, error) {
	p := &scanPlan{manners: f.manners}
	p.schedule(f)
	if err := a.readTargets(p, f, args, listed); err != nil {
		return nil, err
	}
	if f.manners.resume && slices.ContainsFunc(p.targets, func(t scan.Target) bool { return t.Kind == scan.StdinTarget }) {
		return nil, errors.New("--resume: standard input cannot be read again; name files")
	}
	excludes, err := parseExcludes(f.excludes, f.excludeFile)
	if err != nil {
		return nil, err
	}
	ders, digests, err := loadRoots(f.roots)
	if err != nil {
		return nil, err
	}
	p.run.Roots, p.run.Excludes = digests, excludes
	for _, probe := range set.Probes() {
		p.run.Probes = append(p.run.Probes, probe.String())
	}
	if f.depth == "full" {
		p.run.Probes = append(p.run.Probes, scan.FullDepth()...)
		slices.Sort(p.run.Probes)
		p.run.Probes = slices.Compact(p.run.Probes)
	}
	p.run.Probes = f.reach.probes(p.run.Probes)
	if p.passwords, err = f.passwords.load(a.getenv); err != nil {
		return nil, err
	}
	var roots *tlsprobe.Roots // nil where no path is asked for: to read them costs as much as thousands of files
	if slices.ContainsFunc(p.targets, func(t scan.Target) bool { return t.Kind == scan.EndpointTarget }) {
		roots = tlsprobe.NewRoots(ders)
	}
	options := tlsprobe.Options{Timeout: f.timeout, Roots: roots, Probes: p.run.Probes, Offline: f.offline, Staple: readStaple, Now: a.now,
		Dial: p.pace.dialer((&net.Dialer{KeepAlive: -1}).DialContext)}
	if err := f.reach.apply(&options, a.getenv, p.passwords.forPath); err != nil {
		return nil, err
	}
	prober, err := tlsprobe.New(options)
	if err != nil {
		return nil, err
	}
	files := certfile.New(certfile.Options{Targets: p.targets, Excludes: excludes, Anchors: f.anchors, Roots: sums(ders), Stdin: a.stdin,
		Writing: filepath.Join(out, partialName), Passwords: p.passwords.forPath, Limits: f.bounds, NoPrivateKeys: f.noKeys, Now: a.now})
	p.sources = map[scan.TargetKind]scan.Source{scan.PathTarget: files, scan.StdinTarget: files, scan.EndpointTarget: p.pace.source(prober),
		scan.BadTarget: scan.BadTargets{Now: a.now}}
	p.describe(f)
	if p.revocation, err = f.revocation.load(f, ders, options.Proxy, &p.run); err != nil {
		return nil, err
	}
	if p.revocation != nil {
		p.revocation.Pace = p.pace.dialer
		p.run.Probes = append(p.run.Probes, scan.ProbeRevocation)
		slices.Sort(p.run.Probes)
	}
	return p, nil
}

// schedule decides how much is under way at once, and how fast it begins.
func (p *scanPlan) schedule(f *scanFlags) {
	files, endpoints := f.jobs, f.jobs
	if f.jobs == 0 {
		files, endpoints = runtime.GOMAXPROCS(0), endpointJobs
	}
	allowed, lowered := descriptors(), false
	if p.fileJobs, p.endJobs, lowered = fit(files, endpoints, allowed); lowered {
		p.notice = fmt.Sprintf("the system allows %d open files (ulimit -n): up to %s and %s are observed at once",
			allowed, counted(p.fileJobs, "file"), counted(p.endJobs, "endpoint"))
	}
	if !f.offline {
		p.pace = newPace(f.manners.rate)
	}
}

func (p *scanPlan) describe(f *scanFlags) {
	p.run.Vantage = f.vantage
	p.run.Options = map[string]string{"timeout": f.timeout.String(), "offline": strconv.FormatBool(f.offline)}
	if set := f.bounds.String(); set != "" {
		p.run.Options["limits"] = set
	}
	if f.noKeys {
		p.run.Options["no-private-keys"] = "true"
	}
	if given := f.passwords.given(); given != "" {
		p.run.Options["passwords"] = given
	}
	f.reach.describe(p.run.Options)
	if len(f.anchors) > 0 {
		p.run.Options["anchors"] = strings.Join(f.anchors, " ")
	}
}

func sums(ders [][]byte) [][32]byte {
	var all [][32]byte
	for _, der := range ders {
		all = append(all, sha256.Sum256(der))
	}
	return all
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// collected is what a finished scan says of itself.
type collected struct {
	units, certificates, notAssessed int64
	revocation                       revoke.Summary
	complete                         bool
	took                             time.Duration
	sha256                           string // of the evidence file
}

func (c collected) sentence() string {
	s := fmt.Sprintf("%s observed, %s, %d not assessed.", counted(int(c.units), "item"), counted(int(c.certificates), "distinct certificate"), c.notAssessed) + revocationSentence(c.revocation)
	if !c.complete {
		s = "INTERRUPTED: " + s
	}
	return s
}

// collect runs the scan into evidence.jsonl, which it returns open for reading.
func (a *app) collect(ctx context.Context, common *commonFlags, p *scanPlan, out *folder) (*os.File, collected, error) {
	run := p.run
	run.Version, run.Started, run.Operator, run.Host = version, a.started, operator(), hostname()
	run.CIURL, run.Command = ciURL(a.getenv), maskCommand(a.args)
	run.Selftest = "passed"
	if err := selftest(); err != nil {
		run.Selftest = err.Error()
	}
	var err error
	if run.BinarySHA256, err = binarySHA256(); err != nil {
		return nil, collected{}, fmt.Errorf("digest of this program: %w", err)
	}
	open := out.begin
	if p.manners.resume {
		open = out.reopen
	}
	file, err := open()
	if err != nil {
		return nil, collected{}, err
	}
	done, err := a.observe(ctx, common, p, run, file)
	if err == nil {
		err = out.finish(file, done.sha256)
	}
	if err != nil {
		file.Close()
		return nil, done, err
	}
	if !done.complete && !common.quiet {
		a.err.printf("certaudit: the same command with --resume goes on from here\n")
	}
	return file, done, nil
}

func (a *app) observe(ctx context.Context, common *commonFlags, p *scanPlan, run scan.RunRecord, file *os.File) (collected, error) {
	disk := &flusher{file: file}
	w, past, err := p.writer(disk, run, a.started)
	if err != nil {
		return collected{}, err
	}
	if p.notice != "" && !common.quiet {
		a.err.printf("certaudit: %s\n", p.notice)
	}
	var progress scan.Progress
	show := a.showProgress(common, &progress)
	began := a.now()
	pacing, stopPacing := context.WithCancel(ctx)
	defer stopPacing()
	go p.pace.run(pacing)
	complete, err := scan.Run(ctx, p.targets, p.sources, scan.Options{FileWorkers: p.fileJobs, EndpointWorkers: p.endJobs,
		PerHost: p.manners.limit, Past: past, Now: a.now, Progress: &progress}, w)
	show()
	p.passwords.warn(a.err)
	var revocation revoke.Summary
	if err == nil {
		if p.revocation != nil && ctx.Err() == nil && !common.quiet && common.progress != "none" {
			a.err.printf("certaudit: asking about revocation\n")
		}
		revocation, err = a.askRevocation(ctx, p.revocation, w, file)
	}
	if err := errors.Join(err, disk.wait()); err != nil {
		return collected{}, err
	}
	complete = complete && (p.revocation == nil || ctx.Err() == nil)
	if err := w.Finish(a.now().UTC().Truncate(time.Second), complete); err != nil {
		return collected{}, err
	}
	return collected{units: progress.Done.Load(), certificates: progress.Certificates.Load(), revocation: revocation,
		notAssessed: progress.NotAssessed.Load(), complete: complete, took: a.now().Sub(began), sha256: w.SHA256()}, nil
}
