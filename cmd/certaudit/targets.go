package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"certaudit/scan"
	"certaudit/scan/certfile"
)

// readTargets fills the plan's targets: arguments, of which the first listed
// come from the configuration, and target lists.
func (a *app) readTargets(p *scanPlan, f *scanFlags, args []string, listed int) error {
	for i, arg := range args {
		parse := scan.ParseListed
		if i >= listed {
			parse = func(arg string) (scan.Target, error) { return scan.ParseArgument(arg, exists) }
		}
		t, err := parse(arg)
		if err == nil {
			t, err = t.OnPorts(f.reach.ports)
		}
		if err != nil {
			return err
		}
		p.targets = append(p.targets, t)
		p.run.Targets = append(p.run.Targets, certfile.CleanPath(arg))
	}
	for _, name := range f.lists {
		targets, digest, err := a.readList(p.targets, name, f.reach.ports)
		if err != nil {
			return err
		}
		p.targets, p.run.TargetLists = targets, append(p.run.TargetLists, digest)
	}
	p.targets = scan.Once(p.targets)
	if len(p.targets) == 0 {
		return errors.New("no target: name a file, a directory, host, host:port or URL, or a list with --targets")
	}
	return onlyOneStdin(p.targets, f.lists)
}

func onlyOneStdin(targets []scan.Target, lists []string) error {
	n := 0
	for _, t := range targets {
		if t.Kind == scan.StdinTarget {
			n++
		}
	}
	for _, l := range lists {
		if l == "-" {
			n++
		}
	}
	if n > 1 {
		return fmt.Errorf("standard input (-) is named %d times; it can be read once", n)
	}
	return nil
}

// The bounds of a target list: some million lines.
const (
	maxList     = 64 << 20
	maxListLine = 1 << 16
)

// readList appends the targets of a file, which it reads as a stream: one target
// a line, # comments on lines of their own, or after a host. A line that names
// nothing costs one record.
func (a *app) readList(targets []scan.Target, name string, ports scan.Ports) ([]scan.Target, scan.Digest, error) {
	in := a.stdin
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return nil, scan.Digest{}, fmt.Errorf("target list: %w", err)
		}
		defer f.Close()
		in = f
	}
	bounded := &io.LimitedReader{R: in, N: maxList + 1}
	sum := sha256.New()
	lines := bufio.NewReaderSize(io.TeeReader(bounded, sum), maxListLine+1)
	before := len(targets)
	for n := 1; ; n++ {
		line, err := readLine(lines)
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			targets = append(targets, listedTarget(name, n, string(line), ports))
		}
		if bounded.N <= 0 {
			err = fmt.Errorf("larger than %d bytes; split it", maxList)
		}
		if err == io.EOF {
			return targets, scan.Digest{Name: certfile.CleanPath(name), SHA256: hex.EncodeToString(sum.Sum(nil)), Count: len(targets) - before}, nil
		}
		if err != nil {
			return nil, scan.Digest{}, fmt.Errorf("target list %s: %w", name, err)
		}
	}
}

// readLine gives one line, valid until the next. Of one that is longer than
// the reader's buffer it gives as much as fits there, and skips the rest.
func readLine(r *bufio.Reader) (line []byte, err error) {
	line, err = r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	line = bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		_, err = r.ReadSlice('\n')
	}
	return line, err
}

// listedTarget reads one line. A comment behind a host is cut off; a path may
// have any character in it.
func listedTarget(list string, n int, line string, ports scan.Ports) scan.Target {
	t, err := scan.Target{}, error(nil)
	if len(line) > maxListLine {
		line, err = line[:64]+"…", fmt.Errorf("longer than %d bytes", maxListLine)
	} else {
		t, err = scan.ParseListed(line)
		if host, _, found := strings.Cut(line, " #"); found && (err != nil || t.Kind == scan.EndpointTarget) {
			t, err = scan.ParseListed(strings.TrimSpace(host))
		}
	}
	if err == nil {
		t, err = t.OnPorts(ports)
	}
	if err != nil {
		return scan.Target{Arg: line, Kind: scan.BadTarget, Problem: fmt.Sprintf("%s:%d: %v", list, n, err)}
	}
	return t
}
