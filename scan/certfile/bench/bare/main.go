//go:build linux || darwin || freebsd

// Command bare does the least that reading a folder of PEM certificates can
// cost: walk, read, decode, parse with crypto/x509, forget. certaudit is
// measured against it.
//
//	bare [-j N] FOLDER
package main

import (
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	workers := flag.Int("j", runtime.GOMAXPROCS(0), "files read at once")
	flag.Parse()
	if flag.NArg() != 1 || *workers < 1 {
		fmt.Fprintln(os.Stderr, "usage: bare [-j N] FOLDER")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *workers); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// run prints one line: certificates, files that could not be read or parsed,
// wall seconds, user and system CPU seconds, peak resident KiB.
func run(dir string, workers int) error {
	start := time.Now()
	var parsed, failed atomic.Int64
	paths := make(chan string, 64*workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for path := range paths {
				n, err := parse(path)
				parsed.Add(int64(n))
				if err != nil {
					failed.Add(1)
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths <- path
		}
		return err
	})
	close(paths)
	wg.Wait()
	if err != nil {
		return err
	}
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return fmt.Errorf("read the use of resources: %w", err)
	}
	fmt.Printf("certificates=%d failed=%d wall=%.3f cpu=%.3f peak_kib=%d\n", parsed.Load(), failed.Load(),
		time.Since(start).Seconds(), seconds(use.Utime)+seconds(use.Stime), peakKiB(int64(use.Maxrss)))
	return nil
}

// parse counts the certificates of one file.
func parse(path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func seconds(t syscall.Timeval) float64 { return time.Duration(t.Nano()).Seconds() }

// peakKiB turns ru_maxrss into KiB; Darwin alone counts bytes.
func peakKiB(maxrss int64) int64 {
	if runtime.GOOS == "darwin" {
		return maxrss / 1024
	}
	return maxrss
}
