package certfile

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"certaudit/scan"
)

// A walk goes through one target in path order. It stops when yield says no or
// the context ends; the caller's run is then incomplete and says so.
type walk struct {
	s      *Source
	ctx    context.Context
	target scan.Target
	root   string // real path of the target
	number int    // of the target among all
	yield  func(scan.Unit) bool
}

func (w *walk) start() {
	name := w.target.Path
	info, err := os.Stat(name)
	if err != nil {
		w.notAssessed(CleanPath(name), readReason(err), err.Error())
		return
	}
	w.number = w.s.number(w.target)
	if w.number >= 0 {
		w.root = w.s.roots[w.number]
	}
	if w.coveredByEarlier(w.root) {
		return // the same place under another name: counted once
	}
	if info.IsDir() {
		w.folder(name, w.root, w.excluded(CleanPath(name)))
		return
	}
	w.entry(name, w.root, fs.FileInfoToDirEntry(info), w.excluded(CleanPath(name)))
}

// folder visits what is in one folder. inherited is the reason that excludes
// the folder, or "".
func (w *walk) folder(name, real, inherited string) bool {
	if w.ctx.Err() != nil {
		return w.interrupted(name)
	}
	if w.coveredByEarlier(real) {
		return true
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		if inherited != "" {
			return true // left out of scope, with what is in it
		}
		return w.notAssessed(CleanPath(name), readReason(err), err.Error())
	}
	for _, e := range entries { // sorted by name
		child, childReal := join(name, e.Name()), filepath.Join(real, e.Name())
		reason := inherited
		if reason == "" {
			reason = w.excluded(CleanPath(child))
		}
		if e.IsDir() {
			if !w.folder(child, childReal, reason) {
				return false
			}
			continue
		}
		if !w.entry(child, childReal, e, reason) {
			return false
		}
	}
	return true
}

// join keeps the target's spelling: "./certs" stays "./certs/a.pem".
func join(dir, name string) string {
	if strings.HasSuffix(dir, string(filepath.Separator)) || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + string(filepath.Separator) + name
}

// entry visits anything but a folder.
func (w *walk) entry(name, real string, e fs.DirEntry, excluded string) bool {
	shown := CleanPath(name)
	switch {
	case e.Type()&fs.ModeSymlink != 0:
		if excluded != "" {
			return true
		}
		return w.link(name, shown)
	case !e.Type().IsRegular():
		if excluded != "" {
			return true
		}
		return w.notAssessed(shown, scan.ReasonSpecialFile, e.Type().String())
	case w.coveredByEarlier(real):
		return true
	case real == w.s.writing:
		return w.ownEvidence(shown)
	case excluded != "":
		return w.leaveOut(shown, e, excluded)
	}
	return w.yield(w.s.fileUnit(w.target, name, shown))
}

// link decides on a symbolic link. What it leads to inside any target is
// visited there, under its own name and once; what lies outside is recorded
// and not followed.
func (w *walk) link(name, shown string) bool {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		reason := readReason(err)
		if reason == scan.ReasonNotFound {
			reason = scan.ReasonBrokenLink
		}
		return w.notAssessed(shown, reason, err.Error())
	}
	abs, err := filepath.Abs(real)
	if err != nil {
		return w.notAssessed(shown, scan.ReasonReadFailed, err.Error())
	}
	if w.s.covers(abs, len(w.s.roots)) {
		return true
	}
	return w.notAssessed(shown, scan.ReasonOutsideTarget, "leads to "+CleanPath(abs))
}

// coveredByEarlier is true for what an earlier target has visited already.
func (w *walk) coveredByEarlier(real string) bool {
	return w.number > 0 && real != "" && w.s.covers(real, w.number)
}

func (w *walk) excluded(shown string) string {
	for _, e := range w.s.opt.Excludes {
		if scan.MatchGlob(e.Glob, shown) {
			return e.Reason
		}
	}
	return ""
}

// ownEvidence records the evidence that this very scan writes: it grows while
// the scan goes on, and is not read.
func (w *walk) ownEvidence(shown string) bool {
	rec := &scan.File{Target: w.target.Arg, Path: shown, ModTime: w.s.now(), Outcome: scan.OutcomeOwnOutput, ObservedAt: w.s.now()}
	return w.yield(scan.Unit{Target: w.target.Arg, Path: shown, Observe: func(_ context.Context, emit func(scan.Record)) { emit(rec) }})
}

// leaveOut records an excluded file, unread.
func (w *walk) leaveOut(shown string, e fs.DirEntry, reason string) bool {
	info, err := e.Info()
	if err != nil {
		return w.notAssessed(shown, readReason(err), err.Error())
	}
	rec := &scan.File{Target: w.target.Arg, Path: shown, Size: info.Size(), ModTime: info.ModTime().UTC(),
		Outcome: scan.OutcomeExcluded, Reason: reason, ObservedAt: w.s.now()}
	return w.yield(scan.Unit{Target: w.target.Arg, Path: shown, Observe: func(_ context.Context, emit func(scan.Record)) { emit(rec) }})
}

func (w *walk) notAssessed(shown string, reason scan.Reason, detail string) bool {
	rec := &scan.NotAssessed{Target: w.target.Arg, Path: shown, Index: -1, Stage: scan.StageRead,
		Reason: reason, Detail: detail, ObservedAt: w.s.now()}
	return w.yield(scan.Unit{Target: w.target.Arg, Path: shown, Observe: func(_ context.Context, emit func(scan.Record)) { emit(rec) }})
}

// interrupted records the folder at which an interrupt stopped the walk: what
// is behind it was never seen, so it cannot be counted.
func (w *walk) interrupted(name string) bool {
	rec := &scan.NotAssessed{Target: w.target.Arg, Path: CleanPath(name), Index: -1, Stage: scan.StageScan,
		Reason: scan.ReasonInterrupted, Detail: "the walk stopped at this folder", ObservedAt: w.s.now()}
	w.yield(scan.Unit{Target: w.target.Arg, Path: CleanPath(name), Observe: func(_ context.Context, emit func(scan.Record)) { emit(rec) }})
	return false
}
