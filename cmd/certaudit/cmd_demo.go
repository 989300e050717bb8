package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// demoTimeout is short: the demo has one server that never answers.
const demoTimeout = 3 * time.Second

func (a *app) demoCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Audit a made-up estate of files and servers on this machine",
		Long: `demo makes certificate files of a made-up company in a temporary folder, starts TLS
servers on the loopback address, and runs the same audit over them that you would
run over your own. It needs no network and leaves only the output folder.`,
		Example: "  certaudit demo",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), out) },
	}
	c.Flags().StringVarP(&out, "out", "o", "certaudit-demo", "folder for everything that is written")
	return c
}

// demo exits 0 when it did its work: finding violations is its work.
func (a *app) demo(ctx context.Context, outDir string) error {
	temp, err := os.MkdirTemp("", "certaudit-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer os.RemoveAll(temp)
	// From within the folder the estate has short paths, as a checkout's would be.
	absolute, back, err := enter(outDir, temp)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer back()
	pki, err := newDemoPKI(a.started)
	if err != nil {
		return err
	}
	estate, err := makeDemoEstate("estate", pki)
	if err != nil {
		return err
	}
	servers, stop, err := startDemoServers(ctx, pki)
	if err != nil {
		return err
	}
	defer stop()

	common, scanning, reporting, err := demoFlags(absolute, estate.RootPEM)
	if err != nil {
		return err
	}
	set, err := loadPolicies(common.policy)
	if err != nil {
		return err
	}
	plan, err := a.plan(scanning, append([]string{estate.Dir}, servers...), 0, common.out, set)
	if err != nil {
		return err
	}
	a.out.printf("An estate of %d files in %s and %d TLS servers on the loopback address.\n\n", estate.Files, filepath.Join(temp, estate.Dir), len(servers))
	if err := a.audit(ctx, common, reporting, set, plan); err != nil {
		return err
	}
	a.out.printf(`
What to look at next:
  %[1]s   what an auditor reads first
  %[2]s  findings, inventory and endpoints to filter and comment
  %[3]s  the same for programs
  %[4]s  the facts: report them again with
      certaudit report --policy soc2 --policy hipaa --out again %[4]s
Your own: certaudit audit ./certs example.test:443
`, filepath.Join(outDir, "report.pdf"), filepath.Join(outDir, "report.xlsx"), filepath.Join(outDir, "report.json"), filepath.Join(outDir, evidenceName))
	a.code = exitCompliant
	return nil
}

// enter makes dir the working directory and returns what outDir was in the old
// one, and the way back.
func enter(outDir, dir string) (absolute string, back func(), err error) {
	old, err := os.Getwd()
	if err == nil {
		absolute, err = filepath.Abs(outDir)
	}
	if err == nil {
		err = os.Chdir(dir)
	}
	return absolute, func() { os.Chdir(old) }, err
}

// demoFlags are the flags of an everyday audit, as its command would parse them.
func demoFlags(outDir, root string) (*commonFlags, *scanFlags, *reportFlags, error) {
	var common commonFlags
	var scanning scanFlags
	var reporting reportFlags
	flags := pflag.NewFlagSet("demo", pflag.ContinueOnError)
	common.register(flags)
	scanning.register(flags)
	reporting.register(flags)
	err := flags.Parse([]string{"--policy", "soc2", "--policy", "hipaa", "--out", outDir, "--roots", root,
		"--timeout", demoTimeout.String(), "--vantage", "demo", "--depth", "full"})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("demo: %w", err)
	}
	s := settings{Document: document{Organisation: demoCompany, Classification: "Demonstration", Status: "Draft"}}
	if err := scanning.configure(flags, s); err != nil {
		return nil, nil, nil, err
	}
	return &common, &scanning, &reporting, reporting.configure(flags, s)
}
