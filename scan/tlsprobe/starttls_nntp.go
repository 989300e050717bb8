package tlsprobe

// upgradeNNTP speaks NNTP (RFC 3977 section 5.1, RFC 4642 section 2.2).
func upgradeNNTP(d *dialogue) error {
	r, err := d.reply()
	if err != nil {
		return err
	}
	if r.code != 200 && r.code != 201 {
		return r.no()
	}
	if r, err = d.ask("STARTTLS"); err != nil {
		return err
	}
	switch r.code {
	case 382:
		return nil
	case 500, 501, 503: // not known, or known and not provided
		return notOffered(quote(r.first))
	}
	return r.no()
}
