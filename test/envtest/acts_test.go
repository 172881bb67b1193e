package envtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/gather"
)

const relA, relB = "bazaar-aaaaaaaa", "bazaar-bbbbbbbb"

// personal is a client with somebody's own rights.
func personal(name string) client.WithWatch {
	GinkgoHelper()
	config := rest.CopyConfig(server.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: name, Groups: []string{"system:authenticated"}}
	c, err := gather.NewClient(config)
	Expect(err).NotTo(HaveOccurred())
	return c
}

func person(name string) *act.Person {
	GinkgoHelper()
	return &act.Person{API: personal(name), Now: func() time.Time { return now }}
}

// binds gives somebody ClusterRoles in the namespace of the story.
func (s story) binds(ctx SpecContext, user string, roles ...string) {
	GinkgoHelper()
	for _, role := range roles {
		s.create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}}})
	}
	s.known(ctx, user)
}

// awaits makes a shop that serves A while B waits for approval.
func (s story) awaits(ctx context.Context) {
	GinkgoHelper()
	shop := bazaar()
	shop.Spec.Release.Promotion = v1alpha1.PromotionManual
	s.create(ctx, shop)
	for _, name := range []string{relA, relB} {
		r := record()
		r.Name, r.Spec.Shop, r.Spec.Revision = name, s.shop, name[len(name)-8:]
		s.create(ctx, r)
	}
	s.stands(ctx, relA, relB, v1alpha1.ReasonAwaitingPromotion)
}

// stands writes a status as the operator does.
func (s story) stands(ctx context.Context, active, candidate string, reason v1alpha1.Reason) {
	GinkgoHelper()
	shop := get(ctx, s, s.shop, &v1alpha1.Shop{})
	shop.Status = v1alpha1.ShopStatus{ObservedGeneration: shop.Generation, Active: &v1alpha1.ReleaseRef{Release: active}}
	if candidate != "" {
		shop.Status.Candidate = &v1alpha1.ReleaseRef{Release: candidate}
	}
	shop.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: metav1.ConditionFalse, Reason: string(reason), LastTransitionTime: metav1.Now()}}
	Expect(api.Status().Update(ctx, shop, client.FieldOwner("emporium"))).To(Succeed())
}

// wants makes the shop one for which an act is something to do.
func (s story) wants(ctx context.Context, verb string) {
	GinkgoHelper()
	active, candidate, reason := relA, relB, v1alpha1.ReasonAwaitingPromotion
	switch verb {
	case "retry":
		reason = v1alpha1.ReasonStartDeadlineExceeded
	case "rollback":
		active, candidate, reason = relB, "", v1alpha1.ReasonServing
	}
	s.stands(ctx, active, candidate, reason)
	spec := map[string]string{"unpin": `{"release":{"active":"` + relA + `"}}`, "resume": `{"paused":true}`}[verb]
	if spec == "" {
		spec = `{"paused":null,"release":{"active":null}}`
	}
	Expect(api.Patch(ctx, s.live(ctx), client.RawPatch(types.MergePatchType, []byte(`{"spec":`+spec+`}`)), client.FieldOwner("kubectl-patch"))).To(Succeed())
}

// holders of spec.release.active.
func holders(shop *v1alpha1.Shop) (out []string) {
	for _, e := range shop.ManagedFields {
		if strings.Contains(string(e.FieldsV1.GetRawBytes()), `"f:active":{}`) && e.Subresource == "" {
			out = append(out, e.Manager)
		}
	}
	return out
}

func (s story) live(ctx context.Context) *v1alpha1.Shop { return get(ctx, s, s.shop, &v1alpha1.Shop{}) }

// asks acts for admin.
func (s story) asks(ctx context.Context, verb string, change ...func(*act.Request)) (act.Result, error) {
	r := act.Request{Shop: types.NamespacedName{Namespace: s.ns, Name: s.shop}, Verb: verb}
	for _, c := range change {
		c(&r)
	}
	return person("admin").Act(ctx, r)
}

func release(name string) func(*act.Request) { return func(r *act.Request) { r.Release = name } }
func because(text string) func(*act.Request) { return func(r *act.Request) { r.Because = text } }
func forced(r *act.Request)                  { r.Force = true }

func code(err error) act.Code {
	if refused := (*act.Refusal)(nil); errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// sets writes spec.release.active as another manager does: by an apply, or as kubectl patch, kubectl edit and helm do, by an update.
func (s story) sets(ctx context.Context, manager string, operation metav1.ManagedFieldsOperationType, active string) {
	GinkgoHelper()
	if operation == metav1.ManagedFieldsOperationUpdate {
		patch := fmt.Sprintf(`{"spec":{"release":{"active":%q}}}`, active)
		Expect(api.Patch(ctx, s.live(ctx), client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner(manager))).To(Succeed())
		return
	}
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"release": map[string]any{"active": active}}}}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Shop"))
	u.SetNamespace(s.ns)
	u.SetName(s.shop)
	switch manager {
	case "kustomize-controller":
		u.SetLabels(map[string]string{"kustomize.toolkit.fluxcd.io/name": "shops", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"})
	case "argocd-controller":
		u.SetAnnotations(map[string]string{"argocd.argoproj.io/tracking-id": "shops:shop.emporium.dev/Shop:acme/bazaar"})
	}
	Expect(api.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(manager), client.ForceOwnership)).To(Succeed())
}

var _ = Describe("what people do to a shop,", Ordered, func() {
	var s story

	BeforeAll(func() {
		installs("roles")
		DeferCleanup(removes, "roles")
	})

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.binds(ctx, "viewer", "emporium-view")
		s.binds(ctx, "editor", "emporium-view", "emporium-edit")
		s.binds(ctx, "admin", "emporium-view", "emporium-edit", "emporium-admin")
		s.awaits(ctx)
	})

	DescribeTable("with their own rights:", func(ctx SpecContext, who string, may bool) {
		for _, r := range []act.Request{
			{Verb: "promote", Release: relB}, {Verb: "unpin"}, {Verb: "pause"}, {Verb: "resume"}, {Verb: "retry"}, {Verb: "rollback", Release: relA},
		} {
			s.wants(ctx, r.Verb)
			r.Shop = types.NamespacedName{Namespace: s.ns, Name: s.shop}
			before := s.live(ctx)
			result, err := person(who).Act(ctx, r)
			if may {
				Expect(err).NotTo(HaveOccurred(), r.Verb)
				Expect(result.Changed).To(BeTrue(), "%s: %s", r.Verb, result.Done)
				continue
			}
			Expect(code(err)).To(Equal(act.Forbidden), "%s: %v", r.Verb, err)
			Expect(s.live(ctx).ResourceVersion).To(Equal(before.ResourceVersion), r.Verb)
		}
	},
		Entry("who administers the namespace may", "admin", true),
		Entry("who edits it may not: a service team ships, and does not decide what serves", "editor", false),
		Entry("who views it may not", "viewer", false),
		Entry("who is nobody there may not", "stranger", false),
		Entry("who administers another namespace may not", "admin-elsewhere", false),
	)

	It("is written under the name that Flux leaves alone, with who and why in the same write", func(ctx SpecContext) {
		before := s.live(ctx).Generation
		result, err := s.asks(ctx, "promote", release(relB), because("checked by Ana"))
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(And(HaveField("Changed", true), HaveField("Release", relB), HaveField("Warning", "")))
		shop := s.live(ctx)
		Expect(shop.Spec.Release.Active).To(Equal(relB))
		Expect(shop.Generation).To(Equal(before + 1))
		Expect(shop.Annotations).To(And(HaveKeyWithValue(v1alpha1.AnnotationBy, "admin"), HaveKeyWithValue(v1alpha1.AnnotationBecause, "checked by Ana"),
			HaveKeyWithValue(v1alpha1.AnnotationActedOn, relB)))
		Expect(holders(shop)).To(ConsistOf(v1alpha1.FieldManager))
	})

	It("leaves what they did before as it is: an approval does not end a pause", func(ctx SpecContext) {
		for _, verb := range []string{"pause", "promote", "retry"} {
			s.stands(ctx, relA, relB, map[bool]v1alpha1.Reason{true: v1alpha1.ReasonStartDeadlineExceeded, false: v1alpha1.ReasonAwaitingPromotion}[verb == "retry"])
			Expect(s.asks(ctx, verb)).To(HaveField("Changed", true), verb)
		}
		shop := s.live(ctx)
		Expect(shop.Spec.Paused).To(BeTrue())
		Expect(shop.Spec.Release.Active).To(Equal(relB))
		Expect(shop.Spec.Release.Promotion).To(Equal(v1alpha1.PromotionManual))
		Expect(shop.Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationRetry, HavePrefix(relB+"/-@")))
		Expect(s.asks(ctx, "resume")).To(HaveField("Changed", true))
		Expect(s.live(ctx).Spec).To(And(HaveField("Paused", false), HaveField("Release.Active", relB)))
	})

	It("speaks of nobody else: a reason of before goes with the next act", func(ctx SpecContext) {
		Expect(s.asks(ctx, "promote", release(relB), because("checked by Ana"))).To(HaveField("Changed", true))
		Expect(s.asks(ctx, "unpin")).To(HaveField("Changed", true))
		shop := s.live(ctx)
		Expect(shop.Spec.Release.Active).To(BeEmpty())
		Expect(shop.Annotations).To(And(HaveKeyWithValue(v1alpha1.AnnotationBecause, ""), HaveKeyWithValue(v1alpha1.AnnotationActedOn, "")))
		Expect(s.asks(ctx, "promote", release(relB))).To(HaveField("Changed", true), "after a removal by a patch")
		Expect(holders(s.live(ctx))).To(ConsistOf(v1alpha1.FieldManager))
	})

	It("is done once: the second time nothing is written", func(ctx SpecContext) {
		for _, verb := range []string{"promote", "pause"} {
			Expect(s.asks(ctx, verb)).To(HaveField("Changed", true), verb)
			before := s.live(ctx).ResourceVersion
			Expect(s.asks(ctx, verb)).To(HaveField("Changed", false), verb)
			Expect(s.live(ctx).ResourceVersion).To(Equal(before), verb)
		}
	})

	DescribeTable("where somebody set the field before:", func(ctx SpecContext, manager string, operation metav1.ManagedFieldsOperationType, held string) {
		s.sets(ctx, manager, operation, relA)
		for _, verb := range []string{"promote", "unpin"} {
			before := s.live(ctx).ResourceVersion
			_, err := s.asks(ctx, verb)
			if held == "" {
				Expect(err).NotTo(HaveOccurred(), verb)
				continue
			}
			Expect(code(err)).To(Equal(act.HeldByGit), "%s: %v", verb, err)
			Expect(err).To(MatchError(ContainSubstring("spec.release.active of Shop bazaar is held by " + held)))
			refused := &act.Refusal{}
			Expect(errors.As(err, &refused)).To(BeTrue())
			Expect(refused.Patch).To(HavePrefix("  spec:\n    release:\n-     active: " + relA + "\n"))
			Expect(refused.Holder).To(HaveField("Manager", manager))
			Expect(s.live(ctx).ResourceVersion).To(Equal(before), "nothing is written")
			if verb == "unpin" {
				continue
			}
			result, err := s.asks(ctx, verb, forced)
			Expect(err).NotTo(HaveOccurred())
			Expect(result.Warning).To(ContainSubstring("puts it back when it applies again"))
			Expect(s.live(ctx).Spec.Release.Active).To(Equal(relB))
			s.sets(ctx, manager, operation, relA)
		}
		if held == "" {
			Expect(s.live(ctx).Spec.Release.Active).To(BeEmpty(), "whoever held it, it is gone")
		}
	},
		Entry("Flux puts it back", "kustomize-controller", metav1.ManagedFieldsOperationApply, "Kustomization flux-system/shops (kustomize-controller)"),
		Entry("Argo CD puts it back", "argocd-controller", metav1.ManagedFieldsOperationApply, "Application shops (argocd-controller)"),
		Entry("Argo CD without server-side apply puts it back", "argocd-controller", metav1.ManagedFieldsOperationUpdate, "argocd-controller"),
		Entry("helm puts it back", "helm", metav1.ManagedFieldsOperationUpdate, "helm"),
		Entry("kubectl patch does not", "kubectl-patch", metav1.ManagedFieldsOperationUpdate, ""),
		Entry("kubectl edit does not", "kubectl-edit", metav1.ManagedFieldsOperationUpdate, ""),
		Entry("kubectl patch as the guides have it does not", v1alpha1.FieldManager, metav1.ManagedFieldsOperationUpdate, ""),
		Entry("kubectl apply --server-side does not", "kubectl", metav1.ManagedFieldsOperationApply, ""),
		Entry("the console, by kubectl's name or ours, does not", "emporium-console", metav1.ManagedFieldsOperationApply, ""),
	)

	It("is told to be changed in the manifest too that somebody applied by hand", func(ctx SpecContext) {
		shop := s.live(ctx)
		shop.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": `{"spec":{"release":{"active":"` + relA + `"}}}`}
		Expect(api.Update(ctx, shop, client.FieldOwner("kubectl-client-side-apply"))).To(Succeed())
		Expect(s.asks(ctx, "promote")).To(HaveField("Warning", ContainSubstring("the manifest that was last applied with kubectl apply has spec.release.active: "+relA)))
	})

	Describe("on what was judged:", func() {
		It("a status that is written in between is looked at anew", func(ctx SpecContext) {
			p := person("admin")
			p.API = &between{Client: p.API, left: 3, do: func() { s.stands(ctx, relA, relB, v1alpha1.ReasonAwaitingPromotion) }}
			result, err := p.Act(ctx, act.Request{Shop: types.NamespacedName{Namespace: s.ns, Name: s.shop}, Verb: "promote", Release: relB})
			Expect(err).NotTo(HaveOccurred())
			Expect(result.Changed).To(BeTrue())
		})

		It("a candidate that is replaced between look and write is not approved", func(ctx SpecContext) {
			p := person("admin")
			p.API = &between{Client: p.API, left: 1, do: func() { s.stands(ctx, relA, "bazaar-cccccccc", v1alpha1.ReasonAwaitingPromotion) }}
			_, err := p.Act(ctx, act.Request{Shop: types.NamespacedName{Namespace: s.ns, Name: s.shop}, Verb: "promote", Release: relB})
			Expect(code(err)).To(Equal(act.NotTheCandidate), "%v", err)
			Expect(s.live(ctx).Spec.Release.Active).To(BeEmpty())
		})

		It("a pin that Git takes over in between is not cleared", func(ctx SpecContext) {
			s.sets(ctx, "kubectl-patch", metav1.ManagedFieldsOperationUpdate, relA)
			p := person("admin")
			p.API = &between{Client: p.API, left: 1, do: func() { s.sets(ctx, "kustomize-controller", metav1.ManagedFieldsOperationApply, relB) }}
			_, err := p.Act(ctx, act.Request{Shop: types.NamespacedName{Namespace: s.ns, Name: s.shop}, Verb: "unpin"})
			Expect(code(err)).To(Equal(act.HeldByGit), "%v", err)
			Expect(s.live(ctx).Spec.Release.Active).To(Equal(relB))
		})

		DescribeTable("a shop that is deleted in between is not made anew:", func(ctx SpecContext, verb string) {
			s.sets(ctx, "kubectl-patch", metav1.ManagedFieldsOperationUpdate, relA)
			p := person("admin")
			p.API = &between{Client: p.API, left: 1, do: func() { Expect(api.Delete(ctx, s.live(ctx))).To(Succeed()) }}
			_, err := p.Act(ctx, act.Request{Shop: types.NamespacedName{Namespace: s.ns, Name: s.shop}, Verb: verb})
			Expect(err).To(HaveOccurred())
			Expect(api.Get(ctx, s.key(s.shop), &v1alpha1.Shop{})).NotTo(Succeed())
		}, Entry("promote", "promote"), Entry("unpin", "unpin"), Entry("pause", "pause"))
	})
})

// between does something before each of the first writes.
type between struct {
	client.Client
	left int
	do   func()
}

func (b *between) meanwhile() {
	if b.left > 0 {
		b.left--
		b.do()
	}
}

func (b *between) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	b.meanwhile()
	return b.Client.Apply(ctx, o, opts...)
}

func (b *between) Patch(ctx context.Context, o client.Object, patch client.Patch, opts ...client.PatchOption) error {
	b.meanwhile()
	return b.Client.Patch(ctx, o, patch, opts...)
}
