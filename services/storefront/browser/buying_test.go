package browser

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/emporium-shop/emporium/internal/testing/browser"
)

// A visitor fills a cart, changes and empties it; and the same with scripts off.
func TestFromProductToCartAndOutAgain(t *testing.T) {
	chrome, s := chromium(t), openShop(t)
	for name, on := range map[string]bool{"as browsers come": true, "with scripts off": false} {
		t.Run(name, func(t *testing.T) {
			b := browser.Visit(chrome, t, s.url, browser.Phone)
			b.Scripts(t, on)
			b.Open(t, "/", 200)
			b.Click(t, ".card a", 200)
			b.Fill(t, "#quantity", "2")
			b.Click(t, "form.buy button", 200)
			b.Wants(t, "is in your cart.", `value="2"`, `<span class="count">2`)
			b.Fill(t, "form.amount input", "5")
			b.Click(t, "form.amount button", 200)
			b.Wants(t, "you have 5 of it", `value="5"`)
			b.Click(t, ".lines .plain", 200)
			b.Wants(t, "Your cart is empty.", "Put it back")
			b.Click(t, ".notice button", 200)
			b.Wants(t, `value="5"`)
			theCookieIsSafe(t, b)
			b.Scripts(t, true)
			b.Quiet(t, false)
		})
	}
}

// theCookieIsSafe wants the cookie that a browser takes over TLS alone, from this host alone.
func theCookieIsSafe(t *testing.T, b *browser.Tab) {
	t.Helper()
	for _, cookie := range browser.Call(t, b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		if cookie.Name == "__Host-shop_cart" && cookie.HTTPOnly && cookie.Secure && cookie.SameSite == network.CookieSameSiteLax {
			return
		}
	}
	t.Error("the browser has no cookie __Host-shop_cart")
}

// Everything can be reached and done without a mouse, and what has the focus is seen.
func TestAKeyboardIsEnough(t *testing.T) {
	chrome, s := chromium(t), openShop(t)
	for _, path := range []string{"/", "/?category=kitchen", "/products/KIT-1001", "/cart"} {
		t.Run(path, func(t *testing.T) {
			b := browser.Visit(chrome, t, s.url, browser.Desktop)
			if path == "/cart" {
				fillCart(t, b)
			}
			b.Open(t, path, 200)
			tabsThrough(t, b)
		})
	}
	t.Run("buying", func(t *testing.T) {
		b := browser.Visit(chrome, t, s.url, browser.Desktop)
		b.Open(t, "/products/KIT-1001", 200)
		browser.Eval[bool](t, b, `document.getElementById("quantity").focus(), true`)
		b.TabKey(t)
		b.Arrive(t, 200, chromedp.KeyEvent(kb.Enter))
		b.Wants(t, "is in your cart.")
	})
	t.Run("skipping the header", func(t *testing.T) {
		b := browser.Visit(chrome, t, s.url, browser.Desktop)
		b.Open(t, "/", 200)
		b.TabKey(t)
		b.Do(t, chromedp.KeyEvent(kb.Enter))
		b.TabKey(t)
		if !browser.Eval[bool](t, b, `document.getElementById("main").contains(document.activeElement)`) {
			t.Errorf("the skip link leads to %s", browser.Eval[string](t, b, "document.activeElement.outerHTML"))
		}
	})
}

// tabsThrough presses Tab until all was reached that can be used, and looks at how each shows its focus.
func tabsThrough(t *testing.T, b *browser.Tab) {
	t.Helper()
	all := browser.Eval[int](t, b, reachable)
	for n := range all {
		b.TabKey(t)
		if wrong := browser.Eval[string](t, b, focused); wrong != "" {
			t.Fatalf("after %d times Tab: %s", n+1, wrong)
		}
	}
	if left := browser.Eval[[]string](t, b, `[...window.left].map(e => e.outerHTML.slice(0, 150))`); len(left) > 0 {
		t.Errorf("a keyboard does not reach %q", left)
	}
}

const (
	// reachable notes all that can be used, and counts it.
	reachable = `(() => {
		window.left = new Set([...document.querySelectorAll("a[href], button, select, input:not([type=hidden])")].filter(e => e.checkVisibility()
			// Of radio buttons one is reached by Tab, the others by arrows.
			&& (e.type !== "radio" || e.checked || !document.querySelector("[name=" + e.name + "]:checked") && e === document.querySelector("[name=" + e.name + "]"))));
		return window.left.size;
	})()`
	// focused strikes off what has the focus, and tells what is wrong with how it shows.
	focused = `(() => {
		const e = document.activeElement, at = e.getBoundingClientRect(), style = getComputedStyle(e), header = document.querySelector("header");
		if (!window.left.delete(e)) return "the focus is at " + e.outerHTML.slice(0, 150);
		if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return "nothing shows the focus of " + e.outerHTML.slice(0, 150);
		if (at.bottom <= 0 || at.top >= innerHeight) return "outside of the window: " + e.outerHTML.slice(0, 150);
		if (!header.contains(e) && !e.matches(".skip") && at.top < header.getBoundingClientRect().bottom - 1) return "under the header: " + e.outerHTML.slice(0, 150);
		return "";
	})()`
)
