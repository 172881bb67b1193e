package viewtest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// reasonsOfOthers are those that no Shop has: they are of ShopServices, ShopReleases and ShopSources.
var reasonsOfOthers = []v1alpha1.Reason{
	v1alpha1.ReasonUnknownShop, v1alpha1.ReasonNotAllowed, v1alpha1.ReasonReleasing, v1alpha1.ReasonNotReleased, v1alpha1.ReasonRetired, v1alpha1.ReasonPinned,
	v1alpha1.ReasonUnresolvedTags, v1alpha1.ReasonImagesDiffer, v1alpha1.ReasonUpToDate, v1alpha1.ReasonQueued, v1alpha1.ReasonBuildFailed, v1alpha1.ReasonTestsFailed,
	v1alpha1.ReasonPushFailed, v1alpha1.ReasonOutOfMemory, v1alpha1.ReasonEngineLost, v1alpha1.ReasonTimedOut, v1alpha1.ReasonGitUnreachable, v1alpha1.ReasonInvalidSource,
}

// reasons are all that the API knows, as its source declares them.
func reasons(t *testing.T) (out []v1alpha1.Reason) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../../api/v1alpha1/conditions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, is := n.(*ast.ValueSpec); is && fmt.Sprint(spec.Type) == "Reason" {
			out = append(out, v1alpha1.Reason(strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)))
		}
		return true
	})
	if len(out) < 40 {
		t.Fatalf("only %d reasons were found", len(out))
	}
	return out
}

func TestEveryReasonOfAShopHasAWorldAndAStory(t *testing.T) {
	worlds := viewtest.Worlds()
	stories, err := viewtest.Stories()
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range reasons(t) {
		_, shown := worlds[reason]
		_, told := stories[reason]
		if others := slices.Contains(reasonsOfOthers, reason); shown == others || told == others {
			t.Errorf("%s: it has a world: %t, and a story: %t", reason, shown, told)
		}
	}
}

// otherwise are sentences that the worlds have otherwise than the stories, by reason, and why.
var otherwise = map[v1alpha1.Reason]string{
	v1alpha1.ReasonSignatureMissing: "the operator of the harness asks no registry, and says so; the world has the sentence of one that does",
	v1alpha1.ReasonApplyFailed:      "what fails is somebody else's sentence",
}

// TestTheWorldsAreAsTheOperatorMakesThem: golden files of what no operator says would prove nothing. Names, numbers and times are
// the worlds' own; conditions, sentences, roles, waits and what one can do are the operator's.
func TestTheWorldsAreAsTheOperatorMakesThem(t *testing.T) {
	stories, err := viewtest.Stories()
	if err != nil {
		t.Fatal(err)
	}
	worlds := viewtest.Worlds()
	for _, reason := range viewtest.Reasons(worlds) {
		if diff := cmp.Diff(outline(stories[reason]), outline(worlds[reason])); diff != "" {
			t.Errorf("%s (-the operator +the world):\n%s", reason, diff)
		}
	}
}

// outline is what a view says but for names, numbers and times.
func outline(o view.Objects) (out []string) {
	v := view.Of(o)
	say := func(format string, values ...any) { out = append(out, fmt.Sprintf(format, values...)) }
	say("ready %t, available %t, stalled %t, paused %t, seen %t", v.Ready, v.Available, v.Stalled, v.Paused, v.Seen)
	if otherwise[v.Reason] == "" {
		say("%s", nameless(v.Message))
	}
	for _, c := range v.Columns {
		say("%s: %t, until %t", c.Role, c.Release != "", c.Until != nil)
	}
	for _, w := range v.Waits {
		say("waits for %s, named %t, of a release %t, wrong %t, until %t", w.Kind, w.Name != "", w.Release != "", w.Reason != "", w.Until != nil)
	}
	for _, a := range v.Actions {
		say("%s: suggested %t, refused %t", a.Verb, a.Suggested, a.Refused != "")
	}
	return out
}

var (
	releases = regexp.MustCompile(`\bacme-[0-9a-f]{8}\b( \([0-9.]+\))?`)
	pods     = regexp.MustCompile(`acme-front-door-[0-9a-f]+-[0-9a-z]+`)
	jobs     = regexp.MustCompile(`job/[a-z0-9-]+`)
	times    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\b\d+(m|s|m\d+s)\b`)
	numbers  = regexp.MustCompile(`\d+(\.\d+)?m?`)
	services = regexp.MustCompile(`\b(cart|catalog|storefront|wishlist|smoke|prices|shops)\b`)
	troubles = regexp.MustCompile(` \([A-Z][A-Za-z]+\)`)
	lists    = regexp.MustCompile(`S(, S)+|R(, R)+`)
)

func nameless(message string) string {
	s := times.ReplaceAllString(message, "T")
	s = jobs.ReplaceAllString(s, "JOB")
	s = pods.ReplaceAllString(s, "POD")
	s = strings.ReplaceAll(releases.ReplaceAllString(s, "R"), "-n acme", "-n S")
	s = numbers.ReplaceAllString(services.ReplaceAllString(s, "S"), "N")
	return lists.ReplaceAllStringFunc(troubles.ReplaceAllString(s, ""), func(list string) string { return list[:1] })
}
