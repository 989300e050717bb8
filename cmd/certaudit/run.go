package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// The exit statuses, the same for every format.
const (
	exitCompliant  = 0 // no violation at or above --fail-on, nothing left unassessed that was not allowed
	exitViolations = 1 // violations
	exitError      = 2 // usage, configuration, input or output error; nothing claimed
	exitIncomplete = 3 // no violation, but something in scope was not assessed
)

// version is the release; a build may stamp another with -ldflags -X.
var version = "0.1.0"

// An app is what the commands share: the process's streams, its clock and the
// output folders that it has under way.
type app struct {
	stdin   io.Reader
	out     *printer // standard output
	err     *printer // standard error
	now     func() time.Time
	getenv  func(string) string
	started time.Time // the one reading of the clock that a run is dated with
	args    []string  // as typed
	code    int       // exit status of the command that ran
	work    *workshop // files under way
}

// run executes one command line and returns its exit status. When ctx ends,
// scanning stops and what was observed is reported; a second interrupt
// abandons what is under way, at once.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, out: &printer{w: stdout}, err: &printer{w: stderr}, now: time.Now, getenv: os.Getenv, args: args, work: &workshop{}}
	a.started = a.now().UTC().Truncate(time.Second)
	defer tuneCollector(a.getenv)()
	done := make(chan int, 1)
	go func() { done <- a.execute(ctx, args) }()
	again, release := secondInterrupt()
	defer release()
	select {
	case code := <-done:
		return code
	case <-again:
		a.work.abandon()
		a.err.printf("certaudit: interrupted twice; stopped at once, no report written\n")
		return exitError
	}
}

// secondInterrupt closes its channel at the second signal. The first ends the
// context that main made.
func secondInterrupt() (again <-chan struct{}, release func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ch, quit := make(chan struct{}), make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case <-signals:
				if !first {
					close(ch)
					return
				}
			case <-quit:
				return
			}
		}
	}()
	return ch, func() { signal.Stop(signals); close(quit) }
}

func (a *app) execute(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.out)
	root.SetErr(a.err)
	if err := root.ExecuteContext(ctx); err != nil {
		a.err.printf("certaudit: %v\n", withHint(err))
		return exitError
	}
	return a.code
}

// withHint adds what a person can do about an error that a library worded.
func withHint(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return errors.Join(err, errors.New("check the permissions, or choose another folder with --out"))
	}
	return err
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "certaudit",
		Short: "Audit certificates and TLS endpoints, with evidence an auditor accepts",
		Long: `certaudit reads certificate files and live TLS endpoints, evaluates them against
YAML policies, and renders PDF, Excel and JSON reports with the evidence beside them.

Exit status: 0 no violation and everything assessed, 1 violations, 2 an error,
3 no violation but something in scope was not assessed.`,
		Example:       "  certaudit demo\n  certaudit audit --policy soc2 ./certs example.test:443",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(a.auditCommand(), a.scanCommand(), a.reportCommand(), a.policyCommand(), a.initCommand(),
		a.demoCommand(), a.selftestCommand(), a.versionCommand())
	root.CompletionOptions.DisableDescriptions = false
	root.InitDefaultCompletionCmd("completion")
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Example = "  certaudit completion bash > /etc/bash_completion.d/certaudit"
		}
	}
	return root
}
