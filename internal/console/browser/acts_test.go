package browser

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/consoletest"
)

// Ana reads what changes, says why, and lets it serve; then she goes back. With scripts and without.
func TestAnApprovalAndTheWayBack(t *testing.T) {
	chrome := browser(t)
	for name, on := range map[string]bool{"as browsers come": true, "with scripts off": false} {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t)
			ana := d.people["ana"]
			b := visit(chrome, t, d.url, looks[2])
			b.scripts(t, on)
			b.signIn(t, "ana")
			b.wants(t, "AwaitingPromotion", "Read and approve…")
			b.click(t, ".buttons a", 200)
			b.wants(t, "registry.example/storefront:2", "19 services are the same.", "env.TRY")
			b.fill(t, "#because", "checked by Ana")
			ana.Says = func(r act.Request) (act.Result, error) {
				return act.Result{Done: "acme-bbbbbbbb is to serve.", Changed: true, Release: r.Release}, nil
			}
			b.click(t, "main .button", 200)
			b.wants(t, "acme-bbbbbbbb is to serve.")
			if r := waitForAct(t, ana); r.Verb != "promote" || r.Release != consoletest.Second || r.Seen != consoletest.Second || r.Because != "checked by Ana" {
				t.Errorf("asked for %+v", r)
			}
			ana.Sees(consoletest.Switched("ana@shop", "checked by Ana"))
			if !on {
				b.open(t, shop, 200) // it would come by itself ten seconds later
			}
			b.comes(t, "is kept for a way back until")
			b.click(t, `.buttons a[href*="/back"]`, 200)
			b.wants(t, "Go back to acme-aaaaaaaa", "is pinned")
			b.click(t, "main .button", 200)
			if r := waitForAct(t, ana); r.Verb != "rollback" || r.Release != consoletest.First || r.Seen != consoletest.Second {
				t.Errorf("asked for %+v", r)
			}
			b.scripts(t, true)
			b.quiet(t, false)
		})
	}
}

// Another release took the place of what Ana looks at: nothing is approved, and she is led to it.
func TestAnApprovalThatComesTooLate(t *testing.T) {
	chrome, d := browser(t), openDesk(t)
	d.people["ana"].Says = func(act.Request) (act.Result, error) { return act.Result{}, nil }
	b := visit(chrome, t, d.url, desktop)
	b.signIn(t, "ana")
	b.click(t, ".buttons a", 200)
	d.people["ana"].Says = func(act.Request) (act.Result, error) {
		return act.Result{}, &act.Refusal{Code: act.NotTheCandidate, Message: "acme-cccccccc is the candidate of Shop acme now, and not acme-bbbbbbbb"}
	}
	b.click(t, "main .button", 409)
	b.wants(t, "acme-cccccccc is the candidate", "Nothing was changed.")
	b.click(t, "main .button", 200)
	b.wants(t, "AwaitingPromotion")
}

// What changes is shown without a reload, and leaves alone what somebody does: the focus, and where they are.
func TestAChangeIsShownWithoutAReload(t *testing.T) {
	chrome, d := browser(t), openDesk(t)
	b := visit(chrome, t, d.url, desktop)
	b.signIn(t, "ana")
	eval[bool](t, b, `window.before = document.getElementById("main"), scrollTo(0, 300), document.querySelector("tbody a").focus(), true`)
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if open, _ := d.people["ana"].Watches(); open == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the page does not listen")
		}
	}
	d.people["ana"].Sees(inTrouble())
	b.comes(t, "StartDeadlineExceeded")
	b.wants(t, "Stalled", "ImagePullBackOff")
	if !eval[bool](t, b, `window.before === document.getElementById("main") && document.activeElement === document.querySelector("tbody a") && scrollY > 0`) {
		t.Errorf("the page was made anew: the focus is at %s, scrolled to %v", eval[string](t, b, "document.activeElement.outerHTML"), eval[float64](t, b, "scrollY"))
	}
	if told := eval[string](t, b, `document.getElementById("live").textContent`); !strings.HasPrefix(told, "release acme-bbbbbbbb was not ready") {
		t.Errorf("a screen reader is told %q", told)
	}
	b.quiet(t, false)
	d.people["ana"].Fails(errors.NewUnauthorized("expired"))
	b.comes(t, "You are signed out.")
	if _, begun := d.people["ana"].Watches(); begun != 1 {
		t.Errorf("it spins: %d watches", begun)
	}
	d.people["ana"].Fails(nil)
	b.click(t, "#live a", 200)
	b.wants(t, "A token of the cluster", `value="/shops/acme/acme"`)
}

// A session's cookie is for our pages alone, and no script reads it.
func TestTheCookieIsSafe(t *testing.T) {
	chrome, d := browser(t), openDesk(t)
	b := visit(chrome, t, d.url, desktop)
	b.open(t, "/login", 200)
	b.fill(t, "#token", "nonsense")
	b.click(t, "form .button", 422)
	b.wants(t, "does not accept this token", "Error: ")
	b.signIn(t, "ana")
	found := false
	for _, c := range call(t, b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		found = found || strings.HasPrefix(c.Name, "emporium-console-") && c.HTTPOnly && c.SameSite == network.CookieSameSiteStrict
	}
	if !found || eval[string](t, b, "document.cookie") != "" {
		t.Error("the cookie is not as it should be")
	}
	b.click(t, ".me button", 200)
	b.open(t, shop, 200)
	b.wants(t, "A token of the cluster")
}

// The policy of the page holds against what gets into it all the same.
func TestThePolicyHolds(t *testing.T) {
	chrome, d := browser(t), openDesk(t)
	b := visit(chrome, t, d.url, desktop)
	b.signIn(t, "ana")
	for what, script := range map[string]string{
		"a string that becomes HTML":  `(() => { try { document.getElementById("live").innerHTML = "<b>x</b>"; return "done" } catch { return "" } })()`,
		"a policy of its own":         `(() => { try { trustedTypes.createPolicy("mine", {createHTML: s => s}); return "done" } catch { return "" } })()`,
		"a script in the page":        `(() => { const s = document.createElement("script"); try { s.textContent = "window.done = 1" } catch {} document.body.append(s); return window.done ? "done" : "" })()`,
		"a script of another":         `new Promise(r => { const s = document.createElement("script"); try { s.src = "https://evil.example/x.js" } catch { return r("") } s.onload = () => r("done"); s.onerror = () => r(""); document.body.append(s) })`,
		"a request to another":        `fetch("https://evil.example/").then(() => "done", () => "")`,
		"a picture of another":        `new Promise(r => { const i = new Image(); i.onload = () => r("done"); i.onerror = () => r(""); i.src = "https://evil.example/x.png" })`,
		"a frame with one of our own": `new Promise(r => { const f = document.createElement("iframe"); f.src = "/shops"; f.onload = () => { try { r(f.contentDocument.title ? "done" : "") } catch { r("") } }; document.body.append(f); setTimeout(() => r(""), 3000) })`,
	} {
		if eval[string](t, b, script) != "" {
			t.Errorf("the page lets through: %s", what)
		}
	}
}

// All of it can be done without a mouse.
func TestAKeyboardIsEnough(t *testing.T) {
	chrome, d := browser(t), openDesk(t)
	b := visit(chrome, t, d.url, desktop)
	b.open(t, "/login", 200)
	b.tabTo(t, "#token")
	b.do(t, chromedp.KeyEvent("ana"))
	b.arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	b.tabKey(t)
	if !eval[bool](t, b, `document.activeElement.matches(".skip")`) {
		t.Error("the first thing is not the link to the content")
	}
	b.tabTo(t, `.buttons a`)
	if outline := eval[string](t, b, "getComputedStyle(document.activeElement).outlineStyle"); outline == "none" {
		t.Error("nothing shows the focus")
	}
	b.arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	b.tabTo(t, "#because")
	b.do(t, chromedp.KeyEvent("by keyboard"))
	b.tabTo(t, "main button")
	b.arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	if r := waitForAct(t, d.people["ana"]); r.Because != "by keyboard" || r.Release != consoletest.Second {
		t.Errorf("asked for %+v", r)
	}
	b.arrive(t, 200, chromedp.KeyEvent("h"))
	b.wants(t, "History of acme")
	b.arrive(t, 200, chromedp.KeyEvent("s"))
	b.wants(t, "AwaitingPromotion")
}

// kubectl shop console: the printed address lets one browser in; the second is turned away, and so is the code typed anew.
func TestTheAddressOfTheTerminalLetsOneBrowserIn(t *testing.T) {
	chrome := browser(t)
	for name, on := range map[string]bool{"as browsers come": true, "with scripts off": false} {
		t.Run(name, func(t *testing.T) {
			address, code := local(t)
			b := visit(chrome, t, address, desktop)
			b.scripts(t, on)
			if on {
				b.do(t, chromedp.Navigate(address+"/start#k="+code))
				b.comes(t, "Read and approve…")
			} else {
				b.open(t, "/start#k="+code, 200)
				b.fill(t, "#code", code)
				b.click(t, "form .button", 200)
				b.wants(t, "Read and approve…")
			}
			second := visit(chrome, t, address, desktop)
			second.open(t, shop, 401)
			second.open(t, "/start", 200)
			second.fill(t, "#code", code)
			second.click(t, "form .button", 403)
			second.wants(t, "This code was used")
		})
	}
}

// local is a console with one person, as kubectl shop console starts it.
func local(t *testing.T) (address, code string) {
	t.Helper()
	listener, err := console.Loopback(t.Context(), "0")
	if err != nil {
		t.Fatal(err)
	}
	hosts := console.Hosts(listener.Addr())
	u, err := url.Parse("http://" + hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	code = console.Secret()
	server, err := console.New(t.Context(), console.Options{
		Local: consoletest.New("ana@shop", consoletest.Awaiting()), Code: code, Hosts: hosts, Port: u.Port(), Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, func(ctx context.Context) error { return server.Serve(ctx, listener) })
	return u.String(), code
}
