package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"certaudit/scan"
)

// passwordFlags name where passwords of keystores come from. None is ever an
// argument, and none reaches an output.
type passwordFlags struct {
	files    []string
	envs     []string
	commands []string
	byPath   []passwordFor // from the configuration
}

// A passwordFor is one line of the configuration's passwords: the variable that
// holds the password of the stores under a glob.
type passwordFor struct {
	Path string `yaml:"path"`
	Env  string `yaml:"env"`
}

func (f *passwordFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.files, "password-file", nil, "file with passwords to try on keystores, one a line; repeatable")
	flags.StringArrayVar(&f.envs, "password-env", nil, "environment variable with a password to try on keystores; repeatable")
	flags.StringArrayVar(&f.commands, "password-command", nil, "program that prints a keystore's password; run without a shell, the path is its last argument; repeatable")
}

// The bounds on sources of passwords.
const (
	maxPasswordFile    = 1 << 20
	maxPassword        = 64 << 10
	passwordTimeout    = 10 * time.Second
	passwordAfterwards = time.Second // for a program's children to let go of its output
)

// passwords gives the passwords to try on each path. It is safe for concurrent
// use.
type passwords struct {
	all      [][]byte
	byPath   []globPassword
	commands [][]string

	mu       sync.Mutex
	failures []string
}

type globPassword struct {
	glob     string
	password []byte
}

// load reads the files and variables, so that a mistake in them ends the run
// before it begins.
func (f *passwordFlags) load(getenv func(string) string) (*passwords, error) {
	p := &passwords{}
	for _, name := range f.files {
		text, err := readBounded(name, maxPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("--password-file: %w", err)
		}
		for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
			p.all = append(p.all, bytes.TrimRight(line, "\r\n"))
		}
	}
	for _, name := range f.envs {
		value := getenv(name)
		if value == "" {
			return nil, errors.New("--password-env: the variable is empty or not set") // unnamed: a password may stand there by mistake
		}
		p.all = append(p.all, []byte(value))
	}
	for i, c := range f.byPath {
		if err := scan.CheckGlob(c.Path); err != nil || c.Path == "" {
			return nil, fmt.Errorf("configuration: passwords, entry %d: path %q is no glob", i+1, c.Path)
		}
		value := getenv(c.Env)
		if value == "" {
			return nil, fmt.Errorf("configuration: passwords, entry %d: the variable %q is empty or not set", i+1, c.Env)
		}
		p.byPath = append(p.byPath, globPassword{c.Path, []byte(value)})
	}
	for _, c := range f.commands {
		words := strings.Fields(c)
		if len(words) == 0 {
			return nil, errors.New("--password-command: no program is named")
		}
		if _, err := exec.LookPath(words[0]); err != nil {
			return nil, fmt.Errorf("--password-command: %w", err)
		}
		p.commands = append(p.commands, words)
	}
	return p, nil
}

// given tells for the record which sources the scan had, never what they hold.
func (f *passwordFlags) given() string {
	var kinds []string
	for _, k := range []struct {
		name string
		n    int
	}{{"file", len(f.files)}, {"env", len(f.envs)}, {"command", len(f.commands)}, {"configuration", len(f.byPath)}} {
		if k.n > 0 {
			kinds = append(kinds, k.name)
		}
	}
	return strings.Join(kinds, " ")
}

// forPath gives the passwords for one path: those that name it first, then what
// the programs print, then those for every path.
func (p *passwords) forPath(path string) [][]byte {
	var all [][]byte
	for _, g := range p.byPath {
		if scan.MatchGlob(g.glob, path) {
			all = append(all, g.password)
		}
	}
	for _, words := range p.commands {
		password, err := askProgram(words, path)
		if err != nil {
			p.failed(fmt.Sprintf("--password-command for %s: %v", path, err))
			continue
		}
		all = append(all, password)
	}
	return append(all, p.all...)
}

// askProgram runs a program with the path as its last argument and gives the
// first line that it prints.
func askProgram(words []string, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), passwordTimeout)
	defer cancel()
	if strings.HasPrefix(path, "-") {
		path = "./" + path // a file's name is no option
	}
	c := exec.CommandContext(ctx, words[0], append(slices.Clone(words[1:]), path)...)
	c.WaitDelay = passwordAfterwards
	var out firstLine
	c.Stdout = &out
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("no answer in %v", passwordTimeout)
		}
		return nil, err
	}
	line, _, err := bufio.NewReader(&out.text).ReadLine()
	if err != nil {
		return nil, errors.New("it printed nothing")
	}
	return line, nil
}

// A firstLine keeps what can belong to a password and drops the rest.
type firstLine struct{ text bytes.Buffer }

func (w *firstLine) Write(b []byte) (int, error) {
	if room := maxPassword - w.text.Len(); room > 0 {
		w.text.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (p *passwords) failed(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = append(p.failures, text)
}

// maxWarnings bounds what warn prints.
const maxWarnings = 5

// warn says at the end of the scan which programs failed.
func (p *passwords) warn(out *printer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.failures)
	for i, text := range p.failures {
		if i == maxWarnings {
			out.printf("certaudit: and %d more\n", len(p.failures)-i)
			return
		}
		out.printf("certaudit: %s\n", inline(text))
	}
}
