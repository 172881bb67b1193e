package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/creack/pty"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// kept are the releases A, B and C of versions 1, 2 and 3; A serves, and B is the candidate.
func kept(roles ...func(*v1alpha1.Shop)) view.Objects {
	o := view.Objects{Shop: shopThat(v1alpha1.ReasonAwaitingPromotion)}
	o.Shop.Status.Candidate = &v1alpha1.ReleaseRef{Release: "acme-bbbbbbbb"}
	for _, change := range roles {
		change(o.Shop)
	}
	for i, name := range []string{"acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"} {
		r := v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: name}}
		r.Spec.Version = string(rune('1' + i))
		o.Releases = append(o.Releases, r)
	}
	return o
}

func TestADiffIsBetweenWhatOneMeans(t *testing.T) {
	alone := func(s *v1alpha1.Shop) {
		s.Status.Candidate, s.Status.Previous = nil, &v1alpha1.PreviousRelease{Release: "acme-cccccccc"}
	}
	for name, x := range map[string]struct {
		o    view.Objects
		ends string
		want string // the letters of both
		says string
	}{
		"what would change":         {kept(), "", "a b", ""},
		"what changed last":         {kept(alone), "", "c a", ""},
		"if another served":         {kept(), "acme-cccccccc", "a c", ""},
		"by a version":              {kept(), "3", "a c", ""},
		"two that are named":        {kept(), "acme-cccccccc candidate", "c b", ""},
		"one that is not kept":      {kept(), "acme-00000000", "", "no ShopRelease of Shop acme is named acme-00000000"},
		"a role that nobody has":    {kept(), "previous", "", "has no previous release"},
		"releases may not be read":  {view.Objects{Shop: kept().Shop, Gaps: []view.Gap{{Why: "you may not list shopreleases"}}}, "", "", "you may not list shopreleases"},
		"nothing served before yet": {kept(func(s *v1alpha1.Shop) { s.Status.Candidate = nil }), "", "", "has no previous release"},
	} {
		from, to, err := chosen(x.o, strings.Fields(x.ends))
		if x.says != "" {
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := from.Name[5:6] + " " + to.Name[5:6]; got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

func TestAHistoryOfAReleaseIsWhatIsAboutIt(t *testing.T) {
	step := func(seq int64, release, from, to string) view.Step {
		return view.Step{Step: v1alpha1.Step{Seq: seq, Release: release, From: from, To: to}}
	}
	p := past{Steps: []view.Step{step(4, "b", "", ""), step(3, "a", "b", "a"), step(2, "b", "a", "b"), step(1, "c", "", "")}, Releases: []view.Release{{Name: "a"}, {Name: "b"}}}
	if got := about(p, "b"); len(got.Steps) != 3 || len(got.Releases) != 1 || got.Releases[0].Name != "b" {
		t.Errorf("%+v", got)
	}
}

func TestTextLooksAsTheTerminalCan(t *testing.T) {
	for name, x := range map[string]struct {
		env   string
		ascii bool
	}{
		"nothing is said":          {"", false},
		"UTF-8":                    {"LANG=de_DE.UTF-8", false},
		"as some write it":         {"LANG=C.utf8", false},
		"plain C":                  {"LANG=C", true},
		"the strongest counts":     {"LANG=C.UTF-8 LC_ALL=POSIX", true},
		"the weakest does not":     {"LANG=C LC_CTYPE=en_US.UTF-8", false},
		"no terminal, no colour":   {"TERM=xterm", false},
		"somebody wants no colour": {"NO_COLOR=1", false},
	} {
		set := map[string]string{}
		for _, pair := range strings.Fields(x.env) {
			name, value, _ := strings.Cut(pair, "=")
			set[name] = value
		}
		e := &env{Streams: Streams{Out: &bytes.Buffer{}}, getenv: func(name string) string { return set[name] }}
		if got := e.look(0, false); got.ASCII != x.ascii || got.Color {
			t.Errorf("%s: %+v", name, got)
		}
	}
	_, _, inside := opened(t, pty.Winsize{Rows: 24, Cols: 80})
	for set, color := range map[string]bool{"TERM": true, "NO_COLOR": false} {
		e := &env{Streams: Streams{Out: inside}, getenv: func(name string) string { return map[bool]string{true: "xterm"}[name == set] }}
		if got := e.look(0, false); got.Color != color {
			t.Errorf("a terminal with %s: %+v", set, got)
		}
	}
	inside.Close()
}

func TestAStatusIsExplainedWithoutACluster(t *testing.T) {
	code, out, errs := run(t, "explain", "guardbroken")
	if code != 0 || !strings.HasPrefix(out, "GuardBroken: ") || !strings.Contains(out, "\ndo: ") || !strings.Contains(out, "docs/guides/look-inside.md") {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if code, out, _ := run(t, "explain"); code != 0 || strings.Count(out, "\n") < 20 {
		t.Errorf("%d %q", code, out)
	}
	if code, _, errs := run(t, "explain", "Broken"); code != exitUsage || !strings.Contains(errs, "there is no status Broken; there are Installing,") {
		t.Errorf("%d %q", code, errs)
	}
}

func TestAListIsOfAllOrOfOne(t *testing.T) {
	for _, args := range []string{"status acme -A", "status -w"} {
		if code, _, errs := run(t, strings.Fields(args)...); code != exitUsage {
			t.Errorf("%s: %d %q", args, code, errs)
		}
	}
}
