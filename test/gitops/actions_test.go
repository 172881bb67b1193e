package gitops

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

const actions = customizations + "Shop/actions/"

// offered says, by action, whether it is enabled.
func offered(t *testing.T, u *unstructured.Unstructured) map[string]bool {
	t.Helper()
	out, err := runLua(actions+"discovery.lua", u)
	if err != nil {
		t.Fatal(err)
	}
	enabled := map[string]bool{}
	for name, action := range out.(map[string]any) {
		enabled[name] = action.(map[string]any)["disabled"] == false
	}
	return enabled
}

// offers are the actions that are offered, in the order of the alphabet.
func offers(t *testing.T, u *unstructured.Unstructured) string {
	t.Helper()
	var out []string
	enabled := offered(t, u)
	for _, name := range sorted(enabled) {
		if enabled[name] {
			out = append(out, name)
		}
	}
	return strings.Join(out, " ")
}

// act runs an action as argocd-server does: a merge patch of what the script changed.
func act(t *testing.T, c client.Client, of *unstructured.Unstructured, action string) error {
	t.Helper()
	before := live(t, c, of)
	after, err := runLua(filepath.Join(actions, action, "action.lua"), before)
	if err != nil {
		return err
	}
	was, err := json.Marshal(before.Object)
	if err != nil {
		t.Fatal(err)
	}
	is, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.CreateMergePatch(was, is)
	if err != nil {
		t.Fatal(err)
	}
	return c.Patch(t.Context(), before, client.RawPatch(types.MergePatchType, patch), client.FieldOwner("argocd-server"))
}

func condition(kind, reason string) map[string]any {
	return map[string]any{"type": kind, "status": "True", "reason": reason, "message": "it is said why", "lastTransitionTime": epoch.Format(time.RFC3339)}
}

// waiting is the status of a shop whose candidate waits for an approval.
func waiting() map[string]any {
	return map[string]any{
		"active": map[string]any{"release": active}, "candidate": map[string]any{"release": candidate},
		"conditions": []any{condition("AwaitingApproval", "AwaitingPromotion")},
	}
}

// switched is the status of a shop that went from one release to the next, and keeps the stack before.
func switched() map[string]any {
	return map[string]any{
		"active": map[string]any{"release": candidate}, "previous": map[string]any{"release": active},
		"conditions": []any{condition("Ready", "RollbackWindow")},
	}
}

func stalled(reason string, more map[string]any) map[string]any {
	status := map[string]any{
		"active": map[string]any{"release": active}, "candidate": map[string]any{"release": candidate},
		"conditions": []any{condition("Stalled", reason)},
	}
	for k, v := range more {
		status[k] = v
	}
	return status
}

// stored is a shop on the API server with a status.
func stored(t *testing.T, spec, status map[string]any) (client.Client, *unstructured.Unstructured) {
	t.Helper()
	c, ns := api(t)
	u := named("Shop", ns, "acme", spec)
	if err := c.Create(t.Context(), u, client.FieldOwner("helm")); err != nil {
		t.Fatal(err)
	}
	says(t, c, u, status)
	return c, u
}

func TestPromoteNamesTheCandidate(t *testing.T) {
	c, u := stored(t, map[string]any{"release": map[string]any{"promotion": "Manual"}}, waiting())
	patch(t, c, u, "someone", `{"metadata":{"annotations":{"shop.emporium.dev/by":"alice","shop.emporium.dev/acted-on":"`+candidate+`"}}}`)
	if got := offers(t, live(t, c, u)); got != "pause promote" {
		t.Errorf("offered: %s", got)
	}
	if err := act(t, c, u, "promote"); err != nil {
		t.Fatal(err)
	}
	now := live(t, c, u)
	if got := field(t, now, "spec", "release", "active"); got != candidate {
		t.Errorf("spec.release.active is %v", got)
	}
	by, named := now.GetAnnotations()[v1alpha1.AnnotationBy]
	if named || now.GetAnnotations()[v1alpha1.AnnotationActedOn] != candidate || now.GetAnnotations()[v1alpha1.AnnotationBecause] == "" {
		t.Errorf("it is taken for what %q did: %v", by, now.GetAnnotations())
	}
	if promotion := field(t, now, "spec", "release", "promotion"); promotion != "Manual" {
		t.Errorf("promotion is %v", promotion)
	}
}

func TestPromoteIsRefusedWhereNothingWaits(t *testing.T) {
	c, u := stored(t, map[string]any{}, switched())
	err := act(t, c, u, "promote")
	if err == nil || !strings.Contains(err.Error(), "no release that waits for an approval") {
		t.Errorf("got %v", err)
	}
	if got := field(t, live(t, c, u), "spec", "release", "active"); got != nil {
		t.Errorf("spec.release.active is %v", got)
	}
}

func TestRollbackNamesTheReleaseThatIsKept(t *testing.T) {
	c, u := stored(t, map[string]any{}, switched())
	if got := offers(t, live(t, c, u)); got != "pause rollback" {
		t.Errorf("offered: %s", got)
	}
	if err := act(t, c, u, "rollback"); err != nil {
		t.Fatal(err)
	}
	now := live(t, c, u)
	if got := field(t, now, "spec", "release", "active"); got != active {
		t.Errorf("spec.release.active is %v", got)
	}
	if got := offers(t, now); got != "pause rollback unpin" {
		t.Errorf("offered: %s", got)
	}
	if err := act(t, c, u, "unpin"); err != nil {
		t.Fatal(err)
	}
	now = live(t, c, u)
	if got := field(t, now, "spec", "release", "active"); got != nil || len(now.GetAnnotations()) > 0 {
		t.Errorf("spec.release.active is %v, annotations %v", got, now.GetAnnotations())
	}
}

func TestRollbackIsRefusedWhereNothingIsKept(t *testing.T) {
	c, u := stored(t, map[string]any{}, waiting())
	if err := act(t, c, u, "rollback"); err == nil || !strings.Contains(err.Error(), "status.previous names no release") {
		t.Errorf("got %v", err)
	}
}

func TestPauseAndResume(t *testing.T) {
	c, u := stored(t, map[string]any{}, map[string]any{})
	for _, step := range []struct {
		action, offered string
		paused          any
	}{{"pause", "resume", true}, {"resume", "pause", nil}} {
		if err := act(t, c, u, step.action); err != nil {
			t.Fatal(err)
		}
		now := live(t, c, u)
		if got := field(t, now, "spec", "paused"); got != step.paused {
			t.Errorf("%s: spec.paused is %v", step.action, got)
		}
		if got := offers(t, now); got != step.offered {
			t.Errorf("%s: offered: %s", step.action, got)
		}
	}
}

func TestRetryNamesWhatFailed(t *testing.T) {
	waits := func(kind, name string) map[string]any {
		return map[string]any{"waitingFor": []any{
			map[string]any{"kind": kind, "name": "fine", "release": candidate},
			map[string]any{"kind": kind, "name": name, "release": candidate, "reason": "BackoffLimitExceeded"},
		}}
	}
	steps := func(all ...any) map[string]any { return map[string]any{"recent": all} }
	step := func(cause, from string) map[string]any {
		return map[string]any{"seq": int64(1), "at": epoch.Format(time.RFC3339), "reason": "Switching", "from": from, "to": active, "cause": cause}
	}
	for name, x := range map[string]struct {
		status map[string]any
		want   string
	}{
		"a migration":                       {stalled("MigrationFailed", waits("Migration", "cart")), candidate + "/cart"},
		"a check":                           {stalled("CheckFailed", waits("Check", "smoke")), candidate + "/smoke"},
		"a release that was given up":       {stalled("StartDeadlineExceeded", nil), candidate + "/-"},
		"a release that may still get up":   {stalled("StartDeadlineExceeded", waits("Service", "cart")), ""},
		"the last that the guard took back": {stalled("GuardBroken", steps(step("Guard", "acme-00000000"), step("Automatic", active), step("Guard", candidate))), candidate + "/-"},
		"no step of the guard is known":     {stalled("GuardBroken", steps(step("Automatic", candidate))), ""},
		"services make no release":          {stalled("InvalidServices", nil), ""},
		"nothing failed":                    {switched(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, u := stored(t, map[string]any{}, x.status)
			if got := offered(t, live(t, c, u))["retry"]; got != (x.want != "") {
				t.Errorf("offered: %t", got)
			}
			if x.want == "" {
				return
			}
			if err := act(t, c, u, "retry"); err != nil {
				t.Fatal(err)
			}
			value := live(t, c, u).GetAnnotations()[v1alpha1.AnnotationRetry]
			what, when, _ := strings.Cut(value, "@")
			if _, err := time.Parse(time.RFC3339, when); err != nil || what != x.want {
				t.Errorf("the annotation is %s: %v", value, err)
			}
			release, job, _ := strings.Cut(x.want, "/")
			if asked, ok := plan.ParseRetry(value); !ok || asked != (plan.Retry{Release: release, Job: strings.TrimPrefix(job, "-")}) {
				t.Errorf("the operator reads %s as %+v, %t", value, asked, ok)
			}
		})
	}
}

func TestRetryIsRefusedWhereNothingFailed(t *testing.T) {
	c, u := stored(t, map[string]any{}, switched())
	if err := act(t, c, u, "retry"); err == nil || !strings.Contains(err.Error(), "nothing that failed") {
		t.Errorf("got %v", err)
	}
}

// TestActionsThatGitWouldUndoAreNeitherOfferedNorRun, whichever way Argo CD applies: argocd-server runs what is disabled, too.
func TestActionsThatGitWouldUndoAreNeitherOfferedNorRun(t *testing.T) {
	status := waiting()
	status["previous"] = map[string]any{"release": active}
	for _, manager := range []string{"argocd-controller", "kustomize-controller"} {
		for _, how := range []string{"apply", "update"} {
			t.Run(manager+" by "+how, func(t *testing.T) {
				c, ns := api(t)
				u := named("Shop", ns, "acme", map[string]any{"paused": false, "release": map[string]any{"active": active}})
				var err error
				if how == "apply" {
					err = c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(manager))
				} else {
					err = c.Create(t.Context(), u, client.FieldOwner(manager))
				}
				if err != nil {
					t.Fatal(err)
				}
				says(t, c, u, status)
				if got := offers(t, live(t, c, u)); got != "" {
					t.Errorf("offered: %s", got)
				}
				for _, action := range []string{"promote", "rollback", "unpin", "pause", "resume"} {
					if err := act(t, c, u, action); err == nil || !strings.Contains(err.Error(), "Git holds spec.") {
						t.Errorf("%s: got %v", action, err)
					}
				}
			})
		}
	}
}

func TestAnActionIsOfferedOfWhatGitDoesNotHold(t *testing.T) {
	c, ns := api(t)
	u := named("Shop", ns, "acme", map[string]any{"release": map[string]any{"promotion": "Manual"}})
	if err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(u), client.FieldOwner("argocd-controller")); err != nil {
		t.Fatal(err)
	}
	says(t, c, u, waiting())
	if got := offers(t, live(t, c, u)); got != "pause promote" {
		t.Errorf("offered: %s", got)
	}
}

// TestAnActionOutlivesFlux: argocd-server is none of those that Flux takes over.
func TestAnActionOutlivesFlux(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), manual(ns, nil)
	f.reconcile(git)
	says(t, c, git, waiting())
	if err := act(t, c, git, "promote"); err != nil {
		t.Fatal(err)
	}
	if wrote := f.reconcile(git); len(wrote) > 0 {
		t.Errorf("it wrote %v", wrote)
	}
	if got := field(t, live(t, c, git), "spec", "release", "active"); got != candidate {
		t.Errorf("spec.release.active is %v", got)
	}
}

// TestAScriptChangesNothingElse: Argo CD writes the whole difference.
func TestAScriptChangesNothingElse(t *testing.T) {
	c, u := stored(t, map[string]any{"release": map[string]any{"checks": []any{}}, "paused": true}, waiting())
	before := live(t, c, u)
	out, err := runLua(actions+"resume/action.lua", before)
	if err != nil {
		t.Fatal(err)
	}
	want := before.DeepCopy()
	unstructured.RemoveNestedField(want.Object, "spec", "paused")
	if got, err := json.Marshal(out); err != nil || !reflect.DeepEqual(string(got), jsonOf(t, want.Object)) {
		t.Errorf("got  %s\nwant %s (%v)", got, jsonOf(t, want.Object), err)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAShopWithoutAStatusOffersToPauseAlone(t *testing.T) {
	u := named("Shop", "acme", "acme", map[string]any{})
	delete(u.Object, "spec")
	if got := offers(t, u); got != "pause" {
		t.Errorf("offered: %s", got)
	}
}
