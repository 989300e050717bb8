package tlsprobe

import (
	"slices"
	"strings"
)

// upgradePOP3 speaks POP3 (RFC 2595 section 4). Servers say the same of a
// command that they lack and of one that fails; where they turn it down, the
// list of their capabilities (RFC 2449) tells whether they have it.
func upgradePOP3(d *dialogue) error {
	greeting, err := d.line()
	switch {
	case err != nil:
		return err
	case isWord(greeting, "-ERR") && strings.Contains(greeting, "[SYS/PERM]"): // RFC 3206
		return refused(quote(greeting))
	case isWord(greeting, "-ERR"):
		return busy(quote(greeting))
	case !isWord(greeting, "+OK"):
		return foreign("", []byte(greeting))
	}
	answer, err := d.pop3("STLS")
	switch {
	case err != nil:
		return err
	case isWord(answer, "+OK"):
		return nil
	case strings.Contains(answer, "[SYS/TEMP]"):
		return busy(quote(answer))
	}
	list, err := d.pop3Capabilities()
	d.step = "answer to STLS"
	if err != nil || slices.ContainsFunc(list, func(line string) bool { return isWord(line, "STLS") }) {
		return refused(quote(answer))
	}
	return notOffered(quote(answer))
}

// pop3Capabilities gives none for a server that has no list of them.
func (d *dialogue) pop3Capabilities() ([]string, error) {
	status, err := d.pop3("CAPA")
	if err != nil || !isWord(status, "+OK") {
		return nil, err
	}
	return d.lines(func(line string) bool { return line == "." })
}

// pop3 sends a command and reads the status.
func (d *dialogue) pop3(command string) (string, error) {
	if err := d.command(command); err != nil {
		return "", err
	}
	status, err := d.line()
	if err == nil && !isWord(status, "+OK") && !isWord(status, "-ERR") {
		err = unexpected(quote(status))
	}
	return status, err
}
