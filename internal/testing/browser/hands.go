package browser

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open goes to a path and wants a status of it.
func (b *Tab) Open(t testing.TB, path string, want int) {
	t.Helper()
	b.Arrive(t, want, chromedp.Navigate(b.URL+path))
}

// Arrive does what leads to another page, and wants a status of that.
func (b *Tab) Arrive(t testing.TB, want int, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	if got := b.arrive(t, step); got != want {
		t.Fatalf("the page is %d, want %d:\n%s", got, want, b.HTML(t))
	}
}

// arrive does what leads to another page, and tells the status of that; 0 where none came.
func (b *Tab) arrive(t testing.TB, step chromedp.Action[chromedp.Void]) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		t.Fatal(err)
	}
	if response == nil {
		return 0
	}
	return int(response.Status)
}

// Click presses the mouse on the first thing that a selector finds, which leads to another page.
func (b *Tab) Click(t testing.TB, selector string, want int) {
	t.Helper()
	x, y := b.Find(t, selector)
	b.Arrive(t, want, chromedp.MouseClickXY(x, y))
}

// Press is a Click of which nobody knows yet what it leads to: it tells the status of that page.
func (b *Tab) Press(t testing.TB, selector string) int {
	t.Helper()
	x, y := b.Find(t, selector)
	return b.arrive(t, chromedp.MouseClickXY(x, y))
}

// Fill types over what stands in a field.
func (b *Tab) Fill(t testing.TB, selector, text string) {
	t.Helper()
	x, y := b.Find(t, selector)
	b.Do(t, chromedp.MouseClickXY(x, y, chromedp.ClickCount(3)), chromedp.KeyEvent(text))
}

// Find is where a thing is on the screen, once it is scrolled into view. That asks the browser; whether the page may run
// scripts of its own makes no difference.
func (b *Tab) Find(t testing.TB, selector string) (x, y float64) {
	t.Helper()
	at := Eval[[]float64](t, b, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e) return [];
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	if len(at) != 2 {
		t.Fatalf("no %s in\n%s", selector, b.HTML(t))
	}
	return at[0], at[1]
}

// TabKey presses Tab.
func (b *Tab) TabKey(t testing.TB) {
	t.Helper()
	b.Do(t, chromedp.KeyEvent(kb.Tab))
}

// TabTo presses Tab until a thing has the focus.
func (b *Tab) TabTo(t testing.TB, selector string) {
	t.Helper()
	for range 100 {
		if Eval[bool](t, b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		b.TabKey(t)
	}
	t.Fatalf("a keyboard does not reach %s in\n%s", selector, b.HTML(t))
}
