package gitops

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/object"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const kustomizeController = "kustomize-controller"

// flux is what kustomize-controller does with the objects of a Kustomization.
type flux struct {
	t       *testing.T
	manager *ssa.ResourceManager
	// applied is its inventory: what it prunes when Git does not have it any more.
	applied []*unstructured.Unstructured
}

func newFlux(t *testing.T, c client.Client) *flux {
	poller := polling.NewStatusPoller(c, c.RESTMapper(), polling.Options{})
	owner := ssa.Owner{Field: kustomizeController, Group: "kustomize.toolkit.fluxcd.io"}
	return &flux{t: t, manager: ssa.NewResourceManager(c, poller, owner)}
}

// options are those of kustomize-controller v1.9.6 (internal/controller/kustomization_controller.go, apply).
func options() ssa.ApplyOptions {
	o := ssa.DefaultApplyOptions()
	const group = "kustomize.toolkit.fluxcd.io"
	o.ExclusionSelector = map[string]string{group + "/reconcile": "disabled", group + "/ssa": "Ignore"}
	o.IfNotPresentSelector = map[string]string{group + "/ssa": "IfNotPresent"}
	o.ForceSelector = map[string]string{group + "/force": "enabled"}
	o.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{corev1.LastAppliedConfigAnnotation, group + "/checksum", "fluxcd.io/sync-checksum"},
		Labels:      []string{"fluxcd.io/sync-gc-mark"},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: kustomizeController, OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{group + "/ssa": "Merge"},
	}
	return o
}

// reconcile makes the cluster what Git has, and says which objects it wrote.
func (f *flux) reconcile(git ...*unstructured.Unstructured) (wrote []string) {
	f.t.Helper()
	var objects []*unstructured.Unstructured
	for _, u := range git {
		objects = append(objects, u.DeepCopy())
	}
	f.manager.SetOwnerLabels(objects, "acme", "flux-system")
	if err := normalize.UnstructuredList(objects); err != nil {
		f.t.Fatal(err)
	}
	set, err := f.manager.ApplyAllStaged(f.t.Context(), objects, options())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range set.Entries {
		if e.Action != ssa.UnchangedAction && e.Action != ssa.SkippedAction {
			wrote = append(wrote, e.String())
		}
	}
	return append(wrote, f.prune(objects)...)
}

// prune deletes what was applied and is not in Git any more.
func (f *flux) prune(objects []*unstructured.Unstructured) (wrote []string) {
	f.t.Helper()
	left := object.UnstructuredSetToObjMetadataSet(objects)
	gone := slices.DeleteFunc(f.applied, func(u *unstructured.Unstructured) bool { return left.Contains(object.UnstructuredToObjMetadata(u)) })
	f.applied = objects
	if len(gone) == 0 {
		return nil
	}
	set, err := f.manager.DeleteAll(f.t.Context(), gone, ssa.DeleteOptions{
		PropagationPolicy: metav1.DeletePropagationBackground, Inclusions: f.manager.GetOwnerLabels("acme", "flux-system"),
		Exclusions: map[string]string{"kustomize.toolkit.fluxcd.io/prune": "disabled", "kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range set.Entries {
		wrote = append(wrote, e.String())
	}
	return wrote
}

// samples are the objects of the sample shop, as kustomize makes them.
func samples(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	kubectl := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	text, err := exec.CommandContext(t.Context(), kubectl, "kustomize", "../../config/samples").Output()
	if err != nil {
		t.Fatalf("making the samples: %v", err)
	}
	objects, err := utils.ReadObjects(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// versions are the resourceVersions of objects, which every write changes, whoever makes it.
func versions(t *testing.T, c client.Client, objects []*unstructured.Unstructured) string {
	t.Helper()
	var out []string
	for _, o := range objects {
		out = append(out, o.GetKind()+"/"+o.GetName()+" "+live(t, c, o).GetResourceVersion())
	}
	return strings.Join(out, "\n")
}

func TestFluxWritesTheSampleShopOnce(t *testing.T) {
	c, _ := api(t)
	f, git := newFlux(t, c), samples(t)
	if wrote := f.reconcile(git...); len(wrote) != len(git) {
		t.Fatalf("%d of %d objects were written", len(wrote), len(git))
	}
	before := versions(t, c, git)
	for i := range 10 {
		if wrote := f.reconcile(git...); len(wrote) > 0 {
			t.Fatalf("reconcile %d wrote %v", i+1, wrote)
		}
	}
	if after := versions(t, c, git); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func manual(namespace string, more map[string]any) *unstructured.Unstructured {
	release := map[string]any{"promotion": "Manual", "checks": []any{map[string]any{"name": "smoke", "image": "smoke:1"}}}
	for k, v := range more {
		release[k] = v
	}
	return named("Shop", namespace, "acme", map[string]any{"release": release})
}

func TestWhatAPersonApprovedOutlivesFlux(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), manual(ns, nil)
	f.reconcile(git)
	patch(t, c, git, v1alpha1.FieldManager, `{"spec":{"release":{"active":"acme-bbbbbbbb"}}}`)
	for i := range 3 {
		if wrote := f.reconcile(git); len(wrote) > 0 {
			t.Fatalf("reconcile %d wrote %v", i+1, wrote)
		}
	}
	if active := field(t, live(t, c, git), "spec", "release", "active"); active != "acme-bbbbbbbb" {
		t.Errorf("spec.release.active is %v", active)
	}
}

// TestAPatchOfKubectlIsUndoneByFlux is why the guides name a field manager in each patch.
func TestAPatchOfKubectlIsUndoneByFlux(t *testing.T) {
	for _, manager := range []string{"kubectl-patch", "kubectl-edit", "kubectl-annotate", "kubectl-shop"} {
		t.Run(manager, func(t *testing.T) {
			c, ns := api(t)
			f, git := newFlux(t, c), manual(ns, nil)
			f.reconcile(git)
			patch(t, c, git, manager, `{"spec":{"release":{"active":"acme-bbbbbbbb"},"paused":true}}`)
			f.reconcile(git)
			now := live(t, c, git)
			if active, paused := field(t, now, "spec", "release", "active"), field(t, now, "spec", "paused"); active != nil || paused != nil {
				t.Errorf("active %v, paused %v: Flux leaves them, and the guides could drop --field-manager", active, paused)
			}
		})
	}
}

// TestAPatchOfKubectlTakesThePinFromThePersonWhoSetIt, and Flux takes it out altogether.
func TestAPatchOfKubectlTakesThePinFromThePersonWhoSetIt(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), manual(ns, nil)
	f.reconcile(git)
	patch(t, c, git, v1alpha1.FieldManager, `{"spec":{"release":{"active":"acme-bbbbbbbb"}}}`)
	patch(t, c, git, "kubectl-patch", `{"spec":{"release":{"active":"acme-aaaaaaaa"}}}`)
	f.reconcile(git)
	if active := field(t, live(t, c, git), "spec", "release", "active"); active != nil {
		t.Errorf("spec.release.active is %v", active)
	}
}

// TestTheNameOfTheFieldManagerIsSafe: Flux takes over who begins with these.
func TestTheNameOfTheFieldManagerIsSafe(t *testing.T) {
	for _, m := range options().Cleanup.FieldManagers {
		if strings.HasPrefix(v1alpha1.FieldManager, m.Name) {
			t.Errorf("%s begins with %s: Flux undoes what it wrote", v1alpha1.FieldManager, m.Name)
		}
	}
}

func TestGitHasTheLastWordWhereItHoldsTheField(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), manual(ns, map[string]any{"active": "acme-aaaaaaaa"})
	f.reconcile(git)
	patch(t, c, git, v1alpha1.FieldManager, `{"spec":{"release":{"active":"acme-bbbbbbbb"}}}`)
	f.reconcile(git)
	if active := field(t, live(t, c, git), "spec", "release", "active"); active != "acme-aaaaaaaa" {
		t.Errorf("spec.release.active is %v, and Git says acme-aaaaaaaa", active)
	}
	approved := manual(ns, map[string]any{"active": "acme-bbbbbbbb"})
	if wrote := f.reconcile(approved); len(wrote) != 1 {
		t.Errorf("the approving commit wrote %v", wrote)
	}
}

func TestAnApprovalAsAStepOfItsOwnLeavesGitWhatItHolds(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), manual(ns, nil)
	f.reconcile(git)
	approval := named("Shop", ns, "acme", map[string]any{"release": map[string]any{"active": "acme-bbbbbbbb"}})
	if err := c.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(approval), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		t.Fatal(err)
	}
	later := manual(ns, map[string]any{"settle": "9s"})
	if wrote := f.reconcile(later); len(wrote) != 1 {
		t.Errorf("the commit wrote %v", wrote)
	}
	now := live(t, c, git)
	if active, settle := field(t, now, "spec", "release", "active"), field(t, now, "spec", "release", "settle"); active != "acme-bbbbbbbb" || settle != "9s" {
		t.Errorf("active %v, settle %v", active, settle)
	}
}

func TestAServiceThatLeavesGitIsPruned(t *testing.T) {
	c, ns := api(t)
	f, shop := newFlux(t, c), manual(ns, nil)
	service := func(name string) *unstructured.Unstructured {
		return named("ShopService", ns, name, map[string]any{"shop": "acme", "image": name + ":1", "replicas": int64(1)})
	}
	f.reconcile(shop, service("cart"), service("reviews"))
	f.reconcile(shop, service("cart"))
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(service("reviews")), service("reviews")); !apierrors.IsNotFound(err) {
		t.Errorf("ShopService reviews is still there: %v", err)
	}
	live(t, c, service("cart"))
}

func TestPruningEverythingHangsNowhere(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), []*unstructured.Unstructured{
		manual(ns, nil), named("ShopService", ns, "cart", map[string]any{"shop": "acme", "image": "cart:1", "replicas": int64(1)}),
	}
	f.reconcile(git...)
	f.reconcile()
	for _, u := range git {
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(u), u.DeepCopy()); !apierrors.IsNotFound(err) {
			t.Errorf("%s %s is still there: %v", u.GetKind(), u.GetName(), err)
		}
	}
}

func TestAShopThatIsNotToBePrunedStays(t *testing.T) {
	c, ns := api(t)
	f, git := newFlux(t, c), manual(ns, nil)
	git.SetAnnotations(map[string]string{"kustomize.toolkit.fluxcd.io/prune": "disabled"})
	f.reconcile(git)
	f.reconcile()
	live(t, c, git)
}

func TestANewObjectOnTheServerSaysThatNobodySawIt(t *testing.T) {
	c, ns := api(t)
	for i, u := range []*unstructured.Unstructured{
		manual(ns, nil), named("ShopService", ns, "cart", map[string]any{"shop": "acme", "image": "cart:1", "replicas": int64(1)}),
	} {
		if err := c.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if got := judged(t, live(t, c, u)).String(); got != working {
			t.Errorf("%d: got %s, want %s", i, got, working)
		}
	}
}
