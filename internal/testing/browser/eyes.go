package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// HTML is the page as it is; "" in the moment between two pages, of one that goes on by itself.
func (b *Tab) HTML(t testing.TB) string {
	t.Helper()
	return Eval[string](t, b, `document.documentElement?.outerHTML ?? ""`)
}

// Wants fails the test for each text that is not in the page.
func (b *Tab) Wants(t testing.TB, texts ...string) {
	t.Helper()
	html := b.HTML(t)
	for _, text := range texts {
		if !strings.Contains(html, text) {
			t.Errorf("no %q in\n%s", text, html)
		}
	}
}

// Comes waits until the page shows something by itself.
func (b *Tab) Comes(t testing.TB, text string) {
	t.Helper()
	for end := time.Now().Add(Patience); !strings.Contains(b.HTML(t), text); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q never comes in\n%s", text, b.HTML(t))
		}
	}
}

// listen collects what the page complains of.
func listen(ctx context.Context) func() []chromedp.ConsoleMessage {
	messages := make(chan chromedp.ConsoleMessage, 1000)
	seen := chromedp.Console(ctx)
	go func() {
		defer close(messages)
		for m, err := range seen {
			if err != nil {
				return
			}
			messages <- m
		}
	}()
	return func() (all []chromedp.ConsoleMessage) {
		for {
			select {
			case m, open := <-messages:
				if !open {
					return all
				}
				all = append(all, m)
			default:
				return all
			}
		}
	}
}

// Forget drops what pages complained of until now.
func (b *Tab) Forget() { b.said() }

// Quiet fails the test for whatever the page complained of since, a breach of its policy among it. The browser also notes a
// page that is an error; that one is wanted, where it is.
func (b *Tab) Quiet(t testing.TB, errorPage bool) {
	t.Helper()
	here := Eval[string](t, b, "location.href")
	for _, m := range b.said() {
		wanted := errorPage && m.Source == "network" && m.URL == here
		if m.Type != chromedp.ConsoleLog && m.Type != chromedp.ConsoleInfo && m.Type != chromedp.ConsoleDebug && !wanted {
			t.Errorf("the console has %s (%s)", m, m.URL)
		}
	}
}

// KeepPicture writes a screenshot of the whole page into .cluster/pages, with the pictures that are only loaded where a
// visitor comes to see them.
func (b *Tab) KeepPicture(t testing.TB, name string) {
	t.Helper()
	folder := filepath.Join(checkout(t), ".cluster", "pages")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // for people to look at
		t.Fatal(err)
	}
	Eval[bool](t, b, `Promise.all([...document.images].map(i => (i.loading = "eager", i.decode().catch(() => {})))).then(() => true)`)
	picture := run(t, b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil { //nolint:gosec // for people to look at
		t.Fatal(err)
	}
}

// Fits fails the test where the page can be moved sideways: as it is looked at, on small phones, and on a desktop at 200 %,
// which is half the width.
func (b *Tab) Fits(t testing.TB, name string, l Look) {
	t.Helper()
	widths := []int64{l.Width, 768, 640}
	if l.Phone {
		widths = []int64{390, 360, 320}
	}
	for _, width := range widths {
		b.As(t, Look{Width: width, Height: l.Height, Dark: l.Dark, Phone: l.Phone})
		if wide := Eval[int64](t, b, "document.documentElement.scrollWidth"); wide > width {
			t.Errorf("at %d px the page %s is %d px wide: %s", width, name, wide, Eval[string](t, b, fmt.Sprintf(widest, width)))
		}
	}
	b.As(t, l)
}

// widest names what stands out to the right.
const widest = `[...document.querySelectorAll("main *, header *, footer *")].filter(e => e.getBoundingClientRect().right > %d + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`
