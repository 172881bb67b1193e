package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/view"
)

// mostBecause is how many characters of a reason are kept.
const mostBecause = 256

// actBody is what somebody reads before they act: what changes, what it passed, what comes afterwards.
type actBody struct {
	Shop view.Shop
	Kind kind
	// Asked is the release that it is about; of a retry with the Job behind a slash.
	Asked string
	// Seen is what they look at. Where it is another when they act, the act is refused.
	Seen       string
	Services   []view.ServiceDiff
	Same       int
	Afterwards []string
	Warnings   []string
	// Refusal of the API server's dry run; nil: it would do it. Held in Git, it has the patch.
	Refusal *act.Refusal
	Because string
}

// Do is what stands on the button that acts.
func (b actBody) Do() string {
	switch b.Kind.Path {
	case "promote":
		return "Let " + b.Asked + " serve"
	case "back":
		return "Go back to " + b.Asked
	}
	return b.Kind.button
}

// HasButton: where Git decides, there is a patch instead.
func (b actBody) HasButton() bool { return b.Refusal == nil || b.Refusal.Patch == "" }

// KeepsReason: the history tells who let which release serve, and why; of other acts it keeps none.
func (b actBody) KeepsReason() bool {
	return b.Kind.verb == "promote" || b.Kind.verb == "rollback" || b.Kind.verb == "unpin"
}

// read shows the page of an act. It changes nothing.
func (s *Server) read(k kind) handler {
	return func(w http.ResponseWriter, r *http.Request, who *session) error {
		name, err := shopOf(r)
		if err != nil {
			return err
		}
		o, err := who.person.Objects(r.Context(), name)
		if err != nil {
			return err
		}
		v := view.Of(o)
		request := act.Request{Shop: name, Verb: k.verb, Release: r.URL.Query().Get("release"), Seen: seen(k, v)}
		if request.Release, err = subject(k, v, request.Release); err != nil {
			s.refuse(w, r, who, request, err)
			return nil
		}
		body := actBody{Shop: v, Kind: k, Asked: request.Release, Seen: request.Seen}
		if body.Refusal, err = refusal(who.person.Try(r.Context(), request)); err != nil {
			return err
		}
		body.tell(o)
		p := &page{Title: title(k, v.Name, request.Release), Shop: name, Body: body}
		return s.answer(w, r, who, "act", p, v)
	}
}

// seen is what the person looks at when they decide.
func seen(k kind, v view.Shop) string {
	switch k.Path {
	case "promote":
		return column(v, view.Candidate).Release
	case "back":
		return column(v, view.Active).Release
	}
	return ""
}

// subject is the release that an act is about. Where the one that was asked for is the candidate no more, people look at the new one first.
func subject(k kind, v view.Shop, asked string) (string, error) {
	if k.Path == "promote" {
		now := column(v, view.Candidate).Release
		switch {
		case now == "":
			return asked, &act.Refusal{Code: act.NotTheCandidate, Message: "Shop " + v.Name + " has no candidate: there is nothing to approve."}
		case asked != "" && asked != now:
			return asked, &act.Refusal{Code: act.NotTheCandidate, Message: fmt.Sprintf("%s is the candidate now, and not %s; look at it first.", now, asked)}
		}
		return now, nil
	}
	if asked != "" {
		if released(v, asked).Name == "" && k.Path == "back" {
			return asked, &act.Refusal{Code: act.CannotServe, Message: fmt.Sprintf("There is no ShopRelease %s of Shop %s any more.", asked, v.Name)}
		}
		return asked, nil
	}
	for _, a := range v.Actions {
		if a.Verb == k.verb {
			return aboutOf(k, a), nil
		}
	}
	if k.Path == "back" || k.Path == "retry" {
		return "", &act.Refusal{Code: act.CannotServe, Message: fmt.Sprintf("Shop %s has nothing to %s.", v.Name, map[string]string{"back": "go back to", "retry": "try again"}[k.Path])}
	}
	return "", nil
}

// aboutOf an action is what its request names.
func aboutOf(k kind, a view.Action) string {
	switch {
	case k.verb == "retry":
		return strings.TrimSuffix(a.Value, "/-") // the release as a whole
	case k.names:
		return a.Release
	}
	return ""
}

// act does it, with the rights of who asked, and shows what the API server says.
func (s *Server) act(k kind) handler {
	return func(w http.ResponseWriter, r *http.Request, who *session) error {
		name, err := shopOf(r)
		if err != nil {
			return err
		}
		if !s.form(w, r) {
			return nil
		}
		request := act.Request{Shop: name, Verb: k.verb, Release: r.PostForm.Get("release"), Seen: r.PostForm.Get("seen"), Because: r.PostForm.Get("because")}
		if len([]rune(request.Because)) > mostBecause {
			s.fail(w, r, tooMuch)
			return nil
		}
		result, err := who.person.Act(r.Context(), request)
		if apierrors.IsUnauthorized(err) {
			return err
		}
		if err != nil {
			s.log.Info("an act was refused", "user", who.who.User, "shop", name, "verb", k.verb, "release", request.Release, "why", err.Error())
			s.refuse(w, r, who, request, err)
			return nil
		}
		s.log.Info("acted", "user", who.who.User, "shop", name, "verb", k.verb, "release", result.Release, "changed", result.Changed)
		if wantsJSON(r) {
			return sendJSON(w, r, http.StatusOK, result)
		}
		who.tell(s.now(), name, sentence(result))
		http.Redirect(w, r, pathOf(name.Namespace, name.Name), http.StatusSeeOther)
		return nil
	}
}

func sentence(r act.Result) string {
	if r.Warning != "" {
		return r.Done + " " + r.Warning
	}
	return r.Done
}

// refusedBody is why nothing was changed.
type refusedBody struct {
	Status  int          `json:"status"`
	Title   string       `json:"title"`
	Text    string       `json:"detail"`
	Holder  *view.Holder `json:"holder,omitempty"`
	Patch   string       `json:"patch,omitempty"`
	Shop    types.NamespacedName
	Release string `json:"release,omitempty"`
	Path    string `json:"-"`
}

// refuse shows why nothing was changed.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, who *session, request act.Request, err error) {
	p := explain(err)
	body := refusedBody{Status: p.Status, Title: p.Title, Text: p.Text, Shop: request.Shop, Release: request.Release, Path: r.URL.Path}
	if refused := new(act.Refusal); errors.As(err, &refused) {
		body.Status, body.Title = meaning(refused.Code)
		body.Text, body.Holder, body.Patch = refused.Message, refused.Holder, refused.Patch
	} else if body.Status == http.StatusForbidden {
		body.Title, _ = "You may not do this", ""
	}
	if wantsJSON(r) && sendJSON(w, r, body.Status, body) == nil {
		return
	}
	s.show(w, r, body.Status, "refused", &page{Title: body.Title, Shop: request.Shop, Who: who.who, Wrong: true, Body: body})
}

// meaning of a refusal for HTTP, and for people.
func meaning(c act.Code) (status int, title string) {
	switch c {
	case act.Forbidden:
		return http.StatusForbidden, "You may not do this"
	case act.HeldByGit:
		return http.StatusConflict, "Git decides this field"
	case act.NotTheCandidate:
		return http.StatusConflict, "It is not the candidate"
	case act.CannotServe:
		return http.StatusUnprocessableEntity, "It cannot serve"
	}
	return http.StatusConflict, "Nothing was changed"
}

// refusal of a dry run. Only that somebody is signed out ends the page: people read it whether or not they may act.
func refusal(err error) (*act.Refusal, error) {
	refused := new(act.Refusal)
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &refused):
		return refused, nil
	case apierrors.IsUnauthorized(err):
		return nil, err
	case apierrors.IsForbidden(err):
		return &act.Refusal{Code: act.Forbidden, Message: err.Error()}, nil
	}
	return &act.Refusal{Message: err.Error()}, nil
}

func title(k kind, shop, release string) string {
	switch k.Path {
	case "promote":
		return "Approve " + release + " for " + shop
	case "back":
		return "Go back to " + release
	case "retry":
		return "Try again: " + release
	}
	return k.title + " " + shop
}
