// Package provenance records who made an answer. Every service names itself and
// everyone it asked in X-Shop-Sources, so that an answer that mixes two releases
// shows.
package provenance

import (
	"context"
	"iter"
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
	// Version of its image; empty when the service did not tell.
	Version string
}

// Sources collects who took part in one answer: the service itself first, then
// everyone it asked, each pair of service and release once. A service that
// answered from two releases is there twice: a mix must show.
type Sources struct {
	mu   sync.Mutex
	list []Source
}

type key struct{}

// Begin starts the record of one answer, made by self.
func Begin(ctx context.Context, self Source) (context.Context, *Sources) {
	s := &Sources{list: []Source{self}}
	return context.WithValue(ctx, key{}, s), s
}

// Add merges what another service's answer says of its makers into the answer to
// this request. What comes after the header was written is lost, so a handler
// asks first and writes then. A context without a request is ignored.
func Add(ctx context.Context, answer http.Header) {
	s, ok := ctx.Value(key{}).(*Sources)
	if !ok {
		return
	}
	versions := map[string]string{}
	for service, version := range pairs(answer.Values(HeaderVersions)) {
		versions[service] = version
	}
	for service, release := range pairs(answer.Values(frontdoor.HeaderSources)) {
		s.add(Source{Service: service, Release: release, Version: versions[service]})
	}
}

// From tells who took part so far, for a page that shows it.
func From(ctx context.Context) []Source {
	s, ok := ctx.Value(key{}).(*Sources)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func (s *Sources) add(x Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.list, func(have Source) bool { return have.Service == x.Service && have.Release == x.Release }) {
		s.list = append(s.list, x)
	}
}

// Write puts the sources into the header of an answer.
func (s *Sources) Write(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var releases, versions []string
	for _, x := range s.list {
		releases = append(releases, x.Service+"="+x.Release)
		if version := token(x.Version); version != "" {
			versions = append(versions, x.Service+"="+version)
		}
	}
	h.Set(frontdoor.HeaderSources, strings.Join(releases, ","))
	if versions != nil {
		h.Set(HeaderVersions, strings.Join(versions, ","))
	}
}

// pairs yields the name=value items of comma-separated header values.
func pairs(values []string) iter.Seq2[string, string] {
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
