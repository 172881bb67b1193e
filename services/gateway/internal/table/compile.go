package table

import (
	"strings"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Role says which port a release answers on. It is the only thing that metrics
// tell releases apart by: names of releases would grow without end.
type Role string

const (
	// Active is the release that customers reach.
	Active Role = "active"
	// Preview is the candidate, on the preview port alone.
	Preview Role = "preview"
)

// Compiled is a routing table made ready for matching. It never changes.
type Compiled struct {
	// Hash identifies the stored bytes that it was made from.
	Hash string
	// Source is the table as the operator wrote it.
	Source frontdoor.Table

	active, preview *Stack
}

// Routed names the release that customers reach: the active one, or the pinned one
// of a front door that is pinned. Empty: none.
func (c *Compiled) Routed() string {
	if stack := c.Stack(Active); stack != nil {
		return stack.Release
	}
	return ""
}

// Stack returns the release that answers in a role; nil when there is none.
func (c *Compiled) Stack(role Role) *Stack {
	switch {
	case c == nil:
		return nil
	case role == Preview:
		return c.preview
	default:
		return c.active
	}
}

// Stack is one release with its routes.
type Stack struct {
	Release string
	// Mark is the release as the value of a header. It is shared: do not write to it.
	Mark   []string
	routes map[string]*frontdoor.Route
	// longest bounds the search: no prefix is longer than this many bytes.
	longest int
}

// Compile makes a table ready from the bytes that the ConfigMap stores. Customers
// reach its active release; where a release is pinned, that one alone, and there is
// no preview.
func Compile(data, pinned string) (*Compiled, error) {
	source, err := frontdoor.Decode(data)
	if err != nil {
		return nil, err
	}
	c := &Compiled{Hash: frontdoor.Hash(data), Source: source}
	if pinned != "" {
		c.active = newStack(source, pinned)
		return c, nil
	}
	c.active, c.preview = newStack(source, source.Active), newStack(source, source.Preview)
	return c, nil
}

func newStack(source frontdoor.Table, name string) *Stack {
	release, ok := source.Release(name)
	if name == "" || !ok {
		return nil
	}
	s := &Stack{Release: name, Mark: []string{name}, routes: make(map[string]*frontdoor.Route, len(release.Routes))}
	for i := range release.Routes {
		prefix := trimPrefix(release.Routes[i].Path)
		s.routes[prefix] = &release.Routes[i]
		s.longest = max(s.longest, len(prefix))
	}
	return s
}

// Match returns the route with the longest prefix of whole segments; nil when
// none fits. It asks the map once a segment, however many routes there are.
func (s *Stack) Match(path string) *frontdoor.Route {
	if !strings.HasPrefix(path, "/") {
		return nil
	}
	for prefix := s.cut(trimPrefix(path)); ; prefix = parent(prefix) {
		if route, ok := s.routes[prefix]; ok {
			return route
		}
		if prefix == "" {
			return nil
		}
	}
}

// cut shortens a path to a whole-segment prefix that a route can have: a path
// of a megabyte of slashes must not cost a megabyte of lookups.
func (s *Stack) cut(path string) string {
	if len(path) <= s.longest {
		return path
	}
	if path[s.longest] == '/' {
		return path[:s.longest]
	}
	return parent(path[:s.longest])
}

func parent(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

// trimPrefix writes "/" as "" and "/api/" as "/api": one form of each prefix.
func trimPrefix(path string) string { return strings.TrimSuffix(path, "/") }

// Upstreams returns the Kubernetes Service of each service.
func (s *Stack) Upstreams() map[string]string {
	all := map[string]string{}
	if s == nil {
		return all
	}
	for _, route := range s.routes {
		all[route.Service] = route.Upstream
	}
	return all
}
