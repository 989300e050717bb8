package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"certaudit/policies"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "policy",
		Short:   "List, show and check policies",
		Example: "  certaudit policy list\n  certaudit policy show baseline\n  certaudit policy check acme.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.policyList(), a.policyShow(), a.policyCheck())
	return c
}

func (a *app) policyList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the built-in policies and the checks that rules may use",
		Example: "  certaudit policy list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var b strings.Builder
			w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
			fmt.Fprintf(w, "POLICY\tEDITION\tTITLE\n")
			for _, p := range policies.Builtin() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", p.ID, p.Version, p.Title)
			}
			fmt.Fprintf(w, "\nCHECK\tUNIT\tHOLDS WHEN\n")
			for _, c := range policies.Checks() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, c.Unit, c.Title)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			a.out.printf("%s", b.String())
			return nil
		},
	}
}

func (a *app) policyShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME|FILE|CHECK...",
		Short:   "Show what a policy tests, with what it inherits, or how a check is set",
		Example: "  certaudit policy show soc2\n  certaudit policy show key-size",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			for i, name := range args {
				if i > 0 {
					a.out.printf("\n")
				}
				if c := checkNamed(name); c != nil {
					a.out.printf("%s", describeCheck(c))
					continue
				}
				set, err := loadPolicies([]string{name})
				if err != nil {
					return err
				}
				a.out.printf("%s", describeSet(set))
			}
			return nil
		},
	}
}

func (a *app) policyCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check NAME|FILE...",
		Short:   "Check policies for mistakes, without scanning",
		Example: "  certaudit policy check acme.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := loadPolicies(args)
			if err != nil {
				return err
			}
			a.out.printf("%s: %s, mapped to %s; no mistakes.\n", strings.Join(args, ", "), counted(len(set.Rules), "rule"), counted(len(set.Controls), "control"))
			return nil
		},
	}
}

func checkNamed(id string) *policies.Check {
	for _, c := range policies.Checks() {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func describeCheck(c *policies.Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "check %s (%s): %s\n\n  Why     %s\n  Remedy  %s\n", c.ID, c.Unit, c.Title, c.Why, c.Remedy)
	if len(c.Params) > 0 {
		b.WriteString("\n  Parameters\n")
	}
	for _, p := range c.Params {
		fmt.Fprintf(&b, "    %s (%s, default %s): %s\n", p.Name, p.Type, cmp.Or(p.Default, "none"), p.Doc)
	}
	return b.String()
}

func describeSet(set *policies.Set) string {
	var b strings.Builder
	for _, p := range set.Policies {
		fmt.Fprintf(&b, "policy %s edition %s (%s): %s\n  sha256 %s\n", p.ID, p.Version, p.Origin, p.Title, p.SHA256)
		if p.Description != "" {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(strings.TrimSpace(p.Description), "\n", "\n  "))
		}
	}
	for _, r := range set.Rules {
		fmt.Fprintf(&b, "\n%s  %s  %s\n  %s\n  test: %s\n", r.ID, r.Severity, r.Check.ID, r.Title, r.Test.Requires)
		if s := r.When.String(); s != "everywhere" {
			fmt.Fprintf(&b, "  when: %s\n", s)
		}
		if r.Basis != "" {
			fmt.Fprintf(&b, "  basis: %s\n", r.Basis)
		}
		if len(r.Controls) > 0 {
			fmt.Fprintf(&b, "  controls: %s\n", strings.Join(r.Controls, ", "))
		}
	}
	return b.String()
}
