package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
	"certaudit/templates"
)

// reportFlags shape what is made of evidence.
type reportFlags struct {
	formats   []string
	failOn    string
	asOf      string
	allow     string
	templates string
	document  document
	picked    []formatEntry
	options   report.Options
}

// allowAll is what a bare --allow-incomplete means.
const allowAll = "all"

func (f *reportFlags) register(flags *pflag.FlagSet) {
	flags.StringSliceVarP(&f.formats, "format", "f", []string{"pdf", "xlsx", "json"}, "report formats: "+formatNames(formats()))
	flags.StringVar(&f.failOn, "fail-on", "high", "least severity that is a violation: critical, high, medium, low, none")
	flags.StringVar(&f.asOf, "as-of", "", "evaluate at this RFC 3339 instant, or at the last second of this date in UTC (start of the evidence)")
	flags.StringVar(&f.allow, "allow-incomplete", "", "accept what was not assessed at these stages; bare: all")
	flags.Lookup("allow-incomplete").NoOptDefVal = allowAll
	flags.StringVar(&f.templates, "templates", "", "folder of report templates to lay over the built-in ones")
}

// configure reads the settings and checks every value before work begins.
func (f *reportFlags) configure(flags *pflag.FlagSet, s settings) error {
	take(flags, "format", &f.formats, s.Format, len(s.Format) > 0)
	take(flags, "fail-on", &f.failOn, s.FailOn, s.FailOn != "")
	take(flags, "templates", &f.templates, s.Templates, s.Templates != "")
	take(flags, "allow-incomplete", &f.allow, strings.Join(s.AllowIncomplete, ","), len(s.AllowIncomplete) > 0)
	f.document = s.Document
	var err error
	if f.picked, err = pickFormats(f.formats); err != nil {
		return err
	}
	o := report.Options{Document: f.document.report(), Generator: "certaudit " + version}
	if f.failOn != "none" {
		if o.FailOn, err = policies.ParseSeverity(f.failOn); err != nil || o.FailOn == policies.Info {
			return fmt.Errorf("--fail-on %q: not one of critical, high, medium, low, none%s", f.failOn, policies.DidYouMean(f.failOn, []string{"critical", "high", "medium", "low", "none"}))
		}
	}
	if o.AsOf, err = parseAsOf(f.asOf); err != nil {
		return err
	}
	switch f.allow {
	case "":
	case allowAll:
		o.AllowAll = true
	default:
		if o.AllowIncomplete, err = parseStages(f.allow); err != nil {
			return err
		}
	}
	f.options = o
	return nil
}

// checkTargets refuses a target that is the name of a stage behind a bare
// --allow-incomplete: the space would turn one stage into all of them.
func (f *reportFlags) checkTargets(args []string) error {
	for _, arg := range args {
		if f.allow == allowAll && slices.Contains(scan.Stages(), scan.Stage(arg)) {
			return fmt.Errorf("target %q: is it meant for --allow-incomplete? Write --allow-incomplete=%s, or ./%s for a file", arg, arg, arg)
		}
	}
	return nil
}

func parseStages(list string) ([]scan.Stage, error) {
	var known []string
	for _, s := range scan.Stages() {
		known = append(known, string(s))
	}
	var stages []scan.Stage
	for _, name := range strings.Split(list, ",") {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("--allow-incomplete %q: not a stage%s; stages are %s", name, policies.DidYouMean(name, known), strings.Join(known, ", "))
		}
		stages = append(stages, scan.Stage(name))
	}
	slices.Sort(stages)
	return slices.Compact(stages), nil
}

func (a *app) reportCommand() *cobra.Command {
	var common commonFlags
	var flags reportFlags
	c := &cobra.Command{
		Use:   "report [flags] EVIDENCE...",
		Short: "Evaluate and report saved evidence; opens no socket",
		Long: `report evaluates evidence files that scan or audit saved. Every certificate fact is
derived again from the certificate in the evidence; evidence that was edited or cut
is an error (exit status 2). The same evidence, policies, as-of and settings give
the same bytes.`,
		Example: "  certaudit report --policy hipaa --as-of 2026-12-31 --out q4 certaudit-report/evidence.jsonl",
		Args:    cobra.MinimumNArgs(1),
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
			return a.reportOnly(c.Context(), &common, &flags, set, args)
		},
	}
	common.register(c.Flags())
	flags.register(c.Flags())
	return c
}

func (a *app) reportOnly(ctx context.Context, common *commonFlags, flags *reportFlags, set *policies.Set, names []string) error {
	var inputs []report.Input
	for _, name := range names {
		in, err := openFile(name)
		if err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		defer in.Close()
		inputs = append(inputs, report.Input{Name: name, File: in})
	}
	audit, err := report.Build(ctx, inputs, set, flags.options)
	if err != nil {
		return err
	}
	defer audit.Close()
	out, err := a.work.openFolder(common.out)
	if err != nil {
		return err
	}
	if err := out.clearStale(inputs...); err != nil {
		return err
	}
	for i, name := range evidenceCopies(inputs) {
		if err := out.keepEvidence(name, inputs[i].File); err != nil {
			return err
		}
	}
	return a.render(ctx, common, flags, audit, out)
}

// evidenceCopies names the evidence in the output folder: evidence.jsonl, or
// numbered where there are several, so that the folder proves itself.
func evidenceCopies(inputs []report.Input) []string {
	if len(inputs) == 1 {
		return []string{evidenceName}
	}
	var names []string
	for i := range inputs {
		names = append(names, fmt.Sprintf("evidence-%d.jsonl", i+1))
	}
	return names
}

// keepEvidence copies evidence into the folder unless it is there already.
func (f *folder) keepEvidence(name string, in *os.File) error {
	from, err := in.Stat()
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if there, err := os.Lstat(f.path(name)); err == nil && os.SameFile(from, there) {
		sum, err := fileSHA256(f.path(name))
		f.done(name, sum)
		return err
	}
	return f.write(name, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(in, 0, from.Size()))
		return err
	})
}

// render writes every format, the sums and the summary, and sets the exit
// status.
func (a *app) render(ctx context.Context, common *commonFlags, flags *reportFlags, audit *report.Audit, out *folder) error {
	t, err := loadTemplate(flags.templates)
	if err != nil {
		return err
	}
	for _, f := range flags.picked {
		format, err := f.make(t)
		if err != nil {
			return fmt.Errorf("%s: %w", f.file, err)
		}
		if err := out.write(f.file, func(w io.Writer) error { return format.Write(ctx, audit, w) }); err != nil {
			return err
		}
	}
	if err := out.seal(); err != nil {
		return err
	}
	if !common.quiet {
		if err := a.summary(audit, out); err != nil {
			return err
		}
	}
	a.code = audit.Gate.ExitStatus
	return nil
}

func loadTemplate(dir string) (*report.Template, error) {
	var override fs.FS
	if dir != "" {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, fmt.Errorf("--templates: %w", err)
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("--templates %s: %w", dir, errors.New("not a folder"))
		}
		override = os.DirFS(dir)
	}
	return report.LoadTemplate(templates.FS, override)
}
