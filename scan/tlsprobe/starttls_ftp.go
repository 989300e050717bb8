package tlsprobe

import "strings"

// upgradeFTP asks for AUTH TLS (RFC 4217). What servers say to a command that
// they lack differs; where they turn it down, the list of their features (RFC
// 2389) tells whether they have it.
func upgradeFTP(d *dialogue) error {
	r, err := d.reply()
	if err != nil {
		return err
	}
	switch r.code {
	case 220:
	case 120: // ready in some minutes
		return busy(quote(r.first))
	default:
		return r.no()
	}
	if r, err = d.ask("AUTH TLS"); err != nil {
		return err
	}
	if r.code == 234 {
		return nil
	}
	if r.code/100 != 5 {
		return r.no()
	}
	features, err := d.ask("FEAT")
	d.step = "answer to AUTH"
	if err != nil || offersAuth(features) {
		return r.no()
	}
	return notOffered(quote(r.first))
}

// offersAuth looks for "AUTH TLS", "AUTH TLS-C;TLS-P;SSL" and their like.
func offersAuth(features reply) bool {
	for _, text := range features.texts {
		f := strings.Fields(strings.ToUpper(text))
		if len(f) > 1 && f[0] == "AUTH" && strings.Contains(f[1], "TLS") {
			return true
		}
	}
	return false
}
