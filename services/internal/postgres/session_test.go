package postgres

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestASessionIsReadAsItWasNamed(t *testing.T) {
	names := rapid.StringMatching(`[a-z][a-z0-9-]{0,20}`)
	rapid.Check(t, func(t *rapid.T) {
		s := session{names.Draw(t, "service"), rapid.StringMatching(`[a-z0-9-]{0,80}`).Draw(t, "release"), rapid.Int64Range(0, 1e6).Draw(t, "needs"), ""}
		if rapid.Bool().Draw(t, "purpose") {
			s.purpose = "watch"
		}
		name := s.String()
		got, ok := parseSession(name)
		if !ok || len(name) > nameLimit || got.service != s.service || got.needs != s.needs || got.purpose != s.purpose || !strings.HasSuffix(s.release, got.release) {
			t.Fatalf("%+v is named %q and read as %+v", s, name, got)
		}
		if full := len(s.service) + len(s.release) + 20; full < nameLimit && got != s {
			t.Fatalf("%+v lost something: %q", s, name)
		}
	})
}

func TestWhoKeepsAReleaseFromContracting(t *testing.T) {
	own := session{service: "catalog", release: "acme-new", needs: 5}
	for name, c := range map[string]struct {
		sessions []string
		want     []string
	}{
		"nobody":                              {nil, nil},
		"its own migration":                   {[]string{"catalog/acme-new/5/migrate"}, nil},
		"the release that serves, too old":    {[]string{"catalog/acme-old/3", "catalog/acme-old/3/watch"}, []string{"acme-old"}},
		"the release that serves, new enough": {[]string{"catalog/acme-old/4"}, nil},
		"two of them":                         {[]string{"catalog/a/3", "catalog/b/4", "catalog/c/2"}, []string{"a", "c"}},
		"a pod from before names told it":     {[]string{"catalog"}, []string{"of an unknown version"}},
		"a name without its version":          {[]string{"catalog/acme-old"}, []string{"of an unknown version"}},
		"a person":                            {[]string{"psql", "", "DBeaver 24/3", "pg_dump"}, nil},
		"an older one of ours":                {[]string{"catalog/acme-new/3"}, nil},
	} {
		if got := users(c.sessions, own, 4); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
