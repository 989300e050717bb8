package report

import "encoding/hex"

const (
	// maxRelated bounds the lists of what is related to one thing; the count
	// beside a list is of all. Hostile evidence could otherwise make every key
	// belong to every certificate, and a report grow with the product.
	maxRelated = 20

	maxKeyPlaces = 256 // keys whose places are kept
)

func (e *certEntry) sha256() string { return hex.EncodeToString(e.sum[:]) }

// relations tells what else in scope a certificate belongs to, without reading
// its record.
func (ix *index) relations(n uint32) (Relations, error) {
	e := ix.certs.at(n)
	r := Relations{PrivateKeysAt: []Place{}}
	if e.issuedBy != none {
		r.Issuer = ix.certs.at(e.issuedBy).sha256()
	}
	if all := ix.certificatesWith(e.key); len(all) > 1 {
		r.SharesKey, r.SameKeyAs = len(all)-1, ix.certs.at(all[0]).sha256()
	}
	if keys := ix.privateKeysWith(e.key); len(keys) > 0 {
		var err error
		r.PrivateKeys = len(keys)
		if r.PrivateKeysAt, err = ix.keyPlaces(e.key, keys); err != nil {
			return r, err
		}
	}
	return r, nil
}

// keyPlaces lists the first places of a private key.
func (ix *index) keyPlaces(key keyID, keys []uint32) ([]Place, error) {
	if places, known := ix.places[key]; known {
		return places, nil
	}
	var places []Place
	for _, k := range keys[:min(len(keys), maxRelated)] {
		o, err := ix.object(ix.objects.at(k))
		if err != nil {
			return nil, err
		}
		places = append(places, placeOf(o))
	}
	if ix.places == nil || len(ix.places) == maxKeyPlaces {
		ix.places = map[keyID][]Place{}
	}
	ix.places[key] = places
	return places, nil
}
