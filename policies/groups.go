package policies

import (
	"errors"
	"strconv"
	"strings"
)

// A group is a key-exchange group of TLS by the name that evidence gives it.
type group struct {
	name        string
	bits        int // strength: NIST SP 800-57 part 1 table 2 by field size, SP 800-186 for X25519 and X448
	finiteField int // size of the prime; 0 for other groups
	postQuantum bool
}

// groups are those that evidence can name (IANA registry "TLS Supported
// Groups"; the NIST curves by their FIPS 186-5 names). A hybrid is as strong as
// its ML-KEM part (FIPS 203 section 8: categories 1, 3 and 5 count as 128, 192
// and 256 bits).
var groups = []group{
	{name: "P-192", bits: 80},
	{name: "P-224", bits: 112},
	{name: "secp256k1", bits: 128},
	{name: "P-256", bits: 128},
	{name: "P-384", bits: 192},
	{name: "P-521", bits: 256},
	{name: "brainpoolP256r1", bits: 128},
	{name: "brainpoolP384r1", bits: 192},
	{name: "brainpoolP512r1", bits: 256},
	{name: "X25519", bits: 128},
	{name: "X448", bits: 224},
	{name: "ffdhe2048", bits: 112, finiteField: 2048},
	{name: "ffdhe3072", bits: 128, finiteField: 3072},
	{name: "ffdhe4096", bits: 128, finiteField: 4096},
	{name: "ffdhe6144", bits: 128, finiteField: 6144},
	{name: "ffdhe8192", bits: 192, finiteField: 8192},
	{name: "MLKEM512", bits: 128, postQuantum: true},
	{name: "MLKEM768", bits: 192, postQuantum: true},
	{name: "MLKEM1024", bits: 256, postQuantum: true},
	{name: "SecP256r1MLKEM768", bits: 192, postQuantum: true},
	{name: "X25519MLKEM768", bits: 192, postQuantum: true},
	{name: "SecP384r1MLKEM1024", bits: 256, postQuantum: true},
	{name: "curveSM2MLKEM768", bits: 192, postQuantum: true},
}

// groupNamed is false for a group that evidence writes as a number, and for an
// explicit curve. A finite field that has no name is written with the size of
// its prime, as DHE-2048.
func groupNamed(name string) (group, bool) {
	for _, g := range groups {
		if g.name == name {
			return g, true
		}
	}
	size, isPrime := strings.CutPrefix(name, "DHE-")
	bits, err := strconv.Atoi(size)
	if !isPrime || err != nil || bits < 1 {
		return group{}, false
	}
	return group{name: name, bits: finiteFieldStrength(bits), finiteField: bits}, true
}

func groupNames() (out []string) {
	for _, g := range groups {
		out = append(out, g.name)
	}
	return out
}

func isPostQuantum(name string) bool {
	g, _ := groupNamed(name)
	return g.postQuantum
}

// finiteFieldStrength is the row of NIST SP 800-57 part 1 table 2 for a prime
// of so many bits; 0 below its first.
func finiteFieldStrength(bits int) int {
	for _, row := range []struct{ prime, bits int }{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}} {
		if bits >= row.prime {
			return row.bits
		}
	}
	return 0
}

// acceptGroup lets a number stand where evidence would show one instead of a
// name.
func acceptGroup(s string) error {
	hex, ok := strings.CutPrefix(s, "0x")
	if ok && len(hex) == 4 && strings.Trim(hex, "0123456789ABCDEF") == "" {
		return nil
	}
	return errors.New("it is neither a group that certaudit knows nor a number as evidence writes it, such as 0x0009")
}
