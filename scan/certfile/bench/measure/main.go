//go:build linux || darwin || freebsd

// Command measure runs a command and prints what it cost, as one line of tab
// separated values:
//
//	wall seconds · user seconds · system seconds · peak resident KiB · exit status
//
//	measure [-allow 0,1,3] [-log FILE] COMMAND [ARGUMENT...]
//
// The output of the command goes to the log file, or nowhere. A status that is
// not allowed ends measure with status 1, and the end of the log is shown.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	allow := flag.String("allow", "0", "exit statuses that the command may end with")
	log := flag.String("log", os.DevNull, "file for the command's output")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: measure [-allow 0,1,3] [-log FILE] COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	if err := run(flag.Args(), strings.Split(*allow, ","), *log); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(args, allow []string, logName string) error {
	log, err := os.Create(logName)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	start := time.Now()
	err = cmd.Run()
	wall := time.Since(start)
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return err
	}
	status := strconv.Itoa(cmd.ProcessState.ExitCode())
	if !slices.Contains(allow, status) {
		return fmt.Errorf("%s: %v\n%s", strings.Join(args, " "), cmd.ProcessState, tail(logName))
	}
	use := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	fmt.Printf("%.3f\t%.3f\t%.3f\t%d\t%s\n", wall.Seconds(), cmd.ProcessState.UserTime().Seconds(),
		cmd.ProcessState.SystemTime().Seconds(), peakKiB(int64(use.Maxrss)), status)
	return nil
}

// tail is the last lines of a log.
func tail(name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-15):], nil)
}

// peakKiB turns ru_maxrss into KiB; Darwin alone counts bytes.
func peakKiB(maxrss int64) int64 {
	if runtime.GOOS == "darwin" {
		return maxrss / 1024
	}
	return maxrss
}
