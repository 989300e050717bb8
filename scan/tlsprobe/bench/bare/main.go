// Command bare is the least that a scan of TLS endpoints can cost: dial, shake
// hands, say goodbye, on many connections at once. It verifies nothing and
// writes nothing down.
//
//	bare [-c 128] [-timeout 10s] [-hybrid] TARGETS
//
// TARGETS has one host:port a line. -hybrid offers what Go offers by default, a
// hybrid post-quantum key share on every handshake, in place of X25519 first.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	at := flag.Int("c", 128, "connections at once")
	timeout := flag.Duration("timeout", 10*time.Second, "for one connection")
	hybrid := flag.Bool("hybrid", false, "offer the hybrid key share that Go offers by default")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: bare [-c N] [-timeout D] [-hybrid] TARGETS")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *at, *timeout, *hybrid); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(list string, at int, timeout time.Duration, hybrid bool) error {
	in, err := os.Open(list)
	if err != nil {
		return err
	}
	defer in.Close()
	cfg := &tls.Config{
		InsecureSkipVerify: true, // an audit looks at every certificate
		MinVersion:         tls.VersionTLS10,
		NextProtos:         []string{"h2", "http/1.1"},
	}
	if !hybrid {
		cfg.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	}
	var good, bad atomic.Int64
	var clients sync.WaitGroup
	targets := make(chan string)
	for range at {
		clients.Go(func() {
			for t := range targets {
				if shake(t, timeout, cfg) == nil {
					good.Add(1)
				} else {
					bad.Add(1)
				}
			}
		})
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		targets <- lines.Text()
	}
	close(targets)
	clients.Wait()
	fmt.Printf("handshakes=%d failed=%d\n", good.Load(), bad.Load())
	return lines.Err()
}

func shake(target string, timeout time.Duration, cfg *tls.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp", target)
	if err != nil {
		return err
	}
	defer c.Close()
	tc := tls.Client(c, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		return err
	}
	return tc.Close()
}
