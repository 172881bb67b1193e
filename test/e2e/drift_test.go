package e2e

import (
	"context"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// drift is something that somebody adds to an object of the operator's.
type drift struct {
	what   string
	object client.Object
	name   func(d *drill) string
	patch  string
	kind   types.PatchType
	// stays tells whether it is still there.
	stays func(o client.Object) bool
}

func named(name string) func(*drill) string { return func(*drill) string { return name } }
func ofHome(service string) func(*drill) string {
	return func(d *drill) string { return object(service, d.home) }
}

// additions are to lists and maps that are one value to server-side apply: more than what was applied is another value.
var additions = []drift{
	{"a selector of the front door's Service", &corev1.Service{}, named("t"), `{"spec":{"selector":{"x":"y"}}}`, types.MergePatchType, selects},
	{"a selector of a service's Service", &corev1.Service{}, ofHome("b"), `{"spec":{"selector":{"x":"y"}}}`, types.MergePatchType, selects},
	{"a rule of the front door's Role", &rbacv1.Role{}, named("t-front-door"),
		`[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["secrets"],"verbs":["get","list"]}}]`, types.JSONPatchType,
		func(o client.Object) bool {
			for _, rule := range o.(*rbacv1.Role).Rules {
				if strings.Join(rule.Resources, ",") == "secrets" {
					return true
				}
			}
			return false
		}},
	{"a subject of its RoleBinding", &rbacv1.RoleBinding{}, named("t-front-door"),
		`[{"op":"add","path":"/subjects/-","value":{"kind":"ServiceAccount","name":"default"}}]`, types.JSONPatchType,
		func(o client.Object) bool { return len(o.(*rbacv1.RoleBinding).Subjects) > 1 }},
	{"arguments of a container", &appsv1.Deployment{}, ofHome("a"),
		`[{"op":"add","path":"/spec/template/spec/containers/0/args","value":["sleep","1h"]}]`, types.JSONPatchType,
		func(o client.Object) bool {
			return len(o.(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Args) > 0
		}},
	{"a nodeSelector", &appsv1.Deployment{}, ofHome("a"), `{"spec":{"template":{"spec":{"nodeSelector":{"no":"such"}}}}}`, types.MergePatchType,
		func(o client.Object) bool { return len(o.(*appsv1.Deployment).Spec.Template.Spec.NodeSelector) > 0 }},
}

func selects(o client.Object) bool { return o.(*corev1.Service).Spec.Selector["x"] != "" }

var _ = Describe("What somebody changes by hand", Label("chaos"), func() {
	It("by addition is taken back within seconds; a pod, a copy and a number of pods come back", func(ctx SpecContext) {
		d := openDrill(ctx, "drift", drillSpec{
			more: `apiVersion: v1
kind: Secret
metadata: {name: pw, namespace: NAMESPACE, ` + granted + `}
stringData: {PW: x}`,
			a: "envFrom: [{secretRef: {name: pw}}]",
			b: "autoscaling: {minReplicas: 1, maxReplicas: 2}",
		})
		pods, err := d.pods(ctx, client.MatchingLabels{"shop.emporium.dev/service": "a"})
		Expect(err).NotTo(HaveOccurred())
		j := d.watched(ctx)
		var slowest time.Duration
		for _, add := range additions {
			By(add.what)
			slowest = max(slowest, d.takenBack(ctx, j, add))
		}
		Eventually(func() (map[string]types.UID, error) {
			return d.pods(ctx, client.MatchingLabels{"shop.emporium.dev/service": "a"})
		}, 20*time.Second).WithPolling(quick).Should(Equal(pods), "the pods that serve are those from before")
		d.note("%d additions taken back, the slowest after %.1fs", len(additions), slowest.Seconds())

		By("an autoscaled service at 0")
		begun := time.Now()
		d.kubectl(ctx, "scale", "deployment", object("b", d.home), "--replicas=0")
		Eventually(func(g Gomega) {
			var o appsv1.Deployment
			g.Expect(cluster.Get(ctx, d.key(object("b", d.home)), &o)).To(Succeed())
			g.Expect(*o.Spec.Replicas).To(BeNumerically(">=", 1))
		}, heals).WithPolling(quick).Should(Succeed(), "a service that was scaled to 0 is lifted to its least")
		d.note("lifted from 0 after %.1fs", time.Since(begun).Seconds())
		j.forgive(begun, d.recovered(20*time.Second, "/b", "/a?then=B_URL")) // by the front door, and by its name

		By("the copy of a Secret")
		name := d.copyOf(ctx, "pw")
		begun = time.Now()
		d.kubectl(ctx, "delete", "secret", name)
		Eventually(func() error { return cluster.Get(ctx, d.key(name), &corev1.Secret{}) }, heals).WithPolling(quick).Should(Succeed())
		d.note("copy of a Secret back after %.1fs", time.Since(begun).Seconds())
		row, err := d.row(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(row.Active).To(Equal(d.home))
		j.judged("drift")
	})
})

// takenBack adds something and measures until it is gone and customers are served.
func (d *drill) takenBack(ctx context.Context, j *judgement, add drift) time.Duration {
	GinkgoHelper()
	o := add.object.DeepCopyObject().(client.Object)
	o.SetNamespace(d.namespace)
	o.SetName(add.name(d))
	begun := time.Now()
	Expect(cluster.Patch(ctx, o, client.RawPatch(add.kind, []byte(add.patch)), client.FieldOwner("kubectl-patch"))).To(Succeed())
	Eventually(func(g Gomega) {
		now := add.object.DeepCopyObject().(client.Object)
		g.Expect(cluster.Get(ctx, client.ObjectKeyFromObject(o), now)).To(Succeed())
		g.Expect(add.stays(now)).To(BeFalse())
	}, heals).WithPolling(quick).Should(Succeed(), "%s is still there", add.what)
	took := time.Since(begun)
	for _, path := range drillPaths {
		Eventually(func() int { return d.status(path) }, heals).WithPolling(quick).Should(Equal(http.StatusOK))
	}
	if _, routed := add.object.(*corev1.Service); routed { // for that long nobody was behind it
		j.forgive(begun, d.recovered(heals+3*time.Second, drillPaths...))
	}
	return took
}

// copyOf finds the copy that what serves takes of a Secret.
func (d *drill) copyOf(ctx context.Context, secret string) string {
	GinkgoHelper()
	var list corev1.SecretList
	Expect(cluster.List(ctx, &list, client.InNamespace(d.namespace))).To(Succeed())
	for _, s := range list.Items {
		if strings.HasPrefix(s.Name, "t-s-"+secret+"-") {
			return s.Name
		}
	}
	Fail("there is no copy of Secret " + secret)
	return ""
}

var _ = Describe("The front door's ServiceAccount", Label("chaos-long"), func() {
	It("may be deleted: the shop is open five minutes later, and a release is confirmed", func(ctx SpecContext) {
		d := openDrill(ctx, "account", drillSpec{frontDoor: "replicas: 2"})
		j := d.watched(ctx)
		d.kubectl(ctx, "delete", "serviceaccount", "t-front-door")
		Eventually(func() error { return cluster.Get(ctx, d.key("t-front-door"), &corev1.ServiceAccount{}) }, heals).WithPolling(quick).Should(Succeed())
		d.ship(ctx)
		// A token of the account that was deleted is refused at once, and a replica that cannot watch gives up after three minutes.
		Consistently(func() int { return d.status("/a") }, 5*time.Minute, time.Second).Should(Equal(http.StatusOK))
		d.ship(ctx)
		j.judged("the front door's ServiceAccount deleted")
	})
})
