package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"certaudit/scan"
	"certaudit/scan/tlsprobe"
)

// reachFlags say which endpoints a host stands for, and how they are reached.
type reachFlags struct {
	portList     string
	allAddresses bool
	sni          string
	noSNI        bool
	samples      int
	proxy        string
	proxyEnv     string
	resolver     string
	clients      clientFlags
	intermediate []string // files

	ports scan.Ports
}

func (f *reachFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.portList, "ports", "", "ports of hosts, blocks and ranges that name neither a port nor a scheme, such as 443,8443,9000-9010")
	flags.BoolVar(&f.allAddresses, "all-addresses", false, "observe every address of a name as an endpoint of its own, each with the whole --timeout")
	flags.StringVar(&f.sni, "sni", "", "name to send to every endpoint as SNI, and to compare certificates with")
	flags.BoolVar(&f.noSNI, "no-sni", false, "make one more handshake without SNI, and record its chain where it differs")
	flags.IntVar(&f.samples, "samples", 1, "handshakes with each endpoint whose chains are compared, at most "+strconv.Itoa(tlsprobe.MaxSamples))
	flags.StringVar(&f.proxy, "proxy", "", "http://host:port (CONNECT) or socks5://host:port that connects to endpoints and resolves their names")
	flags.StringVar(&f.proxyEnv, "proxy-env", "", "environment variable with user:password for the proxy")
	flags.StringVar(&f.resolver, "resolver", "", "address[:port] of the name server to ask instead of the system's")
	flags.StringSliceVar(&f.intermediate, "intermediates", nil, "file of certificates that clients may have from elsewhere: tells chains that hold only with them; repeatable")
	f.clients.register(flags)
}

func (f *reachFlags) configure(flags *pflag.FlagSet, s settings) (err error) {
	take(flags, "ports", &f.portList, s.Ports, s.Ports != "")
	take(flags, "all-addresses", &f.allAddresses, s.AllAddresses, s.AllAddresses)
	take(flags, "sni", &f.sni, s.SNI, s.SNI != "")
	take(flags, "no-sni", &f.noSNI, s.NoSNI, s.NoSNI)
	takeGiven(flags, "samples", &f.samples, s.Samples)
	take(flags, "proxy", &f.proxy, s.Proxy, s.Proxy != "")
	take(flags, "proxy-env", &f.proxyEnv, s.ProxyEnv, s.ProxyEnv != "")
	take(flags, "resolver", &f.resolver, s.Resolver, s.Resolver != "")
	take(flags, "intermediates", &f.intermediate, s.Intermediates, s.Intermediates != nil)
	f.clients.configured = s.ClientCertificates
	switch {
	case f.samples < 1 || f.samples > tlsprobe.MaxSamples:
		return fmt.Errorf("--samples %d: give a number from 1 to %d", f.samples, tlsprobe.MaxSamples)
	case f.proxyEnv != "" && f.proxy == "":
		return errors.New("--proxy-env: name the proxy with --proxy")
	case f.proxy != "" && f.allAddresses:
		return errors.New("--all-addresses and --proxy: the proxy resolves the names, and their addresses are not known here")
	case f.proxy != "" && f.resolver != "":
		return errors.New("--resolver and --proxy: the proxy resolves the names, and no name server is asked from here")
	}
	if f.portList != "" {
		if f.ports, err = scan.ParsePorts(f.portList); err != nil {
			return fmt.Errorf("--ports: %w", err)
		}
	}
	return nil
}

// probes adds the probe that a flag of these asks for.
func (f *reachFlags) probes(planned []string) []string {
	if f.noSNI && !slices.Contains(planned, scan.ProbeNoSNI) {
		planned = append(planned, scan.ProbeNoSNI)
	}
	return planned
}

// knownIntermediates reads the files of --intermediates.
func knownIntermediates(names []string) (*tlsprobe.Roots, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var all [][]byte
	for _, name := range names {
		set, err := rootFile(name)
		if err != nil {
			return nil, fmt.Errorf("--intermediates %s: %w", name, err)
		}
		all = append(all, set...)
	}
	return tlsprobe.NewRoots(all), nil
}

// apply sets what a prober does for these flags.
func (f *reachFlags) apply(o *tlsprobe.Options, getenv func(string) string, passwords func(path string) [][]byte) (err error) {
	o.AllAddresses, o.ServerName, o.Samples = f.allAddresses, f.sni, f.samples
	if o.Known, err = knownIntermediates(f.intermediate); err != nil {
		return err
	}
	if f.proxy != "" {
		credentials := ""
		if f.proxyEnv != "" {
			if credentials = getenv(f.proxyEnv); credentials == "" {
				return errors.New("--proxy-env: the variable is empty or not set") // unnamed: a password may stand there by mistake
			}
		}
		if o.Proxy, err = tlsprobe.NewProxy(f.proxy, credentials); err != nil {
			return fmt.Errorf("--proxy: %w", err)
		}
	}
	if f.resolver != "" {
		if o.Resolve, err = resolveBy(f.resolver); err != nil {
			return fmt.Errorf("--resolver: %w", err)
		}
	}
	o.ClientCertificate, err = f.clients.load(passwords)
	return err
}

// describe records what shaped the scan; the key of a client certificate and
// the credentials of a proxy are no part of it.
func (f *reachFlags) describe(options map[string]string) {
	for name, value := range map[string]string{"ports": f.ports.String(), "sni": f.sni, "proxy": f.proxy, "resolver": f.resolver, "client-cert": f.clients.String()} {
		if value != "" {
			options[name] = value
		}
	}
	if len(f.intermediate) > 0 {
		options["intermediates"] = strings.Join(f.intermediate, " ")
	}
	if f.allAddresses {
		options["all-addresses"] = "true"
	}
	if f.noSNI {
		options["no-sni"] = "true"
	}
	if f.samples > 1 {
		options["samples"] = strconv.Itoa(f.samples)
	}
}

const dnsPort = 53

// resolveBy asks one name server, over UDP and where an answer is too long for
// that over TCP. What the system's hosts file says comes first, as ever.
func resolveBy(server string) (func(context.Context, string) ([]netip.Addr, error), error) {
	at, err := netip.ParseAddrPort(server)
	if err != nil {
		addr, err := netip.ParseAddr(server)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor address:port", server)
		}
		at = netip.AddrPortFrom(addr, dnsPort)
	}
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, at.String())
	}}
	return func(ctx context.Context, host string) ([]netip.Addr, error) { return r.LookupNetIP(ctx, "ip", host) }, nil
}
