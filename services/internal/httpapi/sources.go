package httpapi

import (
	"context"
	"strings"
	"sync"
)

// sources collects who took part in one answer: the service itself first, then
// everyone it asked, each service=release pair once.
type sources struct {
	mu    sync.Mutex
	pairs []string
}

type sourcesKey struct{}

// AddSources merges the X-Shop-Sources header of an upstream answer into the
// answer to this request. What comes after the header was written is lost, so
// a handler asks first and writes then. A context without a request is ignored.
func AddSources(ctx context.Context, header string) {
	if s, ok := ctx.Value(sourcesKey{}).(*sources); ok {
		s.add(header)
	}
}

func (s *sources) add(header string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for pair := range strings.SplitSeq(header, ",") {
		s.addPair(strings.TrimSpace(pair))
	}
}

func (s *sources) addPair(pair string) {
	if pair == "" {
		return
	}
	for _, have := range s.pairs {
		if have == pair {
			return
		}
	}
	s.pairs = append(s.pairs, pair)
}

func (s *sources) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.pairs, ", ")
}
