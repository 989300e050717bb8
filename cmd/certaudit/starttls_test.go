package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
)

// mailServers start three servers that speak SMTP: one that upgrades, one
// without STARTTLS, and one that is busy. They give host:port.
func mailServers(t *testing.T, p *demoPKI) (good, bare, busy string) {
	t.Helper()
	configs, err := demoConfigs(p)
	if err != nil {
		t.Fatal(err)
	}
	return mailServer(t, func(c net.Conn) {
			lines := bufio.NewReader(c)
			fmt.Fprint(c, "220 mail.example.test ESMTP\r\n")
			if wants(lines, "EHLO") {
				fmt.Fprint(c, "250-mail.example.test\r\n250 STARTTLS\r\n")
			}
			if wants(lines, "STARTTLS") {
				fmt.Fprint(c, "220 go\r\n")
				tls.Server(c, configs[0]).Handshake()
			}
		}), mailServer(t, func(c net.Conn) {
			lines := bufio.NewReader(c)
			fmt.Fprint(c, "220 mail.example.test ESMTP\r\n")
			if wants(lines, "EHLO") {
				fmt.Fprint(c, "250 mail.example.test\r\n")
				lines.ReadByte() // until the client leaves
			}
		}), mailServer(t, func(c net.Conn) {
			fmt.Fprint(c, "421 too many connections\x1b[31m\r\n")
		})
}

func wants(lines *bufio.Reader, command string) bool {
	line, err := lines.ReadString('\n')
	return err == nil && strings.HasPrefix(line, command)
}

// mailServer serves every connection with handle.
func mailServer(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return ln.Addr().String()
}
