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
	offered := d.pop3Offers("STLS")
	d.step = "answer to STLS"
	if offered {
		return refused(quote(answer))
	}
	return notOffered(quote(answer))
}

// pop3Offers is false, too, where the capabilities cannot be had.
func (d *dialogue) pop3Offers(capability string) bool {
	status, err := d.pop3("CAPA")
	if err != nil || !isWord(status, "+OK") {
		return false
	}
	list, err := d.lines(func(line string) bool { return line == "." })
	return err == nil && slices.ContainsFunc(list, func(line string) bool { return isWord(line, capability) })
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
