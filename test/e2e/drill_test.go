package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/stage"
)

// A drill is a shop of two tiny services in a namespace of its own, in which something is broken on purpose: a calls b. It
// starts in seconds, so each spec has one, and what a spec leaves behind meets nobody.
type drill struct {
	namespace string
	// url of its front door.
	url string
	// home is the release that served first.
	home string
	// notes are figures for the one line that the spec prints.
	notes []string
}

const drillLabel = "emporium.dev/drill"

// drillSpec is what differs from the smallest shop; each field is a part of a spec in flow style.
type drillSpec struct {
	release, frontDoor, a, b string
	// more objects of the namespace, there before the shop.
	more string
}

const drillManifest = `apiVersion: v1
kind: Namespace
metadata: {name: %[1]s, labels: {emporium.dev/drill: "", pod-security.kubernetes.io/enforce: restricted}}
---
%[6]s
apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: t, namespace: %[1]s}
spec: {frontDoor: {managed: {%[3]s}}, release: {%[2]s}}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: a, namespace: %[1]s}
spec: {shop: t, image: "emporium.local/tiny:1", routes: [{path: /a}], dependsOn: [b], resources: {requests: {cpu: 1m, memory: 16Mi}, limits: {memory: 64Mi}}, %[4]s}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: b, namespace: %[1]s}
spec: {shop: t, image: "emporium.local/tiny:1", routes: [{path: /b}], resources: {requests: {cpu: 1m, memory: 16Mi}, limits: {memory: 64Mi}}, %[5]s}
`

func (s drillSpec) manifest(namespace string) string {
	release := "settle: 1s, rollbackWindow: 0s"
	if s.release != "" {
		release = s.release
	}
	door := "replicas: 1, resources: {requests: {cpu: 5m, memory: 32Mi}}"
	if s.frontDoor != "" {
		door = s.frontDoor + ", resources: {requests: {cpu: 5m, memory: 32Mi}}"
	}
	more := strings.ReplaceAll(s.more, "NAMESPACE", namespace)
	if more != "" {
		more += "\n---"
	}
	return fmt.Sprintf(drillManifest, namespace, release, door, orFixed(s.a), orFixed(s.b), more)
}

// orFixed gives a service one pod where nothing is said of their number.
func orFixed(spec string) string {
	if strings.Contains(spec, "autoscaling") || strings.Contains(spec, "replicas") {
		return spec
	}
	return strings.TrimSuffix("replicas: 1, "+spec, ", ")
}

// cluster is a client of the cluster, for what is asked many times a second.
var cluster client.Client

func connect() {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", here.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	config.QPS, config.Timeout = -1, 5*time.Second
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	cluster, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
}

// openDrill makes a shop and waits until it serves. The namespace goes when the spec ends; nobody waits for that.
func openDrill(ctx context.Context, name string, spec drillSpec) *drill {
	GinkgoHelper()
	return openDrills(ctx, map[string]drillSpec{name: spec})[name]
}

// openDrills makes several at once, which takes hardly longer than one.
func openDrills(ctx context.Context, specs map[string]drillSpec) map[string]*drill {
	GinkgoHelper()
	drills := map[string]*drill{}
	var manifests []string
	for name, spec := range specs {
		d := &drill{namespace: fmt.Sprintf("drill-%s-%d", name, time.Now().Unix()%100000)}
		drills[name], manifests = d, append(manifests, spec.manifest(d.namespace))
	}
	Expect(here.Apply(ctx, strings.Join(manifests, "---\n"))).To(Succeed())
	for _, d := range drills {
		DeferCleanup(d.close)
	}
	for _, d := range drills {
		d.home = d.says(ctx, "True", "Serving", ContainSubstring("serves")).Active
		door := &corev1.Service{}
		Expect(cluster.Get(ctx, d.key("t"), door)).To(Succeed())
		d.url = "http://" + door.Spec.ClusterIP
		// From here on each failure counts, so the drill begins with a shop that is whole, on a busy machine too.
		for _, path := range drillPaths {
			Eventually(func() int { return d.status(path) }).WithPolling(quick).Should(Equal(http.StatusOK), path)
		}
	}
	return drills
}

func (d *drill) close(ctx SpecContext) {
	if CurrentSpecReport().Failed() {
		d.tell(ctx)
	}
	_, err := here.Kubectl(ctx, "delete", "namespace", d.namespace, "--wait=false", "--ignore-not-found")
	Expect(err).NotTo(HaveOccurred())
}

// drillsAreGone waits for the namespaces of earlier specs: what the operator writes while it takes leave of their shops counts
// in the same metric as what it writes to the shop that is looked at.
func drillsAreGone(ctx SpecContext) {
	GinkgoHelper()
	Eventually(func() (string, error) {
		return here.Kubectl(ctx, "get", "namespaces", "-o", `jsonpath={range .items[?(@.status.phase=="Terminating")]}{.metadata.name} {end}`)
	}, 3*time.Minute).WithPolling(time.Second).Should(BeEmpty())
}

// tell prints what a person would look at.
func (d *drill) tell(ctx context.Context) {
	look := func(args ...string) string {
		out, err := here.Kubectl(ctx, args...)
		return out + fmt.Sprintln(err)
	}
	GinkgoWriter.Println(look("-n", d.namespace, "get", "shop,shoprel,shopsvc,deploy,pods,jobs", "-o", "wide"))
	GinkgoWriter.Println(look("-n", d.namespace, "get", "events", "--sort-by=.lastTimestamp"))
	GinkgoWriter.Println(look("-n", d.namespace, "get", "configmap", "t-front-door", "-o", "yaml"))
	GinkgoWriter.Println(look("-n", d.namespace, "logs", "-l", "shop.emporium.dev/release", "--tail=15", "--prefix", "--timestamps"))
	GinkgoWriter.Println(look("-n", d.namespace, "logs", "-l", "app.kubernetes.io/component=front-door", "--tail=15", "--prefix"))
	log := look("-n", stage.System, "logs", "-l", "app.kubernetes.io/name=emporium", "--tail=1000", "--since=5m", "--prefix")
	for line := range strings.Lines(log) {
		if strings.Contains(line, d.namespace) {
			GinkgoWriter.Print(line)
		}
	}
}

func (d *drill) key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: d.namespace, Name: name}
}

// note adds a figure to the spec's line.
func (d *drill) note(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

// kubectl runs a command in the drill's namespace.
func (d *drill) kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, append([]string{"-n", d.namespace}, args...)...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// apply applies manifests, in which NAMESPACE stands for the drill's.
func (d *drill) apply(ctx context.Context, manifest string) {
	GinkgoHelper()
	Expect(here.Apply(ctx, strings.ReplaceAll(manifest, "NAMESPACE", d.namespace))).To(Succeed())
}

// patch changes an object as `kubectl patch --type=merge` does.
func (d *drill) patch(ctx context.Context, o client.Object, name, patch string) {
	GinkgoHelper()
	Expect(d.tryPatch(ctx, o, name, patch)).To(Succeed())
}

func (d *drill) tryPatch(ctx context.Context, o client.Object, name, patch string) error {
	o.SetNamespace(d.namespace)
	o.SetName(name)
	return cluster.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("kubectl-patch"))
}

func (d *drill) service(ctx context.Context, name, spec string) {
	GinkgoHelper()
	d.patch(ctx, &v1alpha1.ShopService{}, name, `{"spec":`+spec+`}`)
}

func (d *drill) shop(ctx context.Context, spec string) {
	GinkgoHelper()
	d.patch(ctx, &v1alpha1.Shop{}, "t", `{"spec":`+spec+`}`)
}

// build changes a service, so that there is a release to make. more are further variables.
func (d *drill) build(ctx context.Context, name string, more ...corev1.EnvVar) {
	GinkgoHelper()
	env := append([]corev1.EnvVar{{Name: "BUILD", Value: fmt.Sprint(time.Now().UnixNano())}}, more...)
	text, err := json.Marshal(env)
	Expect(err).NotTo(HaveOccurred())
	d.service(ctx, name, `{"env":`+string(text)+`}`)
}

// row is what `kubectl get shop -o wide` prints.
func (d *drill) row(ctx context.Context) (stage.Row, error) {
	var s v1alpha1.Shop
	if err := cluster.Get(ctx, d.key("t"), &s); err != nil {
		return stage.Row{}, err
	}
	row := stage.Row{Services: s.Status.Services.Summary}
	for _, c := range s.Status.Conditions {
		// What speaks of an older spec is no answer to the last change.
		if c.Type == string(v1alpha1.ConditionReady) && s.Status.ObservedGeneration == s.Generation {
			row.Ready, row.Status, row.Message = string(c.Status), c.Reason, c.Message
		}
	}
	if s.Status.Active != nil {
		row.Active = s.Status.Active.Release
	}
	if s.Status.Candidate != nil {
		row.Candidate = s.Status.Candidate.Release
	}
	return row, nil
}

const quick = 50 * time.Millisecond

// says waits until the shop says this of its present spec; status and message are texts or matchers.
func (d *drill) says(ctx context.Context, ready string, status, message any) (row stage.Row) {
	GinkgoHelper()
	Eventually(func() (stage.Row, error) {
		var err error
		row, err = d.row(ctx)
		return row, err
	}).WithPolling(quick).Should(And(HaveField("Ready", ready), HaveField("Status", status), HaveField("Message", message)))
	return row
}

// condition reads one of the shop's conditions.
func (d *drill) condition(ctx context.Context, kind v1alpha1.ConditionType) (string, error) {
	var s v1alpha1.Shop
	if err := cluster.Get(ctx, d.key("t"), &s); err != nil {
		return "", err
	}
	for _, c := range s.Status.Conditions {
		if c.Type == string(kind) {
			return string(c.Status), nil
		}
	}
	return "", nil
}

// switched waits for a confirmed switch that was written after a moment.
func (d *drill) switched(ctx context.Context, since time.Time) v1alpha1.SwitchRecord {
	GinkgoHelper()
	var last v1alpha1.SwitchRecord
	Eventually(func(g Gomega) {
		var s v1alpha1.Shop
		g.Expect(cluster.Get(ctx, d.key("t"), &s)).To(Succeed())
		g.Expect(s.Status.LastSwitch).NotTo(BeNil())
		last = *s.Status.LastSwitch
		g.Expect(last.WrittenAt.Time).To(BeTemporally(">", since))
		g.Expect(last.ConfirmedAt).NotTo(BeNil())
	}).WithPolling(quick).Should(Succeed())
	return last
}

// ship changes a and waits until that serves.
func (d *drill) ship(ctx context.Context, more ...corev1.EnvVar) v1alpha1.SwitchRecord {
	GinkgoHelper()
	since := time.Now()
	d.build(ctx, "a", more...)
	return d.switched(ctx, since)
}

// table is the routing table in its ConfigMap.
func (d *drill) table(ctx context.Context) (frontdoor.Table, error) {
	var cm corev1.ConfigMap
	if err := cluster.Get(ctx, d.key(frontdoor.TableName("t")), &cm); err != nil {
		return frontdoor.Table{}, err
	}
	return frontdoor.Decode(cm.Data[frontdoor.TableKey])
}

// object is the name of a service's Service and Deployment in a release.
func object(service, release string) string {
	return strings.Replace(release, "t-", "t-"+service+"-", 1)
}

// stack identifies the Deployments of a release: one that was deleted and made again has another UID.
func (d *drill) stack(ctx context.Context, release string) (map[string]types.UID, error) {
	var list appsv1.DeploymentList
	err := cluster.List(ctx, &list, client.InNamespace(d.namespace), client.MatchingLabels{frontdoor.LabelRelease: release})
	uids := map[string]types.UID{}
	for _, o := range list.Items {
		uids[o.Name] = o.UID
	}
	return uids, err
}

// pods identifies the running pods of a selector.
func (d *drill) pods(ctx context.Context, labels client.MatchingLabels) (map[string]types.UID, error) {
	var list corev1.PodList
	err := cluster.List(ctx, &list, client.InNamespace(d.namespace), labels)
	uids := map[string]types.UID{}
	for _, p := range list.Items {
		if p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			uids[p.Name] = p.UID
		}
	}
	return uids, err
}
