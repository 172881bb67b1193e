package cluster

import (
	"maps"
	"time"
)

// Fork returns a store that holds the same, with a journal of its own. Objects are shared:
// none is ever changed.
func (s *Store) Fork(now func() time.Time) *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Store{Now: now, Admit: s.Admit, objects: maps.Clone(s.objects), revision: s.revision, uids: s.uids}
}
