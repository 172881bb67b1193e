package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/view"
)

const promotePath = "/shops/acme/acme/promote"

// says lets every act end like this.
func says(err error) func(act.Request) (act.Result, error) {
	return func(r act.Request) (act.Result, error) { return act.Result{Release: r.Release}, err }
}

func TestAnApprovalIsReadFirst(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	w := d.get(promotePath + "?release=acme-bbbbbbbb")
	wants(t, w, 200, "Approve acme-bbbbbbbb for acme", "What changes", "What it passed", "Afterwards", `name="seen" value="acme-bbbbbbbb"`, `name="because"`,
		"<button class=\"button\">Let acme-bbbbbbbb serve</button>", "you are ana@shop, groups team-web", "acme-aaaaaaaa stays for 15 min")
	if len(d.ana.Acts()) > 0 {
		t.Error("reading acted")
	}
}

func TestAnApprovalCarriesWhatWasSeenAndWhy(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	w := d.post(promotePath, url.Values{"release": {"acme-bbbbbbbb"}, "seen": {"acme-bbbbbbbb"}, "because": {"checked by Ana"}})
	wants(t, w, 303)
	want := act.Request{Shop: types.NamespacedName{Namespace: "acme", Name: "acme"}, Verb: "promote", Release: "acme-bbbbbbbb", Because: "checked by Ana", Seen: "acme-bbbbbbbb"}
	if acts := d.ana.Acts(); len(acts) != 1 || acts[0] != want {
		t.Errorf("acted: %+v", acts)
	}
	if w.Header().Get("Location") != "/shops/acme/acme" {
		t.Error("it leads to", w.Header().Get("Location"))
	}
	wants(t, d.get("/shops/acme/acme"), 200, "Done: promote.")
	d.now = d.now.Add(1e9 * 60)
	if strings.Contains(d.get("/shops/acme/acme").Body.String(), "Done: promote.") {
		t.Error("the notice is there a minute later")
	}
}

// The page of a candidate that was replaced leads to the new one, and approves none.
func TestAnApprovalOfAReplacedCandidateIsRefused(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	w := d.get(promotePath + "?release=acme-aaaaaaaa")
	wants(t, w, 409, "acme-bbbbbbbb is the candidate now", "look at it first", "Nothing was changed.")
	if strings.Contains(w.Body.String(), "<form method=\"post\" action=\"/shops") {
		t.Error("there is a form")
	}
	d.ana.Says = says(&act.Refusal{Code: act.NotTheCandidate, Message: "acme-cccccccc is the candidate now, and not acme-bbbbbbbb"})
	wants(t, d.post(promotePath, url.Values{"release": {"acme-bbbbbbbb"}, "seen": {"acme-bbbbbbbb"}}), 409, "acme-cccccccc is the candidate now", "Look at acme as it is now")
}

var held = &act.Refusal{
	Code: act.HeldByGit, Message: "spec.release.active is held in Git: Flux Kustomization flux-system/acme", Patch: "spec:\n  release:\n+   active: acme-bbbbbbbb\n",
	Holder: &view.Holder{Manager: "kustomize-controller", Kind: "Kustomization", Namespace: "flux-system", Name: "acme"},
}

func TestWhatGitHoldsHasAPatchAndNoButton(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	d.ana.Says = says(held)
	w := d.get(promotePath)
	wants(t, w, 200, "Git decides this field", "Kustomization flux-system/acme (kustomize-controller)", "active: acme-bbbbbbbb", "Commit this:")
	if strings.Contains(w.Body.String(), "serve</button>") {
		t.Error("there is a button")
	}
	wants(t, d.post(promotePath, url.Values{"release": {"acme-bbbbbbbb"}}), 409, "Git decides this field", "active: acme-bbbbbbbb")
}

// Every refusal has its status, and its sentence, for people and for tools.
func TestHowRefusalsAreAnswered(t *testing.T) {
	shops := schema.GroupResource{Group: "shop.emporium.dev", Resource: "shops"}
	for name, x := range map[string]struct {
		err  error
		code int
		text string
	}{
		"forbidden by the policy":     {&act.Refusal{Code: act.Forbidden, Message: "you need the verb promote"}, 403, "you need the verb promote"},
		"forbidden by RBAC":           {apierrors.NewForbidden(shops, "acme", nil), 403, "forbidden"},
		"held in Git":                 {held, 409, "Git decides"},
		"replaced":                    {&act.Refusal{Code: act.NotTheCandidate, Message: "another one"}, 409, "another one"},
		"cannot serve":                {&act.Refusal{Code: act.CannotServe, Message: "closed by a migration"}, 422, "closed by a migration"},
		"changed at the same time":    {apierrors.NewConflict(shops, "acme", nil), 409, "Operation cannot be fulfilled"},
		"invalid":                     {apierrors.NewBadRequest("no such release"), 400, "no such release"},
		"the API server is away":      {apierrors.NewServiceUnavailable("away"), 502, "away"},
		"nobody answers":              {http.ErrHandlerTimeout, 502, "timeout"},
		"the shop is gone meanwhile":  {apierrors.NewNotFound(shops, "acme"), 404, "not found"},
		"too many requests were made": {apierrors.NewTooManyRequests("slowly", 1), 429, "slowly"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, awaiting())
			d.signIn(t, goodToken)
			d.ana.Says = says(x.err)
			form := url.Values{"release": {"acme-bbbbbbbb"}}
			wants(t, d.post(promotePath, form), x.code, x.text, "Nothing was changed.")
			w := d.post(promotePath, form, header("Accept", "application/json"))
			var told struct {
				Status int
				Detail string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || w.Code != x.code || told.Status != x.code {
				t.Errorf("as JSON it is %d %+v %v", w.Code, told, err)
			}
		})
	}
}

// A button that is not allowed is there, disabled, and says why; what is sent all the same is tried.
func TestAForbiddenButtonSaysWhyAndIsNotTheLock(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	why := "needs the verb promote on shops/acme; you are ana@shop, groups team-web"
	d.ana.Refused = map[string]string{"promote": why}
	d.ana.Says = says(&act.Refusal{Code: act.Forbidden, Message: why})
	wants(t, d.get("/shops/acme/acme"), 200, `<button class="button quiet" disabled>Read and approve…</button>`, why)
	wants(t, d.get(promotePath), 200, why, "<button class=\"button\" disabled>", "What changes")
	d.ana.Says = nil // the API server thinks otherwise
	wants(t, d.post(promotePath, url.Values{"release": {"acme-bbbbbbbb"}, "seen": {"acme-bbbbbbbb"}}), 303)
	if len(d.ana.Acts()) != 1 {
		t.Error("the button was the lock")
	}
}

func TestRightsAreAskedForOnceInTenSeconds(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	for range 5 {
		d.get("/shops/acme/acme")
	}
	if n := d.ana.Asked("refusals"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	d.now = d.now.Add(10e9)
	d.get("/shops/acme/acme")
	if n := d.ana.Asked("refusals"); n != 2 {
		t.Errorf("after ten seconds: %d times", n)
	}
	d.post(pausePath, url.Values{}) // what one did may change what one may
	d.get("/shops/acme/acme")
	if n := d.ana.Asked("refusals"); n != 3 {
		t.Errorf("after an act: %d times", n)
	}
}

func TestEveryActHasItsPageAndItsVerb(t *testing.T) {
	for path, verb := range map[string]string{"promote": "promote", "back": "rollback", "unpin": "unpin", "retry": "retry", "pause": "pause", "resume": "resume"} {
		t.Run(path, func(t *testing.T) {
			d := open(t, awaiting())
			d.signIn(t, goodToken)
			release := map[string]string{"promote": "acme-bbbbbbbb", "back": "acme-aaaaaaaa", "retry": "acme-bbbbbbbb"}[path]
			wants(t, d.get("/shops/acme/acme/"+path+"?release="+release), 200, `action="/shops/acme/acme/`+path+`"`, "Afterwards", "Not now")
			wants(t, d.post("/shops/acme/acme/"+path, url.Values{"release": {release}}), 303)
			if acts := d.ana.Acts(); len(acts) != 1 || acts[0].Verb != verb || acts[0].Release != release || acts[0].Force {
				t.Errorf("acted: %+v", acts)
			}
		})
	}
}

func TestThereIsNoWayBackToWhatIsNotKept(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	wants(t, d.get("/shops/acme/acme/back?release=acme-99999999"), 422, "There is no ShopRelease acme-99999999")
	wants(t, d.get("/shops/none/none/back"), 404)
}

// A GET never acts, whatever it is given: links in chats lead to pages.
func TestLinksDoNotAct(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	for path := range map[string]bool{"promote": true, "back": true, "unpin": true, "retry": true, "pause": true, "resume": true} {
		d.get("/shops/acme/acme/" + path + "?release=acme-bbbbbbbb&seen=acme-bbbbbbbb&because=x&_method=POST")
		d.get("/shops/acme/acme/"+path, header("X-HTTP-Method-Override", "POST"))
	}
	if acts := d.ana.Acts(); len(acts) > 0 {
		t.Errorf("acted: %+v", acts)
	}
}
