package browser

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Tab is one person's window, with cookies of its own.
type Tab struct {
	ctx context.Context
	// URL is the place that paths are of.
	URL  string
	said func() []chromedp.ConsoleMessage
}

// Visit opens a tab of somebody new at a place. It ends with the test.
func Visit(chrome context.Context, t testing.TB, url string, l Look) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	b := &Tab{ctx: ctx, URL: url, said: listen(ctx)}
	b.As(t, l) //nolint:contextcheck // a tab is its context
	return b
}

// As changes size and colours.
func (b *Tab) As(t testing.TB, l Look) {
	t.Helper()
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	var more []chromedp.EmulateViewportOption
	if l.Phone {
		more = append(more, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.Do(t, chromedp.EmulateViewport(l.Width, l.Height, more...))
	Call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// Scripts turns those of pages on or off.
func (b *Tab) Scripts(t testing.TB, on bool) {
	t.Helper()
	Call(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Call sends a command of Chromium's protocol.
func Call[P, R any](t testing.TB, b *Tab, command cdp.Command[P, R], parameters P) R {
	t.Helper()
	return run(t, b, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, parameters)
	})
}

// Eval asks the page, and waits for a promise.
func Eval[T any](t testing.TB, b *Tab, script string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// Do takes steps that stay on the page.
func (b *Tab) Do(t testing.TB, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	run(t, b, chromedp.Steps(steps...))
}

func run[T any](t testing.TB, b *Tab, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
