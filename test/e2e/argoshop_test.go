package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// An argoMode is one of the ways in which Argo CD compares the cluster with Git, and applies.
type argoMode struct {
	name string
	// set turns application.yaml into an Application of this mode.
	set func(app *unstructured.Unstructured)
}

// argoModes are all of them. The recipe is application.yaml as it is shipped.
var (
	threeWay = argoMode{"threeway", func(app *unstructured.Unstructured) {
		unstructured.RemoveNestedField(app.Object, "spec", "syncPolicy", "syncOptions")
	}}
	asShipped  = argoMode{"shipped", func(*unstructured.Unstructured) {}}
	serverDiff = argoMode{"serverdiff", func(app *unstructured.Unstructured) {
		app.SetAnnotations(map[string]string{"argocd.argoproj.io/compare-options": "ServerSideDiff=true"})
	}}
	argoModes = []argoMode{threeWay, asShipped, serverDiff}
)

// An argoShop is a shop that Argo CD brings to the cluster, by an Application.
type argoShop struct {
	*gitShop
	yard *argoYard
}

// open commits files, and lets Argo CD apply them by application.yaml.
func (y *argoYard) open(ctx context.Context, name string, mode argoMode, files map[string]string) *argoShop {
	GinkgoHelper()
	s := &argoShop{gitShop: y.shop(ctx, name, files), yard: y}
	text, err := os.ReadFile(recipe("application.yaml"))
	Expect(err).NotTo(HaveOccurred())
	app := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(strings.ReplaceAll(string(text), "${SHOP_GIT_URL}", y.url+name+".git")), &app.Object)).To(Succeed())
	app.SetName(name)
	Expect(unstructured.SetNestedField(app.Object, s.namespace, "spec", "destination", "namespace")).To(Succeed())
	mode.set(app)
	Expect(cluster.Create(ctx, app)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		if CurrentSpecReport().Failed() {
			out, err := here.Kubectl(ctx, "-n", argoNamespace, "get", "application", name, "-o", "yaml")
			GinkgoWriter.Println(out, err)
		}
		Expect(client.IgnoreNotFound(cluster.Delete(ctx, s.app()))).To(Succeed())
	})
	return s
}

func (s *argoShop) app() *unstructured.Unstructured {
	app := &unstructured.Unstructured{}
	app.SetAPIVersion("argoproj.io/v1alpha1")
	app.SetKind("Application")
	app.SetNamespace(argoNamespace)
	app.SetName(s.name)
	return app
}

// argoStatus is what Argo CD says of its Application.
type argoStatus struct {
	Sync   struct{ Status, Revision string }
	Health struct{ Status string }
	// OperationState is of the last sync.
	OperationState struct {
		Phase, Message string
		Operation      struct {
			Info []struct{ Name, Value string }
		}
	}
	Conditions []struct{ Type, Message string }
}

func (s *argoShop) argoSays(ctx context.Context) (out argoStatus, err error) {
	app := s.app()
	if err := cluster.Get(ctx, client.ObjectKeyFromObject(app), app); err != nil {
		return out, err
	}
	text, err := json.Marshal(app.Object["status"])
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

// askedAgain is how long Argo CD may take to compare, which takes it a second. A request that comes while an operation of
// the same Application ends can get lost (its controller then works on the view from before): people click again.
const askedAgain = 15 * time.Second

// refresh asks Argo CD to compare, and waits until it did: "normal" looks for new commits, "hard" forgets all that it knew of Git.
func (s *argoShop) refresh(ctx context.Context, how string) {
	GinkgoHelper()
	const annotation = "argocd.argoproj.io/refresh"
	ask := func(value string) {
		patch := []byte(`{"metadata":{"annotations":{"` + annotation + `":` + value + `}}}`)
		Expect(cluster.Patch(ctx, s.app(), client.RawPatch(types.MergePatchType, patch))).To(Succeed())
	}
	ask(strconv.Quote(how))
	asked := time.Now()
	Eventually(func() (map[string]string, error) {
		if time.Since(asked) > askedAgain {
			ask("null")
			ask(strconv.Quote(how))
			asked = time.Now()
		}
		app := s.app()
		err := cluster.Get(ctx, client.ObjectKeyFromObject(app), app)
		return app.GetAnnotations(), err
	}).WithPolling(quick).ShouldNot(HaveKey(annotation))
}

// sync asks for a sync, as a click does, and waits until it succeeded.
func (s *argoShop) sync(ctx context.Context, prune bool) {
	GinkgoHelper()
	asked := strconv.FormatInt(time.Now().UnixNano(), 10)
	ask := map[string]any{"prune": prune, "infos": []map[string]string{{"name": "asked", "value": asked}}}
	Eventually(func() error { // a sync that Argo CD itself began is waited for
		return s.yard.admin.call(ctx, http.MethodPost, "/applications/"+s.name+"/sync", ask, nil)
	}).WithPolling(4 * quick).Should(Succeed())
	Eventually(func(g Gomega) {
		said, err := s.argoSays(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(said.OperationState.Operation.Info).To(ContainElement(HaveField("Value", asked)))
		g.Expect(said.OperationState.Phase).To(Equal("Succeeded"), said.OperationState.Message)
	}).WithPolling(quick).Should(Succeed())
}

// reconcile compares the cluster with Git and applies Git, n times.
func (s *argoShop) reconcile(ctx context.Context, n int) {
	GinkgoHelper()
	for range n {
		s.refresh(ctx, "hard")
		s.sync(ctx, false)
	}
}

// synced waits until Argo CD has applied a commit and finds no difference any more.
func (s *argoShop) synced(ctx context.Context, commit string) {
	GinkgoHelper()
	s.refresh(ctx, "normal")
	Eventually(func(g Gomega) {
		said, err := s.argoSays(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(said.Sync.Revision).To(Equal(commit))
		g.Expect(said.Sync.Status).To(Equal("Synced"), "%+v", said)
	}).WithPolling(4 * quick).Should(Succeed())
}

// healthIs waits until Argo CD says so of the Application.
func (s *argoShop) healthIs(ctx context.Context, want string) {
	GinkgoHelper()
	Eventually(func() (string, error) {
		said, err := s.argoSays(ctx)
		return said.Health.Status, err
	}).WithPolling(quick).Should(Equal(want))
}

// cascades deletes the Application with all that it applied, as `argocd app delete` does, and waits until it is gone.
func (s *argoShop) cascades(ctx context.Context) {
	GinkgoHelper()
	Expect(s.yard.admin.call(ctx, http.MethodDelete, "/applications/"+s.name+"?cascade=true", nil, nil)).To(Succeed())
	Eventually(func() error { app := s.app(); return cluster.Get(ctx, client.ObjectKeyFromObject(app), app) }).Should(MatchError(ContainSubstring("not found")))
}
