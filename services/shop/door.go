package shop

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// hidden are the first segments of what no customer sees, as at the front door of a real shop.
var hidden = []string{"livez", "readyz", "startupz", "metrics", "contract", "internal"}

// door is the front door: the longest path wins, by whole segments.
func (s *Shop) door() http.Handler {
	owners := map[string]*room{}
	for _, m := range s.members {
		for _, path := range m.paths {
			owners[path] = s.rooms[m.Name]
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Shop-Release", Release)
		for at := r.URL.Path; shown(r.URL.Path); at = path.Dir(at) {
			if owner := owners[at]; owner != nil {
				owner.ServeHTTP(w, r)
				return
			}
			if at == "/" || at == "." {
				break
			}
		}
		httpapi.Refuse(w, r, fault.NotFound("page", r.URL.Path))
	})
}

// shown tells whether customers may ask for a path: one that means the same to everybody, and is nothing of the shop's inside.
func shown(at string) bool {
	if clean := path.Clean(at); !strings.HasPrefix(at, "/") || clean != strings.TrimSuffix(at, "/") && clean != at || strings.Contains(at, `\`) {
		return false
	}
	first, _, _ := strings.Cut(strings.ToLower(at[1:]), "/")
	first, _, _ = strings.Cut(first, ".")
	return !slices.Contains(hidden, first)
}
