package tlsprobe

// upgradeSMTP speaks SMTP, or with LHLO its sibling for local delivery
// (RFC 3207, RFC 2033).
func upgradeSMTP(hello string) upgrade {
	return func(d *dialogue) error {
		r, err := d.reply()
		if err != nil {
			return err
		}
		if r.code != 220 {
			return r.no()
		}
		if r, err = d.ask(hello + " " + helloName); err != nil {
			return err
		}
		switch {
		case r.code == 500, r.code == 502: // no extensions at all (RFC 1869 section 4.5)
			return notOffered(quote(r.first))
		case r.code != 250:
			return r.no()
		case !r.has("STARTTLS"):
			return notOffered("no STARTTLS among the extensions")
		}
		if r, err = d.ask("STARTTLS"); err != nil {
			return err
		}
		if r.code != 220 {
			return r.no()
		}
		return nil
	}
}
