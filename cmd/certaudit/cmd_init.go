package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"certaudit/templates"
)

//go:embed starter
var starter embed.FS

func (a *app) initCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "init [flags] [DIR]",
		Short: "Write starting files: settings and a policy, or a copy of the report templates",
		Long: `init writes certaudit.yaml and policies/acme.yaml into DIR (the working directory),
commented and ready to edit. With --templates it writes the report templates
instead. A file that exists is never overwritten.`,
		Example: "  certaudit init\n  certaudit init --templates report-templates",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if dir != "" {
				return a.unpack(templates.FS, ".", dir)
			}
			to := "."
			if len(args) == 1 {
				to = args[0]
			}
			return a.unpack(starter, "starter", to)
		},
	}
	c.Flags().StringVar(&dir, "templates", "", "write a copy of the report templates to this folder instead")
	return c
}

// unpack copies embedded files below root to a folder. It checks all names
// before it writes the first.
func (a *app) unpack(from fs.FS, root, to string) error {
	var names []string
	err := fs.WalkDir(from, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		names = append(names, name)
		target := filepath.Join(to, relative(root, name))
		if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("init: %s exists already; nothing was written", target)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		target := filepath.Join(to, relative(root, name))
		text, err := fs.ReadFile(from, name)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(target), 0o755)
		}
		if err == nil {
			err = writeNew(target, text)
		}
		if err != nil {
			return fmt.Errorf("init: %w", err)
		}
		a.out.printf("wrote %s\n", inline(target))
	}
	return nil
}

func relative(root, name string) string {
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return name
	}
	return rel
}

// writeNew writes a file that must not exist.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
