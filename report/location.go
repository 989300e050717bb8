package report

import "strconv"

// String is the place in one line: "certs/a.pem #0", "store.jks alias bank",
// "host:443 chain 1", "host:443 (192.0.2.1) chain 3 for no_sni".
func (l Location) String() string {
	switch {
	case l.Endpoint != "" && l.Index == 0:
		return withAddress(l.Endpoint, l.Address)
	case l.Endpoint != "" && l.Alias != "":
		return withAddress(l.Endpoint, l.Address) + " chain " + strconv.Itoa(l.Index) + " for " + l.Alias
	case l.Endpoint != "":
		return withAddress(l.Endpoint, l.Address) + " chain " + strconv.Itoa(l.Index)
	case l.Alias != "":
		return l.Path + " alias " + l.Alias
	}
	return l.Path + " #" + strconv.Itoa(l.Index)
}
