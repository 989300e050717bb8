package tlsprobe

import (
	"slices"
	"strings"
)

// upgradeIMAP speaks IMAP (RFC 9051 sections 6.2.1 and 7.1). The greeting may
// list the capabilities already.
func upgradeIMAP(d *dialogue) error {
	greeting, err := d.line()
	if err != nil {
		return err
	}
	switch {
	case isWord(greeting, "* OK"):
	case isWord(greeting, "* PREAUTH"): // too late for an upgrade
		return notOffered(quote(greeting))
	case isWord(greeting, "* BYE"), isWord(greeting, "* NO"):
		return busy(quote(greeting))
	default:
		return foreign("", []byte(greeting))
	}
	if !imapCapable(greeting) {
		list, err := d.imap("a1", "CAPABILITY")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, imapCapable) {
			return notOffered("no STARTTLS among the capabilities")
		}
	}
	_, err = d.imap("a2", "STARTTLS")
	return err
}

// imap sends a command and reads up to its answer, which is the last line; the
// error tells that it is not OK.
func (d *dialogue) imap(tag, command string) ([]string, error) {
	if err := d.send("answer to "+command, []byte(tag+" "+command+"\r\n")); err != nil {
		return nil, err
	}
	list, err := d.lines(func(line string) bool { return strings.HasPrefix(line, tag+" ") || isWord(line, "* BYE") })
	if err != nil {
		return nil, err
	}
	last := list[len(list)-1]
	switch {
	case isWord(last, tag+" OK"):
		return list, nil
	case isWord(last, "* BYE"), strings.Contains(last, "[UNAVAILABLE]"), strings.Contains(last, "[LIMIT]"): // RFC 5530
		return nil, busy(quote(last))
	case isWord(last, tag+" NO"), isWord(last, tag+" BAD"):
		return nil, refused(quote(last))
	}
	return nil, unexpected(quote(last))
}

// imapCapable finds STARTTLS in a CAPABILITY answer or code.
func imapCapable(line string) bool {
	line = strings.ToUpper(line)
	return strings.Contains(line, "CAPABILITY") && slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '[' || r == ']' }), "STARTTLS")
}

// isWord is true where the line begins with the words, whatever their case.
func isWord(line, words string) bool {
	return len(line) >= len(words) && strings.EqualFold(line[:len(words)], words) && (len(line) == len(words) || line[len(words)] == ' ')
}
