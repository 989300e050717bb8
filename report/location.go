package report

import "strconv"

// String is the place in one line: "certs/a.pem #0", "store.jks alias bank",
// "host:443 chain 1".
func (l Location) String() string {
	switch {
	case l.Endpoint != "" && l.Index == 0:
		return l.Endpoint
	case l.Endpoint != "":
		return l.Endpoint + " chain " + strconv.Itoa(l.Index)
	case l.Alias != "":
		return l.Path + " alias " + l.Alias
	}
	return l.Path + " #" + strconv.Itoa(l.Index)
}
