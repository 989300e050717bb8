package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// startDemoServers starts five TLS servers on free ports of 127.0.0.1 and
// returns them as targets, localhost:PORT, in this order: good, expired,
// TLS 1.0 only, certificate for another host, and silent: it accepts and never
// answers. They run until stop is called or ctx ends; stop returns when nothing
// of them is left. After an error nothing runs and stop is nil.
func startDemoServers(ctx context.Context, p *demoPKI) (targets []string, stop func(), err error) {
	configs, err := demoConfigs(p)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &demoServers{conns: map[net.Conn]bool{}}
	s.wg.Go(func() {
		<-ctx.Done()
		s.close()
	})
	stop = func() {
		cancel()
		s.wg.Wait()
	}
	for _, c := range configs {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("demo: start a TLS server on 127.0.0.1: %w", err)
		}
		s.serve(ctx, ln, c)
		targets = append(targets, "localhost:"+strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
	}
	return targets, stop, nil
}

// demoConfigs gives each server its certificate and its versions; nil is the
// silent one.
func demoConfigs(p *demoPKI) ([]*tls.Config, error) {
	here, address := []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	leaf := func(l demoLeaf) (tls.Certificate, error) {
		l.issuer = &p.issuing
		c, err := p.leaf(l)
		if err != nil {
			return tls.Certificate{}, err
		}
		return tls.Certificate{Certificate: [][]byte{c.Raw, p.issuing.Raw}, PrivateKey: c.key, Leaf: c.Certificate}, nil
	}
	good, err1 := leaf(demoLeaf{cn: "Example Health gateway", names: here, ips: address, from: -9 * day, to: 36*day - time.Second})
	expired, err2 := leaf(demoLeaf{cn: "Example Health scheduling", names: here, ips: address, from: -99 * day, to: -9*day - time.Second})
	old, err3 := leaf(demoLeaf{cn: "Example Health imaging archive", names: here, ips: address, from: -7 * day, to: 38*day - time.Second})
	other, err4 := leaf(demoLeaf{cn: "wiki.example.test", from: -3 * day, to: 42*day - time.Second})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	modern := func(c tls.Certificate) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
	}
	return []*tls.Config{
		modern(good),
		modern(expired),
		{ // crypto/tls still serves TLS 1.0 when asked to by name
			Certificates: []tls.Certificate{old}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
			CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA},
			CurvePreferences: []tls.CurveID{tls.CurveP256, tls.X25519},
		},
		modern(other),
		nil,
	}, nil
}

// demoServers are the open listeners and connections; wg counts every
// goroutine.
type demoServers struct {
	wg        sync.WaitGroup
	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	conns     map[net.Conn]bool
}

// serve accepts connections until close; a nil config never answers them.
func (s *demoServers) serve(ctx context.Context, ln net.Listener, config *tls.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		ln.Close()
		return
	}
	s.listeners = append(s.listeners, ln)
	s.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil { // out of descriptors, say: the next one may do
				time.Sleep(10 * time.Millisecond)
				continue
			}
			if s.add(c) {
				s.wg.Go(func() { s.answer(ctx, c, config) })
			}
		}
	})
}

// answer shakes hands and then waits for the client to leave.
func (s *demoServers) answer(ctx context.Context, c net.Conn, config *tls.Config) {
	defer s.drop(c)
	if config == nil {
		io.Copy(io.Discard, c) // ends when either side closes
		return
	}
	t := tls.Server(c, config)
	if t.HandshakeContext(ctx) != nil {
		return // a probe that this server refuses, as it should
	}
	io.Copy(io.Discard, t)
	t.Close()
}

// add takes charge of c; it is false, and c closed, after close.
func (s *demoServers) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return false
	}
	s.conns[c] = true
	return true
}

func (s *demoServers) drop(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	c.Close()
}

// close closes all that is open, which ends every goroutine.
func (s *demoServers) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, ln := range s.listeners {
		ln.Close()
	}
	for c := range s.conns {
		c.Close()
	}
}
