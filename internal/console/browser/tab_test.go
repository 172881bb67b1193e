package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience ends a step of a test that fails. Machines are slow; pages are not late by seconds.
const patience = 2 * time.Minute

// look is how somebody looks at the console.
type look struct {
	name          string
	width, height int64
	dark, phone   bool
}

var (
	desktop = look{"1280-light", 1280, 900, false, false}
	looks   = []look{desktop, {"1280-dark", 1280, 900, true, false}, {"390-light", 390, 844, false, true}, {"390-dark", 390, 844, true, true}}
)

// browser starts Chromium. It ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", false))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits for the process
			t.Error(err)
		}
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is one person's window, with cookies of its own.
type tab struct {
	ctx  context.Context
	url  string
	said func() []chromedp.ConsoleMessage
}

func visit(chrome context.Context, t *testing.T, url string, l look) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	b := &tab{ctx: ctx, url: url, said: listen(ctx)}
	b.as(t, l)
	return b
}

// as changes size and colours.
func (b *tab) as(t *testing.T, l look) {
	t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	var more []chromedp.EmulateViewportOption
	if l.phone {
		more = append(more, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(t, chromedp.EmulateViewport(l.width, l.height, more...))
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// scripts turns those of pages on or off.
func (b *tab) scripts(t *testing.T, on bool) {
	t.Helper()
	call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// call sends a command of the protocol.
func call[P, R any](t *testing.T, b *tab, command cdp.Command[P, R], parameters P) R {
	t.Helper()
	return run(t, b, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, parameters)
	})
}

func run[T any](t *testing.T, b *tab, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	run(t, b, chromedp.Steps(steps...))
}

// eval asks the page.
func eval[T any](t *testing.T, b *tab, script string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// open goes to a page and wants a status of it.
func (b *tab) open(t *testing.T, path string, want int) {
	t.Helper()
	b.arrive(t, want, chromedp.Navigate(b.url+path))
}

// arrive does what leads to another page.
func (b *tab) arrive(t *testing.T, want int, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		t.Fatal(err)
	}
	if response == nil || response.Status != int64(want) {
		t.Fatalf("the page is %+v, want %d:\n%s", response, want, b.html(t))
	}
}

// click presses the mouse on the first thing that a selector finds.
func (b *tab) click(t *testing.T, selector string, want int) {
	t.Helper()
	x, y := b.find(t, selector)
	b.arrive(t, want, chromedp.MouseClickXY(x, y))
}

// fill types over what stands in a field.
func (b *tab) fill(t *testing.T, selector, text string) {
	t.Helper()
	x, y := b.find(t, selector)
	b.do(t, chromedp.MouseClickXY(x, y, chromedp.ClickCount(3)), chromedp.KeyEvent(text))
}

// find is where a thing is on the screen, once it is scrolled into view. That asks the browser; whether the page may run
// scripts of its own makes no difference.
func (b *tab) find(t *testing.T, selector string) (x, y float64) {
	t.Helper()
	at := eval[[]float64](t, b, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		if (!e) return [];
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, selector))
	if len(at) != 2 {
		t.Fatalf("no %s in\n%s", selector, b.html(t))
	}
	return at[0], at[1]
}

// html is the page as it is.
func (b *tab) html(t *testing.T) string {
	t.Helper()
	return eval[string](t, b, "document.documentElement.outerHTML")
}

func (b *tab) wants(t *testing.T, texts ...string) {
	t.Helper()
	html := b.html(t)
	for _, text := range texts {
		if !strings.Contains(html, text) {
			t.Errorf("no %q in\n%s", text, html)
		}
	}
}

// comes waits until the page shows something by itself.
func (b *tab) comes(t *testing.T, text string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(b.html(t), text); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q never comes in\n%s", text, b.html(t))
		}
	}
}

func (b *tab) tabKey(t *testing.T) {
	t.Helper()
	b.do(t, chromedp.KeyEvent(kb.Tab))
}

// tabTo presses Tab until a thing has the focus.
func (b *tab) tabTo(t *testing.T, selector string) {
	t.Helper()
	for range 100 {
		if eval[bool](t, b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		b.tabKey(t)
	}
	t.Fatalf("a keyboard does not reach %s in\n%s", selector, b.html(t))
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

// quiet fails the test for whatever the page complained of since, a breach of its policy among it. The browser also notes a
// page that is an error; that one is wanted, where it is.
func (b *tab) quiet(t *testing.T, errorPage bool) {
	t.Helper()
	here := eval[string](t, b, "location.href")
	for _, m := range b.said() {
		wanted := errorPage && m.Source == "network" && m.URL == here
		if m.Type != chromedp.ConsoleLog && m.Type != chromedp.ConsoleInfo && m.Type != chromedp.ConsoleDebug && !wanted {
			t.Errorf("the console has %s (%s)", m, m.URL)
		}
	}
}

// keepPicture writes a screenshot of the whole page into .cluster/pages.
func (b *tab) keepPicture(t *testing.T, name string) {
	t.Helper()
	const folder = "../../../.cluster/pages"
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // for people to look at
		t.Fatal(err)
	}
	picture := run(t, b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(folder, "console-"+name+".png"), picture, 0o644); err != nil { //nolint:gosec // for people to look at
		t.Fatal(err)
	}
}

// finding is what axe-core has against a page.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string `json:"html"`
		FailureSummary string `json:"failureSummary"`
	}
}

func (f finding) String() string {
	var all strings.Builder
	fmt.Fprintf(&all, "%s (%s): %s", f.ID, f.Impact, f.Help)
	for _, n := range f.Nodes {
		fmt.Fprintf(&all, "\n  %s\n  %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n  "))
	}
	return all.String()
}

// accessible fails the test for what axe-core finds serious or critical.
func (b *tab) accessible(t *testing.T, axe string) {
	t.Helper()
	eval[chromedp.Void](t, b, axe)
	text := eval[string](t, b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify({passes: r.passes.length, violations: r.violations}))`)
	var found struct {
		Passes     int
		Violations []finding
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	if found.Passes < 10 {
		t.Errorf("axe-core passed %d rules only: did it look at the page?", found.Passes)
	}
	for _, f := range found.Violations {
		if f.Impact == "serious" || f.Impact == "critical" {
			t.Errorf("axe-core: %s", f)
		} else {
			t.Logf("axe-core: %s", f)
		}
	}
}
