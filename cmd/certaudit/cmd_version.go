package main

import (
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print version, digest of this program, Go version and the date of the embedded roots",
		Example: "  certaudit version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			sum, err := binarySHA256()
			if err != nil {
				return err
			}
			a.out.printf("certaudit %s\nbinary sha256 %s\n%s %s/%s\nmozilla roots %s\n", version, sum, runtime.Version(), runtime.GOOS, runtime.GOARCH, bundleDate())
			return nil
		},
	}
}
