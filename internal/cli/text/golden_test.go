package text

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// looks are the terminals that every state is shown on.
var looks = map[string]Options{
	"80": {Width: 80}, "120": {Width: 120}, "200-wide": {Width: 200, Wide: true}, "120-color": {Width: 120, Color: true}, "120-ascii": {Width: 120, ASCII: true},
}

func golden(t *testing.T, name, got string) {
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
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", path, diff)
	}
}

func printed(t *testing.T, prints func(out *bytes.Buffer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := prints(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestEveryStateOnEveryTerminal: all that kubectl shop prints of a shop, by its reason.
func TestEveryStateOnEveryTerminal(t *testing.T) {
	for reason, o := range viewtest.Worlds() {
		v := view.Of(o)
		for look, options := range looks {
			text := printed(t, func(out *bytes.Buffer) error { return Status(out, v, options) })
			golden(t, fmt.Sprintf("status-%s-%s", reason, look), text)
			for line := range strings.Lines(text) {
				if n := width(strings.TrimSuffix(line, "\n")); n > options.Width && !unbreakable(line) {
					t.Errorf("%s on %s: a line of %d characters: %s", reason, look, n, line)
				}
				if options.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
					t.Errorf("%s: a line that is not ASCII: %s", reason, line)
				}
			}
		}
		golden(t, "why-"+string(reason), printed(t, func(out *bytes.Buffer) error { return Why(out, view.Why(o, ""), Options{Width: 120}) }))
		golden(t, "tree-"+string(reason), printed(t, func(out *bytes.Buffer) error { return Tree(out, view.Tree(o, "", true), Options{Width: 120}) }))
		golden(t, "history-"+string(reason), printed(t, func(out *bytes.Buffer) error { return History(out, v.History, Options{Width: 120}) }))
		golden(t, "diff-"+string(reason), printed(t, func(out *bytes.Buffer) error {
			return Diff(out, view.Diff(&o.Releases[0], &o.Releases[len(o.Releases)-1]), Options{Width: 120})
		}))
	}
}

// unbreakable: what is copied into a shell stays on one line, and so do counts beside each other.
func unbreakable(line string) bool {
	return strings.Contains(line, "kubectl shop ") || strings.Contains(line, "front door ") || strings.Contains(line, "CrashLoopBackOff") || strings.Contains(line, "ImagePullBackOff")
}

func TestTheListOfAllShops(t *testing.T) {
	var all []view.Shop
	for _, reason := range []string{"Serving", "AwaitingPromotion", "FrontDoorUnavailable", "Installing"} {
		for is, o := range viewtest.Worlds() {
			if string(is) == reason {
				all = append(all, view.Of(o))
			}
		}
	}
	golden(t, "list", printed(t, func(out *bytes.Buffer) error { return List(out, all, Options{Width: 160}) }))
}

// TestNothingFromTheClusterIsObeyedByATerminal: messages come from registries, logs and other teams.
func TestNothingFromTheClusterIsObeyedByATerminal(t *testing.T) {
	evil := "a\x1b[31mred\x1b[0m\r\nb\u202ec\u2066d\a\x00"
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
	v := view.Of(o)
	text := printed(t, func(out *bytes.Buffer) error { return Status(out, v, Options{Wide: true}) }) +
		printed(t, func(out *bytes.Buffer) error { return Why(out, view.Why(o, ""), Options{}) }) +
		printed(t, func(out *bytes.Buffer) error { return Tree(out, view.Tree(o, "", true), Options{}) }) +
		printed(t, func(out *bytes.Buffer) error { return History(out, v.History, Options{Wide: true}) }) +
		printed(t, func(out *bytes.Buffer) error { return List(out, []view.Shop{v}, Options{}) })
	if strings.ContainsAny(text, "\x1b\r\a\x00\u202e\u2066") {
		t.Errorf("a terminal obeys %q", text)
	}
}

func TestAShopThatNobodyHasSeenYet(t *testing.T) {
	o := viewtest.Worlds()["Serving"]
	o.Shop.Status, o.Releases = v1alpha1.ShopStatus{}, nil
	text := printed(t, func(out *bytes.Buffer) error { return Status(out, view.Of(o), Options{Width: 80}) })
	if !strings.Contains(text, "not seen by the operator yet") || strings.Contains(text, "NOT served") {
		t.Error(text)
	}
}
