package console

import (
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/view"
)

// kind is one kind of act: its path, and the words of its page.
type kind struct {
	Path, verb string
	// needs is the verb on shops that the access policy asks for.
	needs string
	// link leads to the page, which has a title and a button of its own.
	link, title, button string
	// names: it is about one release.
	names bool
}

// kinds by the last part of their path.
var kinds = map[string]kind{
	"promote": {"promote", "promote", "promote", "Read and approve…", "Approve", "Let it serve", true},
	"back":    {"back", "rollback", "rollback", "Go back…", "Go back to", "Go back to it", true},
	"unpin":   {"unpin", "unpin", "promote", "Unpin…", "Clear the pin of", "Clear the pin", false},
	"retry":   {"retry", "retry", "retry", "Try again…", "Try again", "Try again", true},
	"pause":   {"pause", "pause", "pause", "Pause…", "Pause", "Pause", false},
	"resume":  {"resume", "resume", "pause", "Resume…", "Resume", "Resume", false},
}

// needed are the verbs that rights are asked for.
var needed = []string{"promote", "rollback", "retry", "pause"}

func kindOf(verb string) (kind, bool) {
	for _, k := range kinds {
		if k.verb == verb {
			return k, true
		}
	}
	return kind{}, false
}

// button leads to the page of an act.
type button struct {
	Kind   kind
	Action view.Action
	// Path of the page, with the release.
	Path string
	// Why it is disabled; empty: it is not.
	Why string
}

// Link is what stands on it.
func (b button) Link() string { return b.Kind.link }

// buttons are those of a shop, in the order of its actions. What somebody may not do is there, and says why.
func buttons(v view.Shop, refused map[string]string) []button {
	var all []button
	for _, a := range v.Actions {
		k, known := kindOf(a.Verb)
		if !known {
			continue
		}
		b := button{Kind: k, Action: a, Path: pathOf(v.Namespace, v.Name) + "/" + k.Path, Why: a.Refused}
		if about := aboutOf(k, a); about != "" {
			b.Path += "?release=" + url.QueryEscape(about)
		}
		if why := refused[k.needs]; why != "" {
			b.Why = why
		}
		all = append(all, b)
	}
	return all
}

func (s *Server) refusals(r *http.Request, who *session, v view.Shop) map[string]string {
	return who.refusals(r.Context(), s.now(), types.NamespacedName{Namespace: v.Namespace, Name: v.Name}, needed)
}
