package postgres

import (
	"strconv"
	"strings"
)

// session is what the name of a connection tells: "catalog/acme-1a2b3c4d/12",
// and its purpose where it is none of the pool's. Everyone who may look into
// pg_stat_activity sees by it which releases use the schema, and of what version.
type session struct {
	service, release string
	// needs is the version of the schema that the release was built for.
	needs   int64
	purpose string
}

// nameLimit is how many bytes PostgreSQL keeps of a session's name.
const nameLimit = 63

// String is the name. Where it is too long, the release loses its beginning: its
// end is the hash, and what stands behind it must not be cut off.
func (s session) String() string {
	tail := "/" + strconv.FormatInt(s.needs, 10)
	if s.purpose != "" {
		tail += "/" + s.purpose
	}
	release := s.release
	if room := nameLimit - len(s.service) - 1 - len(tail); len(release) > room {
		release = release[len(release)-max(room, 0):]
	}
	return s.service + "/" + release + tail
}

// parseSession reads a name that String made.
func parseSession(name string) (session, bool) {
	parts := strings.SplitN(name, "/", 4)
	if len(parts) < 3 {
		return session{}, false
	}
	needs, err := strconv.ParseInt(parts[2], 10, 64)
	s := session{service: parts[0], release: parts[1], needs: needs}
	if len(parts) == 4 {
		s.purpose = parts[3]
	}
	return s, err == nil
}

// blocks tells whether a session keeps a release from raising the floor: it
// belongs to another release, which needs what would go.
func (s session) blocks(own session, floor int64) bool {
	return s.release != own.release && s.needs < floor
}

// users are the releases of sessions that keep own from raising the floor, each
// once. A name of the service's that tells no version is of a release from before
// names told it; others, such as psql's, are people's.
func users(names []string, own session, floor int64) (releases []string) {
	seen := map[string]bool{}
	for _, name := range names {
		s, ok := parseSession(name)
		if !ok && (name == own.service || strings.HasPrefix(name, own.service+"/")) {
			s, ok = session{release: "of an unknown version"}, true
		}
		if ok && s.blocks(own, floor) && !seen[s.release] {
			seen[s.release] = true
			releases = append(releases, s.release)
		}
	}
	return releases
}
