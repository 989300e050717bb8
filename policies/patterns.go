package policies

import (
	"errors"
	"fmt"
	"slices"

	"certaudit/scan"
)

// maxPattern is more than the longest name has that patterns are matched with.
const maxPattern = 64

// patterns are globs with what the policy wrote.
type patterns struct {
	globs []scan.Glob
	texts []string
}

func compilePatterns(texts []string) (patterns, error) {
	p := patterns{make([]scan.Glob, len(texts)), texts}
	for i, text := range texts {
		var err error
		if p.globs[i], err = scan.CompileGlob(text); err != nil {
			return patterns{}, err
		}
	}
	return p, nil
}

// match gives the first pattern that the name matches.
func (p *patterns) match(name string) (string, bool) {
	for i := range p.globs {
		if p.globs[i].Match(name) {
			return p.texts[i], true
		}
	}
	return "", false
}

// acceptPattern refuses a glob that matches none of the names.
func acceptPattern(p string, names []string, what string) error {
	if len(p) > maxPattern {
		return fmt.Errorf("it is longer than %d characters", maxPattern)
	}
	g, err := scan.CompileGlob(p)
	if err != nil {
		return errors.Unwrap(err)
	}
	if slices.ContainsFunc(names, g.Match) {
		return nil
	}
	return errors.New("it matches no " + what)
}
