package main

import (
	"context"

	"github.com/spf13/cobra"

	"certaudit/policies"
	"certaudit/report"
)

func (a *app) auditCommand() *cobra.Command {
	var common commonFlags
	var scanning scanFlags
	var reporting reportFlags
	c := &cobra.Command{
		Use:   "audit [flags] TARGET...",
		Short: "Scan, evaluate, report: the main job",
		Long: `audit scans every target into evidence.jsonl and reports over that very file. A
TARGET is a file, a directory, host, host:port, https://host, a block or range of
addresses (192.0.2.0/28, 192.0.2.10-20:8443), or - for certificates on standard
input. A path wins over a host name; what looks like host:port or a URL
and also exists as a file is refused until it is written as ./name.`,
		Example: "  certaudit audit --policy soc2 --fail-on high ./certs example.test:443",
		RunE: func(c *cobra.Command, args []string) error {
			s, err := common.configure(c.Flags())
			if err != nil {
				return err
			}
			if err := scanning.configure(c.Flags(), s); err != nil {
				return err
			}
			if err := reporting.configure(c.Flags(), s); err != nil {
				return err
			}
			set, err := loadPolicies(common.policy)
			if err != nil {
				return err
			}
			if err := reporting.checkTargets(args); err != nil {
				return err
			}
			plan, err := a.plan(&scanning, append(s.Targets, args...), len(s.Targets), common.out, set)
			if err != nil {
				return err
			}
			return a.audit(c.Context(), &common, &reporting, set, plan)
		},
	}
	common.register(c.Flags())
	scanning.register(c.Flags())
	reporting.register(c.Flags())
	return c
}

// audit is scan, then report over the evidence that it saved. An interrupt ends
// the scanning; what was observed is reported all the same.
func (a *app) audit(ctx context.Context, common *commonFlags, flags *reportFlags, set *policies.Set, plan *scanPlan) error {
	if _, err := loadTemplate(flags.templates); err != nil { // before hours of scanning, not after
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
	if !done.complete && !common.quiet {
		a.err.printf("certaudit: interrupted; reporting what was observed (interrupt again to stop at once)\n")
	}
	if plan.revocation != nil && !judgesRevocation(set) && !common.quiet {
		a.err.printf("certaudit: no policy judges revocation, so that its answers are facts only; add --policy revocation\n")
	}
	rest := context.WithoutCancel(ctx)
	audit, err := report.Build(rest, []report.Input{{Name: out.path(evidenceName), File: file, Trusted: true}}, set, flags.options)
	if err != nil {
		return err
	}
	defer audit.Close()
	return a.render(rest, common, flags, audit, out)
}
