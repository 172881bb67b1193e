package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// HeaderVersions goes with frontdoor.HeaderSources: service=version pairs of
// all who made an answer, for the people who look at it.
const HeaderVersions = "X-Shop-Versions"

// Source is one service that took part in an answer.
type Source struct {
	Service, Release string
	// Version is empty when the service did not tell.
	Version string
}

// sources collects who took part in one answer: the service itself first, then
// everyone it asked, each pair of service and release once. A service that
// answered from two releases is there twice: a mix must show.
type sources struct {
	mu   sync.Mutex
	list []Source
}

type sourcesKey struct{}

// AddSources merges what an upstream's answer says of its makers into the
// answer to this request. What comes after the header was written is lost, so
// a handler asks first and writes then. A context without a request is ignored.
func AddSources(ctx context.Context, upstream http.Header) {
	s, ok := ctx.Value(sourcesKey{}).(*sources)
	if !ok {
		return
	}
	versions := map[string]string{}
	for service, version := range pairs(upstream.Values(HeaderVersions)) {
		versions[service] = version
	}
	for service, release := range pairs(upstream.Values(frontdoor.HeaderSources)) {
		s.add(Source{Service: service, Release: release, Version: versions[service]})
	}
}

// Sources tells who took part so far, for a page that shows it.
func Sources(ctx context.Context) []Source {
	s, ok := ctx.Value(sourcesKey{}).(*sources)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func (s *sources) add(x Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.list, func(have Source) bool { return have.Service == x.Service && have.Release == x.Release }) {
		s.list = append(s.list, x)
	}
}

// write puts the sources into the header of an answer.
func (s *sources) write(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var releases, versions []string
	for _, x := range s.list {
		releases = append(releases, x.Service+"="+x.Release)
		if x.Version != "" {
			versions = append(versions, x.Service+"="+token(x.Version))
		}
	}
	h.Set(frontdoor.HeaderSources, strings.Join(releases, ","))
	h.Set(HeaderVersions, strings.Join(versions, ","))
}

// pairs yields the name=value items of comma-separated header values.
func pairs(values []string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
			name, value, ok := strings.Cut(strings.TrimSpace(item), "=")
			if ok && !yield(name, value) {
				return
			}
		}
	}
}

// token drops what would break the list: a version is free text.
func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == ',' || r == '=' {
			return -1
		}
		return r
	}, s)
}
