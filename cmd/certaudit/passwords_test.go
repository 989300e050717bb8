package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func texts(all [][]byte) []string {
	var out []string
	for _, b := range all {
		out = append(out, string(b))
	}
	return out
}

func TestPasswordSources(t *testing.T) {
	dir := t.TempDir()
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte("\ufeffone\r\n two with spaces \nthree"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "ask")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$1 $2\"\necho second line\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"A": "from a", "P12": "for p12"}
	f := passwordFlags{files: []string{list}, envs: []string{"A"}, commands: []string{program + " word"},
		byPath: []passwordFor{{Path: "**/*.p12", Env: "P12"}}}
	p, err := f.load(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	common := []string{"one", " two with spaces ", "three", "from a"}
	for path, first := range map[string][]string{
		"store/a.p12":     {"for p12", "word store/a.p12"},
		"store/$(id).jks": {"word store/$(id).jks"},
		"-x":              {"word ./-x"},
	} {
		if got, want := texts(p.forPath(path)), append(first, common...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if given := f.given(); given != "file env command configuration" {
		t.Errorf("given: %q", given)
	}
}

func TestPasswordMistakes(t *testing.T) {
	none := func(string) string { return "" }
	for name, f := range map[string]passwordFlags{
		"no file":     {files: []string{"/nowhere/at/all"}},
		"no variable": {envs: []string{"S3cret!"}},
		"no program":  {commands: []string{"/nowhere/at/all x"}},
		"no words":    {commands: []string{" "}},
		"no value":    {byPath: []passwordFor{{Path: "*", Env: "X"}}},
	} {
		if _, err := f.load(none); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "S3cret!") {
			t.Errorf("%s: the error shows what may be a password: %v", name, err)
		}
	}
}

// TestPasswordProgramFails: the run goes on, and says so without the output.
func TestPasswordProgramFails(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ask")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho hunter2\necho hunter2 >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := (&passwordFlags{commands: []string{program}}).load(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.forPath("a.jks"); len(got) != 0 {
		t.Errorf("passwords of a program that failed: %q", got)
	}
	var out strings.Builder
	p.warn(&printer{w: &out})
	if got := out.String(); !strings.Contains(got, "a.jks: exit status 3") || strings.Contains(got, "hunter2") {
		t.Errorf("warning: %q", got)
	}
}
