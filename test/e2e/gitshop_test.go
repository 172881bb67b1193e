package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const gitShopFile = `apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: t}
spec:
  frontDoor: {managed: {replicas: 1, resources: {requests: {cpu: 5m, memory: 32Mi}}}}
  release: {settle: 1s, %s}
`

const gitServiceFile = `apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: %[1]s}
spec:
  shop: t
  image: "emporium.local/tiny:1"
  replicas: 1
  routes: [{path: /%[1]s}]
  env: [{name: BUILD, value: %[2]q}]
  resources: {requests: {cpu: 1m, memory: 16Mi}, limits: {memory: 64Mi}}
`

// slowServiceFile is gitServiceFile of a service that takes some seconds to start.
var slowServiceFile = strings.Replace(gitServiceFile, "env: [", `env: [{name: START_AFTER, value: "8s"}, `, 1)

// podQuota is for drill.apply.
const podQuota = `apiVersion: v1
kind: ResourceQuota
metadata: {name: pods, namespace: NAMESPACE}
spec: {hard: {pods: "%d"}}
`

// threeServices are the files of a shop with a release policy and services a, b, c of a build.
func threeServices(release, build string) map[string]string {
	files := map[string]string{"shop.yaml": fmt.Sprintf(gitShopFile, release)}
	for _, name := range []string{"a", "b", "c"} {
		files[name+".yaml"] = fmt.Sprintf(gitServiceFile, name, build)
	}
	return files
}

func lacking(files map[string]string, name string) map[string]string {
	files = maps.Clone(files)
	delete(files, name)
	return files
}

// A gitShop is a shop whose objects are files of a repository. Flux or Argo CD brings them to its namespace.
type gitShop struct {
	*drill
	git *gitYard
	// name of the repository, and of the object that tells the tool of it.
	name string
	// folder is the checkout of the team.
	folder string
}

// shop makes a namespace, and a repository with a first commit.
func (y *gitYard) shop(ctx context.Context, name string, files map[string]string) *gitShop {
	GinkgoHelper()
	d := &drill{namespace: fmt.Sprintf("drill-%s-%d", name, time.Now().Unix()%100000)}
	s := &gitShop{drill: d, git: y, name: name, folder: filepath.Join(y.work, "checkout-"+name)}
	Expect(here.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: \"\", pod-security.kubernetes.io/enforce: restricted}}\n",
		s.namespace, drillLabel))).To(Succeed())
	DeferCleanup(d.close)
	Expect(y.server.Create(ctx, name)).To(Succeed())
	s.run(ctx, y.work, "init", "--quiet", "--initial-branch=main", s.folder)
	s.commit(ctx, files)
	return s
}

// serves waits until the shop serves customers, and finds its address.
func (s *gitShop) serves(ctx context.Context) {
	GinkgoHelper()
	s.home = s.says(ctx, "True", "Serving", ContainSubstring("serves")).Active
	door := &corev1.Service{}
	Expect(cluster.Get(ctx, s.key("t"), door)).To(Succeed())
	s.url = "http://" + door.Spec.ClusterIP
	for _, path := range []string{"/a", "/b", "/c"} {
		Eventually(func() int { return s.status(path) }).WithPolling(quick).Should(Equal(http.StatusOK), path)
	}
}

// as changes the shop under a field manager, as `kubectl patch` does.
func (s *gitShop) as(ctx context.Context, manager, patch string) {
	GinkgoHelper()
	shop := &v1alpha1.Shop{}
	shop.Namespace, shop.Name = s.namespace, "t"
	Expect(cluster.Patch(ctx, shop, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner(manager))).To(Succeed())
}

func (s *gitShop) spec(ctx context.Context) v1alpha1.ShopSpec {
	GinkgoHelper()
	var shop v1alpha1.Shop
	Expect(cluster.Get(ctx, s.key("t"), &shop)).To(Succeed())
	return shop.Spec
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
	s.run(ctx, s.folder, "push", "--quiet", s.git.server.Folder(s.name), "main")
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

// leavesNothing waits until nothing of the shop is left in its namespace.
func (s *gitShop) leavesNothing(ctx context.Context) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		out, err := here.Kubectl(ctx, "-n", s.namespace, "get", "shop,shopsvc,shoprel,deploy,svc,pods,jobs,pdb,netpol,lease", "-o", "name")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(out).To(BeEmpty())
	}).Should(Succeed())
}

// jobs are the UIDs of the shop's Jobs.
func (s *gitShop) jobs(ctx context.Context) (uids []string) {
	GinkgoHelper()
	var list batchv1.JobList
	Expect(cluster.List(ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	for _, j := range list.Items {
		uids = append(uids, string(j.UID))
	}
	return uids
}

// steps are the last ones that the shop's status tells of.
func (s *gitShop) steps(ctx context.Context) []v1alpha1.Step {
	GinkgoHelper()
	var shop v1alpha1.Shop
	Expect(cluster.Get(ctx, s.key("t"), &shop)).To(Succeed())
	return shop.Status.Recent
}

// goesBack runs `kubectl shop rollback` to a release, and returns what it refuses.
func (s *gitShop) goesBack(ctx context.Context, release string) error {
	GinkgoHelper()
	plugin, err := here.KubectlShop(ctx)
	Expect(err).NotTo(HaveOccurred())
	cmd := exec.CommandContext(ctx, plugin, "rollback", "t", release, "-n", s.namespace)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+here.Kubeconfig)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
