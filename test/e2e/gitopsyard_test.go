package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// A fluxYard is a Git server and the real Flux, as processes of this machine, with a namespace for their objects.
type fluxYard struct {
	*gitYard
	namespace string
}

// openFlux starts them for all specs. They end, and their CRDs go, when the last one did.
func openFlux(ctx SpecContext) *fluxYard {
	GinkgoHelper()
	y := &fluxYard{gitYard: openGit(ctx), namespace: fmt.Sprintf("drill-flux-%d", time.Now().Unix()%100000)}
	programs, err := store().Flux(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, crd := range programs.CRDs {
		later("delete", "--ignore-not-found", "--wait=false", "-f", crd)
		_, err := here.Kubectl(ctx, "apply", "--server-side", "-f", crd)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(here.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: \"\"}}\n", y.namespace, drillLabel))).To(Succeed())
	later("delete", "namespace", y.namespace, "--wait=false", "--ignore-not-found")
	artifacts := free(ctx)
	y.controller(ctx, programs.SourceController, "--storage-path="+y.room("artifacts"), "--storage-addr="+artifacts, "--storage-adv-addr="+artifacts)
	y.controller(ctx, programs.KustomizeController)
	return y
}

// controller runs one of Flux for the yard's namespace alone.
func (y *fluxYard) controller(ctx context.Context, program string, args ...string) {
	GinkgoHelper()
	health := free(ctx)
	args = append(args, "--watch-all-namespaces=false", "--log-level=info", "--log-encoding=json", "--events-addr=", "--metrics-addr=0",
		"--health-addr="+health, "--interval-jitter-percentage=0")
	says := y.start(program, []string{"KUBECONFIG=" + here.Kubeconfig, "RUNTIME_NAMESPACE=" + y.namespace}, args...)
	healthy("http://"+health+"/healthz", says)
}

// A fluxShop is a shop that Flux brings to the cluster, by a Kustomization of one of the recipes of config/gitops/flux.
type fluxShop struct {
	*gitShop
	yard *fluxYard
}

// open commits files, and lets Flux apply them by a recipe.
func (y *fluxYard) open(ctx context.Context, name, recipe string, files map[string]string) *fluxShop {
	GinkgoHelper()
	s := &fluxShop{gitShop: y.shop(ctx, name, files), yard: y}
	s.apply(ctx, "git-repository.yaml", func(spec map[string]any) {
		spec["url"], spec["interval"] = y.url+name+".git", "1s"
	})
	s.apply(ctx, recipe, func(spec map[string]any) {
		spec["interval"], spec["retryInterval"], spec["timeout"] = "10m", "2s", "90s"
		spec["sourceRef"].(map[string]any)["name"] = name
		spec["targetNamespace"] = s.namespace
	})
	DeferCleanup(func(ctx SpecContext) { s.forget(ctx) })
	return s
}

// apply applies a file of config/gitops/flux as it is, but for names and times.
func (s *fluxShop) apply(ctx context.Context, file string, change func(spec map[string]any)) {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(here.Root, "config", "gitops", "flux", file))
	Expect(err).NotTo(HaveOccurred())
	u := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal(text, &u.Object)).To(Succeed())
	u.SetNamespace(s.yard.namespace)
	u.SetName(s.name)
	change(u.Object["spec"].(map[string]any))
	Expect(cluster.Create(ctx, u)).To(Succeed())
}

// forget deletes the Kustomization while its controller still runs, which has to take its finalizer away.
func (s *fluxShop) forget(ctx context.Context) {
	GinkgoHelper()
	for _, kind := range []schema.GroupVersionKind{kustomization, gitRepository} {
		u := s.flux(kind)
		Expect(client.IgnoreNotFound(cluster.Delete(ctx, u))).To(Succeed())
		Eventually(func() error { return cluster.Get(ctx, client.ObjectKeyFromObject(u), u) }).Should(MatchError(ContainSubstring("not found")))
	}
}

var (
	kustomization = schema.GroupVersionKind{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Kind: "Kustomization"}
	gitRepository = schema.GroupVersionKind{Group: "source.toolkit.fluxcd.io", Version: "v1", Kind: "GitRepository"}
)

func (s *fluxShop) flux(kind schema.GroupVersionKind) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	u.SetNamespace(s.yard.namespace)
	u.SetName(s.name)
	return u
}

// fluxStatus is what Flux says of its Kustomization.
type fluxStatus struct {
	LastAppliedRevision    string             `json:"lastAppliedRevision"`
	LastAttemptedRevision  string             `json:"lastAttemptedRevision"`
	LastHandledReconcileAt string             `json:"lastHandledReconcileAt"`
	Conditions             []metav1.Condition `json:"conditions"`
}

func (f fluxStatus) ready() string {
	if c := meta.FindStatusCondition(f.Conditions, "Ready"); c != nil {
		return string(c.Status) + " " + c.Reason
	}
	return ""
}

func (s *fluxShop) fluxSays(ctx context.Context) (out fluxStatus, err error) {
	u := s.flux(kustomization)
	if err := cluster.Get(ctx, client.ObjectKeyFromObject(u), u); err != nil {
		return out, err
	}
	text, err := yaml.Marshal(u.Object["status"])
	if err != nil {
		return out, err
	}
	return out, yaml.Unmarshal(text, &out)
}

// synced waits until Flux applied a commit and says of it.
func (s *fluxShop) synced(ctx context.Context, commit, ready string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		f, err := s.fluxSays(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(f.LastAttemptedRevision).To(HaveSuffix(commit))
		g.Expect(f.ready()).To(Equal(ready), "%+v", f.Conditions)
	}).WithPolling(4 * quick).Should(Succeed())
}

// reconcile lets Flux compare the cluster with Git n times, as it does by itself once an interval, and waits for each.
func (s *fluxShop) reconcile(ctx context.Context, n int) {
	GinkgoHelper()
	for range n {
		asked := strconv.FormatInt(time.Now().UnixNano(), 10)
		patch := fmt.Sprintf(`{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":%q}}}`, asked)
		Expect(cluster.Patch(ctx, s.flux(kustomization), client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
		Eventually(func(g Gomega) {
			f, err := s.fluxSays(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(f.LastHandledReconcileAt).To(Equal(asked))
			g.Expect(meta.FindStatusCondition(f.Conditions, "Reconciling")).To(BeNil())
		}).WithPolling(quick).Should(Succeed())
	}
}

// within sets the time that Flux waits for health.
func (s *fluxShop) within(ctx context.Context, timeout string) {
	GinkgoHelper()
	Expect(cluster.Patch(ctx, s.flux(kustomization), client.RawPatch(types.MergePatchType, []byte(`{"spec":{"timeout":"`+timeout+`"}}`)))).To(Succeed())
}

// fetched waits until source-controller offers a commit.
func (s *fluxShop) fetched(ctx context.Context, commit string) {
	GinkgoHelper()
	Eventually(func() (string, error) {
		u := s.flux(gitRepository)
		err := cluster.Get(ctx, client.ObjectKeyFromObject(u), u)
		revision, _, _ := unstructured.NestedString(u.Object, "status", "artifact", "revision")
		return revision, err
	}).WithPolling(quick).Should(HaveSuffix(commit))
}
