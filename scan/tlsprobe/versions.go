package tlsprobe

// A versionSet is what is known of the versions that a server accepts; a
// version that is absent is unknown. A server picks the highest version that
// both sides speak (RFC 5246 appendix E.1, RFC 8446 section 4.2.1), so that
// one answer tells of all versions from the one chosen up to the one offered.
type versionSet map[uint16]bool

// chosen learns from a server that was offered most and below.
func (s versionSet) chosen(most, version uint16) {
	for _, v := range versions {
		if v.wire > version && v.wire <= most {
			s[v.wire] = false
		}
	}
	s[version] = true
}

// refused learns from a server that turned down most and below.
func (s versionSet) refused(most uint16) {
	for _, v := range versions {
		if v.wire <= most {
			s[v.wire] = false
		}
	}
}

// settled is true when a hello capped at most could tell nothing new: its
// answer follows from what is known.
func (s versionSet) settled(most uint16) bool {
	for i := len(versions) - 1; i >= 0; i-- {
		if v := versions[i].wire; v <= most {
			accepted, known := s[v]
			if !known || accepted {
				return known
			}
		}
	}
	return true
}

// names lists the versions accepted or refused, oldest first.
func (s versionSet) names(accepted bool) []string {
	var out []string
	if a, known := s[versionSSL20]; known && a == accepted {
		out = append(out, versionName(versionSSL20))
	}
	for _, v := range versions {
		if a, known := s[v.wire]; known && a == accepted {
			out = append(out, v.name)
		}
	}
	return out
}
