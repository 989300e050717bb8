package tlsprobe

import (
	"slices"
	"strconv"
	"strings"
)

// upgradeSieve speaks ManageSieve (RFC 5804): the greeting is the list of
// capabilities and an OK behind it.
func upgradeSieve(d *dialogue) error {
	greeting, err := d.sieve()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(greeting, func(line string) bool { return isWord(line, `"STARTTLS"`) }) {
		return notOffered("no STARTTLS among the capabilities")
	}
	if err := d.command("STARTTLS"); err != nil {
		return err
	}
	_, err = d.sieve()
	return err
}

// sieve reads a response, whose last line is OK, NO or BYE (RFC 5804 section
// 1.2); the error tells that it is not OK.
func (d *dialogue) sieve() ([]string, error) {
	var list []string
	for len(list) < maxLines {
		line, err := d.sieveLine()
		if err != nil {
			return nil, err
		}
		list = append(list, line)
		switch upper := strings.ToUpper(line); {
		case isWord(line, "OK"):
			return list, nil
		case isWord(line, "BYE"), isWord(line, "NO") && strings.Contains(upper, "(TRYLATER"):
			return nil, busy(quote(line))
		case isWord(line, "NO"):
			return nil, refused(quote(line))
		case !strings.HasPrefix(line, `"`):
			return nil, foreign("", []byte(line))
		}
	}
	return nil, d.tooManyLines()
}

// sieveLine reads a line, on through the literals in it: {N} or {N+} at the end
// of a line, and N bytes behind it.
func (d *dialogue) sieveLine() (string, error) {
	whole := ""
	for range maxLines {
		line, err := d.line()
		if err != nil {
			return "", err
		}
		whole += line
		open := strings.LastIndexByte(line, '{')
		if open < 0 || !strings.HasSuffix(line, "}") {
			return whole, nil
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(line[open+1:len(line)-1], "+"), 10, 16)
		if err != nil {
			return whole, nil // a brace of the text
		}
		literal, err := d.bytes(int(n))
		if err != nil {
			return "", err
		}
		whole += string(literal)
	}
	return "", d.tooManyLines()
}
