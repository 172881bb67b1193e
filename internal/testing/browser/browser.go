// Package browser drives Debian's Chromium in tests: tabs of people with cookies of their own, what they click and type, and
// what every page of ours is held to. Tests of the shop's pages, of the console and of a cluster share it.
//
// Start gives a browser and Visit a tab; a step that fails ends the test with the page as it was.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience ends a step of a test that fails. Machines are slow; pages are not late by seconds.
const Patience = 2 * time.Minute

// Look is how somebody looks at a page.
type Look struct {
	// Name is part of the names of pictures.
	Name string
	// Width and Height of the window, in CSS pixels.
	Width, Height int64
	// Dark: they prefer dark colours. Phone: it is a phone, with touch.
	Dark, Phone bool
}

// The looks that every page is seen with: desktop and phone, by day and by night.
var (
	Desktop     = Look{"1280-light", 1280, 900, false, false}
	DesktopDark = Look{"1280-dark", 1280, 900, true, false}
	Phone       = Look{"390-light", 390, 844, false, true}
	PhoneDark   = Look{"390-dark", 390, 844, true, true}
	Looks       = []Look{Desktop, DesktopDark, Phone, PhoneDark}
)

// ForPages starts Chromium for a test of `make pages`. Elsewhere the test is left out.
func ForPages(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	if os.Getenv("EMPORIUM_PAGES") == "" {
		t.Skip("LEFT OUT: Chromium looks at the pages in `make pages` (EMPORIUM_PAGES=1)")
	}
	return Start(t, more...)
}

// Start starts Chromium. It ends with the test, which fails where there is none.
func Start(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("there is no chromium: `hack/install.sh chromium` installs it, on Debian and as root")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", false))
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
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
