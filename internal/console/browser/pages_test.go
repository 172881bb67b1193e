package browser

import (
	"testing"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/consoletest"
	"github.com/emporium-shop/emporium/internal/testing/browser"
)

// place is a page of somebody.
type place struct {
	name, who, path string
	status          int
}

var places = []place{
	{"awaiting", "ana", shop, 200},
	{"trouble", "tom", shop, 200},
	{"window", "wim", shop, 200},
	{"forbidden", "vic", shop, 200},
	{"approve", "ana", shop + "/promote?release=acme-bbbbbbbb", 200},
	{"approve-held", "gus", shop + "/promote?release=acme-bbbbbbbb", 200},
	{"approve-forbidden", "vic", shop + "/promote?release=acme-bbbbbbbb", 200},
	{"approve-replaced", "ana", shop + "/promote?release=acme-aaaaaaaa", 409},
	{"back", "wim", shop + "/back?release=acme-aaaaaaaa", 200},
	{"pause", "ana", shop + "/pause", 200},
	{"history", "wim", shop + "/history", 200},
	{"release", "wim", shop + "/releases/acme-aaaaaaaa", 200},
	{"service", "tom", shop + "/services/search", 200},
	{"diff", "ana", shop + "/diff", 200},
	{"logs", "ana", shop + "/logs?release=acme-bbbbbbbb&service=cart", 200},
	{"shops", "ana", "/shops", 200},
	{"unknown", "ana", "/shops/acme/none", 404},
	{"login", "", "/login", 200},
}

func people(d *desk) {
	d.people["ana"].Tails = []console.Log{{Pod: "acme-cart-1", Container: "app", Text: "listening at :8080\nGET /carts/1 200 3ms\n"}, {Pod: "acme-cart-2", Container: "app", Why: "pods/log is forbidden"}}
	d.person("tom", inTrouble())
	d.person("wim", consoletest.Switched("ana@shop", "checked by Ana"))
	why := "needs the verb promote on shops/acme; you are vic@shop, groups team-web"
	vic := d.person("vic", consoletest.Awaiting())
	vic.Refused = map[string]string{"promote": why, "pause": "needs the verb pause on shops/acme; you are vic@shop, groups team-web", "rollback": why}
	vic.Says = func(act.Request) (act.Result, error) {
		return act.Result{}, &act.Refusal{Code: act.Forbidden, Message: why}
	}
	d.person("gus", consoletest.Awaiting()).Says = func(act.Request) (act.Result, error) { return act.Result{}, held }
}

// Every page: no serious finding of axe-core, nothing to move sideways, nothing in the console, on desktop and phone, by day
// and by night. The pictures are kept.
func TestEveryPageIsForEverybody(t *testing.T) {
	chrome, d, source := chromium(t), openDesk(t), browser.Axe(t)
	people(d)
	for _, l := range browser.Looks {
		tabs := map[string]*browser.Tab{"": browser.Visit(chrome, t, d.url, l)}
		for name := range d.people {
			tabs[name] = browser.Visit(chrome, t, d.url, l)
			signIn(t, tabs[name], name)
		}
		for _, p := range places {
			t.Run(p.name+"-"+l.Name, func(t *testing.T) {
				b := tabs[p.who]
				b.Forget() // what is left of a page before
				b.Open(t, p.path, p.status)
				b.KeepPicture(t, "console-"+p.name+"-"+l.Name)
				b.Accessible(t, source)
				b.Quiet(t, p.status >= 400)
				b.Fits(t, p.name, l)
			})
		}
	}
}
