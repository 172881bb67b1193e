package text

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// look is a terminal.
type look struct {
	name string
	Options
}

// looks are the terminals that everything is shown on: three widths, with colours, without, and with ASCII alone.
var looks = func() (out []look) {
	for _, width := range []int{80, 120, 200} {
		for _, kind := range []look{{"colour", Options{Color: true}}, {"NO_COLOR", Options{}}, {"ASCII", Options{ASCII: true}}} {
			kind.name, kind.Width = fmt.Sprintf("%d %s", width, kind.name), width
			out = append(out, kind)
		}
	}
	return out
}()

// printing is what one command prints.
type printing struct {
	command string
	print   func(io.Writer, Options) error
}

// section is what stands in a golden file for one command: each picture once, under the looks that show it.
func (p printing) section(t *testing.T) string {
	t.Helper()
	var pictures []string
	shownOn := map[string][]string{}
	for _, l := range looks {
		picture := p.on(t, l)
		if shownOn[picture] == nil {
			pictures = append(pictures, picture)
		}
		shownOn[picture] = append(shownOn[picture], l.name)
	}
	var b strings.Builder
	for _, picture := range pictures {
		fmt.Fprintf(&b, "==== %s: %s\n%s", p.command, strings.Join(shownOn[picture], ", "), picture)
	}
	return b.String()
}

func (p printing) on(t *testing.T, l look) string {
	t.Helper()
	text := printed(t, func(out io.Writer) error { return p.print(out, l.Options) })
	for line := range strings.Lines(text) {
		if n := width(strings.TrimSuffix(line, "\n")); n > l.Width && !unbreakable(line) {
			t.Errorf("%s on %s: a line of %d columns: %s", p.command, l.name, n, line)
		}
		if l.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("%s on %s: a line that is not ASCII: %s", p.command, l.name, line)
		}
	}
	if l.Color {
		bare := l.Options
		bare.Color = false
		if diff := gocmp.Diff(printed(t, func(out io.Writer) error { return p.print(out, bare) }), colours.ReplaceAllString(text, "")); diff != "" {
			t.Errorf("%s on %s: without its colours it is not what is shown without colours:\n%s", p.command, l.name, diff)
		}
	}
	return text
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

// unbreakable: what is copied into a shell stays on one line, and so do counts beside each other.
func unbreakable(line string) bool {
	return strings.Contains(line, "kubectl shop ") || strings.Contains(line, "front door ")
}

func golden(t *testing.T, name string, all ...printing) {
	t.Helper()
	var got strings.Builder
	for _, p := range all {
		got.WriteString(p.section(t))
	}
	compare(t, name, got.String())
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", path, diff)
	}
}

func printed(t testing.TB, prints func(out io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := prints(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// commands are all that kubectl shop prints of a shop.
func commands(o view.Objects) []printing {
	v := view.Of(o)
	var first, last *v1alpha1.ShopRelease
	if n := len(o.Releases); n > 0 {
		first, last = &o.Releases[0], &o.Releases[n-1]
	}
	return []printing{
		{"status", func(out io.Writer, o Options) error { return Status(out, v, o) }},
		{"why", func(out io.Writer, of Options) error { return Why(out, view.Why(o, ""), of) }},
		{"tree", func(out io.Writer, of Options) error { return Tree(out, view.Tree(o, "", true), of) }},
		{"history", func(out io.Writer, o Options) error { return History(out, v.History, o) }},
		{"diff", func(out io.Writer, o Options) error { return Diff(out, view.Diff(first, last), o) }},
	}
}

// TestWhatWideAdds: who holds each service, its image, and the steps between switches.
func TestWhatWideAdds(t *testing.T) {
	var got strings.Builder
	options := Options{Width: 200, Wide: true}
	for _, reason := range []v1alpha1.Reason{v1alpha1.ReasonServing, v1alpha1.ReasonStarting} {
		v := view.Of(viewtest.Worlds()[reason])
		fmt.Fprintf(&got, "==== status -o wide of a shop that is %s\n%s", reason, printed(t, func(out io.Writer) error { return Status(out, v, options) }))
		fmt.Fprintf(&got, "==== history -o wide of a shop that is %s\n%s", reason, printed(t, func(out io.Writer) error { return History(out, v.History, options) }))
	}
	compare(t, "wide", got.String())
}

// TestEveryStateOnEveryTerminal: all that kubectl shop prints of a shop, by its reason.
func TestEveryStateOnEveryTerminal(t *testing.T) {
	for reason, o := range viewtest.Worlds() {
		golden(t, string(reason), commands(o)...)
	}
}

// TestEveryStateAsTheOperatorMakesIt: what is shown of the shops that the real operator brought into each state.
func TestEveryStateAsTheOperatorMakesIt(t *testing.T) {
	stories, err := viewtest.Stories()
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, reason := range viewtest.Reasons(stories) {
		o := stories[reason]
		names := settled(o)
		for _, p := range commands(o)[:2] {
			for _, l := range looks {
				text := p.on(t, l)
				if l.name == "120 NO_COLOR" {
					fmt.Fprintf(&got, "==== %s of a shop that is %s\n%s", p.command, reason, names(text))
				}
			}
		}
	}
	compare(t, "stories", got.String())
}

var hashes = regexp.MustCompile(`-[0-9a-f]{8}\b(-\d{5}\b)?`)

// settled gives releases names that do not change with what they are made of: acme-aaaaaaaa is the oldest.
func settled(o view.Objects) func(string) string {
	releases := slices.Clone(o.Releases)
	slices.SortFunc(releases, func(a, b v1alpha1.ShopRelease) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	letters := map[string]string{"-00000000": "-00000000"}
	for i, r := range releases {
		letters[strings.TrimPrefix(r.Name, o.Shop.Name)] = "-" + strings.Repeat(string(rune('a'+i)), 8)
	}
	return func(s string) string {
		return hashes.ReplaceAllStringFunc(s, func(hash string) string {
			if of, known := letters[hash]; known {
				return of
			}
			return "-" + strings.Repeat("x", len(hash)-1)
		})
	}
}

func TestTheListOfAllShops(t *testing.T) {
	var all []view.Shop
	for _, reason := range []v1alpha1.Reason{"Serving", "AwaitingPromotion", "FrontDoorUnavailable", "Installing"} {
		all = append(all, view.Of(viewtest.Worlds()[reason]))
	}
	golden(t, "list", printing{"status", func(out io.Writer, o Options) error { return List(out, all, o) }})
}

func TestAShopThatNobodyHasSeenYet(t *testing.T) {
	o := viewtest.Worlds()["Serving"]
	o.Shop.Status, o.Releases = v1alpha1.ShopStatus{}, nil
	text := printed(t, func(out io.Writer) error { return Status(out, view.Of(o), Options{Width: 80}) })
	if !strings.Contains(text, "not seen by the operator yet") || strings.Contains(text, "NOT served") {
		t.Error(text)
	}
}
