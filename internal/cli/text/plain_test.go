package text

import (
	"io"
	"math/rand"
	"strings"
	"testing"
	"unicode"

	"github.com/emporium-shop/emporium/internal/foresee"
	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

const evil = "a\x1b[31mred\x1b[0m\r\nb\u202ec\u2066d\a\x00\u200b\u009b31m"

// obeyed is what a terminal would obey in a text, or would not show; "": nothing.
func obeyed(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return r
		}
		return -1
	}, text)
}

// TestNothingFromTheClusterIsObeyedByATerminal: messages come from registries, logs and other teams.
func TestNothingFromTheClusterIsObeyedByATerminal(t *testing.T) {
	o := viewtest.Worlds()["Starting"]
	o.Shop.Status.Conditions[0].Message, o.Shop.Status.Address = evil, evil
	o.Shop.Status.WaitingFor[0].Reason = evil
	o.Releases[0].Spec.Version = evil
	o.Shop.Status.Recent[1].By, o.Shop.Status.Recent[1].Because = evil, evil
	o.Gaps = []view.Gap{{Kind: "pods", Why: evil}}
	o.Pods[0].Status.ContainerStatuses[0].State.Waiting.Message = evil
	for i := range o.Services {
		o.Services[i].Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": evil}
	}
	if got := obeyed(everything(t, o, Options{Wide: true})); got != "" {
		t.Errorf("a terminal obeys %q", got)
	}
}

func TestNothingOfAPlanIsObeyedByATerminal(t *testing.T) {
	f := foresee.Foresight{Shop: evil, Release: evil, Active: evil, Why: evil, Refused: evil, Changes: true, Notes: []string{evil}, Steps: []foresee.Step{{What: evil, Detail: evil, Warning: evil}},
		Diff: []view.ServiceDiff{{Service: evil, Changes: []view.Change{{Field: evil, Op: evil, From: evil, To: evil}}}}}
	if got := obeyed(printed(t, func(out io.Writer) error { return Plan(out, f, Options{}) })); got != "" {
		t.Errorf("a terminal obeys %q", got)
	}
}

func everything(t testing.TB, o view.Objects, options Options) string {
	t.Helper()
	var b strings.Builder
	for _, p := range commands(o) {
		b.WriteString(printed(t, func(out io.Writer) error { return p.print(out, options) }))
	}
	b.WriteString(printed(t, func(out io.Writer) error { return List(out, []view.Shop{view.Of(o)}, options) }))
	return b.String()
}

// FuzzNothingIsObeyedByATerminal: whatever stands in labels, annotations and messages.
func FuzzNothingIsObeyedByATerminal(f *testing.F) {
	r := rand.New(rand.NewSource(13))
	for world := range len(viewtest.Worlds()) {
		for range 4 {
			edits := make([]byte, 3*(1+r.Intn(8)))
			r.Read(edits)
			f.Add(uint8(world), edits, uint8(r.Intn(256)))
		}
	}
	f.Fuzz(func(t *testing.T, world uint8, edits []byte, how uint8) {
		options := looks[int(how)%len(looks)].Options
		options.Wide = how > 127
		text := everything(t, viewtest.Broken(world, edits), options)
		if options.Color {
			text = colours.ReplaceAllString(text, "")
		}
		if got := obeyed(text); got != "" {
			t.Errorf("a terminal obeys %q", got)
		}
	})
}

func TestValuesThatDifferWhereATerminalShowsNothingAreWrittenOut(t *testing.T) {
	for name, x := range map[string][4]string{
		"no difference":      {"a", "b", "a", "b"},
		"a line end":         {"a\nb", "a b", `"a\nb"`, `"a b"`},
		"an invisible space": {"ab", "a\u200bb", `"ab"`, `"a\u200bb"`},
	} {
		if a, b := apart(x[0], x[1]); a != x[2] || b != x[3] {
			t.Errorf("%s: %s and %s, want %s and %s", name, a, b, x[2], x[3])
		}
	}
}
