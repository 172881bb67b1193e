package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/consoletest"
	"github.com/emporium-shop/emporium/internal/view"
)

func awaiting() view.Objects { return consoletest.Awaiting() }

// everywhere are all pages of a shop.
var everywhere = []string{
	"/shops", "/shops/acme/acme", "/shops/acme/acme/history", "/shops/acme/acme/diff?from=acme-aaaaaaaa&to=acme-bbbbbbbb", "/shops/acme/acme/logs?release=acme-bbbbbbbb&service=cart",
	"/shops/acme/acme/releases/acme-aaaaaaaa", "/shops/acme/acme/services/storefront", promotePath, "/shops/acme/acme/back?release=acme-aaaaaaaa",
	"/shops/acme/acme/unpin", "/shops/acme/acme/retry?release=acme-bbbbbbbb%2Fsmoke", pausePath, "/shops/acme/acme/resume",
}

// hostile is a shop in which every text that somebody can write tries to be more than a text.
func hostile() (view.Objects, []console.Log) {
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>` + "\x1b[31mred\x1b]0;title\x07\u202egnp.exe\u2066\x00\x9b"
	o := awaiting()
	consoletest.Says(&o, v1alpha1.ReasonAwaitingPromotion, evil)
	o.Shop.Status.Address, o.Shop.Status.PreviewAddress = "javascript:alert(3)", "http://x\"onclick=alert(4)"
	o.Shop.Status.Candidate.Version = evil
	for i := range o.Shop.Status.Recent {
		o.Shop.Status.Recent[i].By, o.Shop.Status.Recent[i].Because = evil, evil
	}
	o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitCheck, Name: evil, Reason: evil, Release: consoletest.Second}}
	o.Releases[1].Spec.Version = evil
	store := &o.Releases[1].Spec.Services[19]
	store.Image, store.Env = evil, []corev1.EnvVar{{Name: "TRY", Value: evil}}
	o.Releases[0].Annotations = map[string]string{v1alpha1.AnnotationRejected: evil}
	o.Gaps = []view.Gap{{Kind: "pods", Namespace: "acme", Why: evil}}
	return o, []console.Log{{Pod: "p", Container: "c", Text: evil + "\r\nsecond line\ttab", Why: evil}}
}

var tagsOfOthers = regexp.MustCompile(`<(img|script>)|<[^>]*\son\w+=|href="javascript`)

// What teams write into names, messages and logs is text on every page, and looks like what it is.
func TestTextsAreTexts(t *testing.T) {
	o, logs := hostile()
	d := open(t, o)
	d.ana.Identity = console.Identity{User: "<b>ana</b>\u202e", Groups: []string{`"><script>`}}
	d.ana.Tails = logs
	d.ana.Says = says(&act.Refusal{Code: act.HeldByGit, Message: "<script>", Patch: "<script>\x1b[1m", Holder: &view.Holder{Manager: "<script>", Kind: "<script>", Name: "\u202e"}})
	d.signIn(t, goodToken)
	pages := map[string]string{"refused": d.post(pausePath, url.Values{}).Body.String()}
	for _, path := range everywhere {
		w := d.get(path)
		if w.Code != 200 {
			t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
		}
		pages[path] = w.Body.String()
	}
	for path, page := range pages {
		wellFormed(t, path, page)
		if tag := tagsOfOthers.FindString(page); tag != "" {
			t.Errorf("%s has %s", path, tag)
		}
		if strings.ContainsAny(page, "\x1b\x07\x00\u0080\u009b\r\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff") {
			t.Errorf("%s has a control or a mark of direction", path)
		}
	}
	if log := pages[everywhere[4]]; !strings.Contains(log, "red\ufffdgnp.exe") || !strings.Contains(log, "\nsecond line\ttab") || strings.Contains(log, "[31m") {
		t.Errorf("the log reads\n%s", log)
	}
}

func TestEveryPageIsWellFormed(t *testing.T) {
	d := open(t, awaiting(), worldOf("bazaar", "bazaar"))
	for _, path := range []string{"/login", "/nowhere"} {
		wellFormed(t, path, d.get(path).Body.String())
	}
	wellFormed(t, "a wrong token", d.post("/login", url.Values{"token": {"wrong"}}).Body.String())
	wellFormed(t, "a link from a chat", d.get("/shops", header("Sec-Fetch-Site", "cross-site")).Body.String())
	d.signIn(t, goodToken)
	for _, path := range append(everywhere, "/shops/bazaar/bazaar", "/shops/bazaar/bazaar/history", "/shops/acme/acme/promote?release=old", "/shops/acme/none") {
		page := d.get(path).Body.String()
		wellFormed(t, path, page)
		if !strings.Contains(page, "ana@shop") && !strings.Contains(path, "none") {
			t.Errorf("%s does not say who one is", path)
		}
	}
	home := atHome(t)
	wellFormed(t, "/start", home.get("/start").Body.String())
	wellFormed(t, "not signed in", home.get("/").Body.String())
}

func TestTheMatrixShowsWhatServesAndWhatComes(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	w := d.get("/shops/acme/acme")
	wants(t, w, 200, "AwaitingPromotion", "for 12 min", "2026.11.2 · acme-aaaaaaaa", "2026.11.3 · acme-bbbbbbbb", "by bob@shop", "front door 2/2", `href="/shops/acme/acme/promote?release=acme-bbbbbbbb"`,
		"Read and approve…", "check smoke", "Approval", "checked by Bob", `data-live="/shops/acme/acme/changes"`, `<noscript><meta http-equiv="refresh" content="10"></noscript>`)
	if rows := strings.Count(w.Body.String(), "/services/storefront\""); rows != 3 { // in the table, and in two cards
		t.Errorf("storefront is there %d times", rows)
	}
}

func TestAPageIsSmall(t *testing.T) {
	d := open(t, awaiting())
	d.signIn(t, goodToken)
	zip := header("Accept-Encoding", "gzip")
	w := d.get("/shops/acme/acme", zip)
	sum := w.Body.Len()
	t.Logf("the page: %d bytes", sum)
	page := d.get("/shops/acme/acme").Body.String()
	for _, file := range regexp.MustCompile(`/static/[0-9a-f]+/[a-z.]+`).FindAllString(page, -1) {
		a := d.get(file, zip)
		wants(t, a, 200)
		if a.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s is not kept", file)
		}
		t.Logf("%s: %d bytes", file, a.Body.Len())
		sum += a.Body.Len()
	}
	if t.Logf("first view of a shop of 20 services: %d bytes; the page by itself %d", sum, len(page)); sum > 30<<10 {
		t.Errorf("the first view is %d bytes", sum)
	}
}

// Tools get what pages are made of.
func TestEveryPageIsJSONToWhoAsksForIt(t *testing.T) {
	d := open(t, awaiting())
	d.ana.Tails = []console.Log{{Pod: "a"}}
	bearer := func(r *http.Request) {
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Authorization", "Bearer "+goodToken)
	}
	for _, path := range everywhere {
		w := d.get(path, bearer)
		if w.Code != 200 || !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s\n%s", path, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
	var v view.Shop
	if err := json.Unmarshal(d.get("/shops/acme/acme", bearer).Body.Bytes(), &v); err != nil || v.APIVersion != view.APIVersion || len(v.Rows) != len(consoletest.Services) {
		t.Errorf("%v, %d rows", err, len(v.Rows))
	}
	for path, code := range map[string]int{"/shops/acme/none": 404, "/nowhere": 404, promotePath + "?release=old": 409} {
		var told struct{ Status int }
		w := d.get(path, bearer)
		if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || w.Code != code || told.Status != code {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	w := d.get("/shops", header("Accept", "application/json"))
	wants(t, w, 401, `"status": 401`)
}

func TestTheStartLeadsToTheOnlyShop(t *testing.T) {
	for want, worlds := range map[string][]view.Objects{
		"/shops/acme/acme": {awaiting()}, "/shops": {awaiting(), worldOf("bazaar", "bazaar")},
	} {
		d := open(t, worlds...)
		d.signIn(t, goodToken)
		if got := d.get("/").Header().Get("Location"); got != want {
			t.Errorf("with %d shops it leads to %s", len(worlds), got)
		}
	}
	d := open(t)
	d.signIn(t, goodToken)
	wants(t, d.get("/shops"), 200, "You see no shop.")
}

func TestAStateIsSaidByWordSignAndColour(t *testing.T) {
	for reason, want := range map[v1alpha1.Reason]string{
		v1alpha1.ReasonServing:           `<span class="chip good"><span aria-hidden="true">●</span> Available</span>`,
		v1alpha1.ReasonAwaitingPromotion: `<span class="chip wait"><span aria-hidden="true">◐</span> Available</span>`,
		v1alpha1.ReasonMigrationFailed:   `<span class="chip bad"><span aria-hidden="true">!</span> Stalled</span>`,
	} {
		o := awaiting()
		consoletest.Says(&o, reason, "x")
		d := open(t, o)
		d.signIn(t, goodToken)
		wants(t, d.get("/shops/acme/acme"), 200, want)
		o.Shop.Spec.Paused = true
		wants(t, d.get("/shops/acme/acme"), 200, "Paused", "Resume…")
		o.Shop.Status.Conditions[1].Status = "False"
		wants(t, d.get("/shops/acme/acme"), 200, "✖</span> Not available", "Paused")
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	o := awaiting()
	o.Deployments, o.Gaps = nil, []view.Gap{{Kind: "deployments", Namespace: "acme", Why: "you may not list deployments"}}
	d := open(t, o)
	d.signIn(t, goodToken)
	wants(t, d.get("/shops/acme/acme"), 200, "Not seen", "deployments in namespace acme: you may not list deployments", "Read and approve…")
}
