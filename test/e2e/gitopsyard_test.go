package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/cluster/parts"
	"github.com/emporium-shop/emporium/hack/gitserver"
)

// A fluxYard is a Git server and the real Flux, as processes of this machine, with a namespace for their objects.
type fluxYard struct {
	namespace, work, url string
	git                  gitserver.Server
}

// openFlux starts them for all specs. They end, and their CRDs go, when the last one did.
func openFlux(ctx SpecContext) *fluxYard {
	GinkgoHelper()
	if here.Foreign {
		Skip("left out: the images in Git are named as the cluster of this machine has them; unset KUBECONFIG")
	}
	store, err := parts.Of(here.Root, func(format string, args ...any) { fmt.Fprintf(GinkgoWriter, format+"\n", args...) })
	Expect(err).NotTo(HaveOccurred())
	programs, err := store.Flux(ctx)
	Expect(err).NotTo(HaveOccurred())
	y := &fluxYard{namespace: fmt.Sprintf("drill-flux-%d", time.Now().Unix()%100000), work: GinkgoT().TempDir()}
	for _, crd := range programs.CRDs {
		y.later("delete", "--ignore-not-found", "--wait=false", "-f", crd)
		_, err := here.Kubectl(ctx, "apply", "--server-side", "-f", crd)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(here.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: \"\"}}\n", y.namespace, drillLabel))).To(Succeed())
	y.later("delete", "namespace", y.namespace, "--wait=false", "--ignore-not-found")
	y.serveGit(ctx)
	artifacts, folder := free(ctx), filepath.Join(y.work, "artifacts")
	Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	y.start(ctx, programs.SourceController, "--storage-path="+folder, "--storage-addr="+artifacts, "--storage-adv-addr="+artifacts)
	y.start(ctx, programs.KustomizeController)
	return y
}

// later runs a kubectl command when the last spec ended.
func (y *fluxYard) later(args ...string) {
	DeferCleanup(func(ctx SpecContext) {
		_, err := here.Kubectl(ctx, args...)
		Expect(err).NotTo(HaveOccurred())
	})
}

// free is an address of this machine at which nobody listens.
func free(ctx context.Context) string {
	GinkgoHelper()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer l.Close()
	return l.Addr().String()
}

func (y *fluxYard) serveGit(ctx context.Context) {
	GinkgoHelper()
	y.git = gitserver.Server{Repositories: filepath.Join(y.work, "git")}
	Expect(os.MkdirAll(y.git.Repositories, 0o755)).To(Succeed())
	handler, err := y.git.Handler(context.WithoutCancel(ctx))
	Expect(err).NotTo(HaveOccurred())
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = web.Serve(l) }()
	DeferCleanup(web.Close)
	y.url = "http://" + l.Addr().String() + "/git/"
}

// start runs a controller of Flux for the yard's namespace alone. What it says is shown when a spec fails.
func (y *fluxYard) start(ctx context.Context, program string, args ...string) {
	GinkgoHelper()
	name := filepath.Base(program)
	log, err := os.Create(filepath.Join(y.work, name+".log"))
	Expect(err).NotTo(HaveOccurred())
	health := free(ctx)
	args = append(args, "--watch-all-namespaces=false", "--log-level=info", "--log-encoding=json", "--events-addr=", "--metrics-addr=0",
		"--health-addr="+health, "--interval-jitter-percentage=0")
	cmd := exec.Command(program, args...) //nolint:noctx // it ends with the last spec, not with what started it
	cmd.Env = append(os.Environ(), "KUBECONFIG="+here.Kubeconfig, "RUNTIME_NAMESPACE="+y.namespace, "TMPDIR="+y.work)
	cmd.Stdout, cmd.Stderr = log, log
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		if CurrentSpecReport().Failed() {
			text, _ := os.ReadFile(log.Name())
			GinkgoWriter.Printf("%s:\n%s\n", name, text)
		}
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	Eventually(func() (int, error) {
		res, err := http.Get("http://" + health + "/healthz") //nolint:noctx // the address of a test
		if err != nil {
			text, _ := os.ReadFile(log.Name())
			return 0, fmt.Errorf("%w: %s", err, text)
		}
		return res.StatusCode, res.Body.Close()
	}).WithTimeout(time.Minute).Should(Equal(http.StatusOK))
}

// A gitShop is a shop in a repository, and a Kustomization by one of the recipes of config/gitops/flux.
type gitShop struct {
	*drill
	yard   *fluxYard
	name   string
	folder string
}

// open commits files, and lets Flux apply them by a recipe.
func (y *fluxYard) open(ctx context.Context, name, recipe string, files map[string]string) *gitShop {
	GinkgoHelper()
	s := &gitShop{drill: &drill{namespace: fmt.Sprintf("drill-%s-%d", name, time.Now().Unix()%100000)}, yard: y, name: name, folder: filepath.Join(y.work, "checkout-"+name)}
	Expect(here.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: \"\", pod-security.kubernetes.io/enforce: restricted}}\n",
		s.namespace, drillLabel))).To(Succeed())
	DeferCleanup(s.drill.close)
	Expect(y.git.Create(ctx, name)).To(Succeed())
	s.run(ctx, y.work, "init", "--quiet", "--initial-branch=main", s.folder)
	s.commit(ctx, files)
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
func (s *gitShop) apply(ctx context.Context, file string, change func(spec map[string]any)) {
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
func (s *gitShop) forget(ctx context.Context) {
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

func (s *gitShop) flux(kind schema.GroupVersionKind) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	u.SetNamespace(s.yard.namespace)
	u.SetName(s.name)
	return u
}

// commit makes the repository hold these files and nothing else, and pushes that.
func (s *gitShop) commit(ctx context.Context, files map[string]string) string {
	GinkgoHelper()
	s.run(ctx, s.folder, "rm", "-r", "--quiet", "--ignore-unmatch", ".")
	for name, text := range files {
		Expect(os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600)).To(Succeed())
	}
	s.run(ctx, s.folder, "add", "-A")
	s.run(ctx, s.folder, "-c", "user.name=team", "-c", "user.email=team@example.com", "commit", "--quiet", "--allow-empty", "-m", "change")
	return s.push(ctx)
}

// revert takes the last commit back, as a team would.
func (s *gitShop) revert(ctx context.Context) string {
	GinkgoHelper()
	s.run(ctx, s.folder, "-c", "user.name=team", "-c", "user.email=team@example.com", "revert", "--no-edit", "HEAD")
	return s.push(ctx)
}

func (s *gitShop) push(ctx context.Context) string {
	GinkgoHelper()
	s.run(ctx, s.folder, "push", "--quiet", s.yard.git.Folder(s.name), "main")
	return strings.TrimSpace(s.run(ctx, s.folder, "rev-parse", "HEAD"))
}

func (s *gitShop) run(ctx context.Context, folder string, args ...string) string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "git %v: %s", args, out)
	return string(out)
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

func (s *gitShop) fluxSays(ctx context.Context) (out fluxStatus, err error) {
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
func (s *gitShop) synced(ctx context.Context, commit, ready string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		f, err := s.fluxSays(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(f.LastAttemptedRevision).To(HaveSuffix(commit))
		g.Expect(f.ready()).To(Equal(ready), "%+v", f.Conditions)
	}).WithPolling(4 * quick).Should(Succeed())
}

// reconcile lets Flux compare the cluster with Git n times, as it does by itself once an interval, and waits for each.
func (s *gitShop) reconcile(ctx context.Context, n int) {
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

// versions are the resourceVersions of what Git holds, which each write changes, whoever makes it.
func (s *gitShop) versions(ctx context.Context) map[string]string {
	GinkgoHelper()
	out := map[string]string{}
	var shop v1alpha1.Shop
	Expect(cluster.Get(ctx, s.key("t"), &shop)).To(Succeed())
	out["shop"] = shop.ResourceVersion
	var services v1alpha1.ShopServiceList
	Expect(cluster.List(ctx, &services, client.InNamespace(s.namespace))).To(Succeed())
	for _, svc := range services.Items {
		out[svc.Name] = svc.ResourceVersion
	}
	return out
}

// releases are the names of the shop's releases.
func (s *gitShop) releases(ctx context.Context) (names []string) {
	GinkgoHelper()
	var list v1alpha1.ShopReleaseList
	Expect(cluster.List(ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	for _, r := range list.Items {
		names = append(names, r.Name)
	}
	return names
}
