package envtest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
)

const pinned = "pinned"

// deeds are what somebody may try to do. Each is tried as a dry run, which admission judges as the real thing.
var deeds = []struct {
	name string
	do   func(ctx context.Context, s story, c client.Client) error
}{
	{"list", func(ctx context.Context, s story, c client.Client) error {
		return c.List(ctx, &v1alpha1.ShopList{}, client.InNamespace(s.ns))
	}},
	{"look", func(ctx context.Context, s story, c client.Client) error {
		return c.Get(ctx, s.key(s.shop), &v1alpha1.Shop{})
	}},
	{"secret", func(ctx context.Context, s story, c client.Client) error {
		return c.Get(ctx, s.key("mail"), &corev1.Secret{})
	}},
	{"logs", func(ctx context.Context, s story, c client.Client) error {
		return c.SubResource("log").Get(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: "nobody"}}, &corev1.Pod{})
	}},
	{"promote", patches("", `{"spec":{"release":{"active":"`+relB+`"}}}`)},
	{"promote-other", patches("", `{"spec":{"release":{"active":"bazaar-cccccccc"}}}`)},
	{"back", patches("", `{"spec":{"release":{"active":"`+relA+`"}}}`)},
	{"unpin", patches(pinned, `{"spec":{"release":{"active":null}}}`)},
	{"retry", patches("", `{"metadata":{"annotations":{"shop.emporium.dev/retry":"`+relB+`/-@1"}}}`)},
	{"pause", patches("", `{"spec":{"paused":true}}`)},
	{"configure", patches("", `{"spec":{"frontDoor":{"managed":{"replicas":3}}}}`)},
	{"verify", patches("", `{"spec":{"release":{"settle":"1s"}}}`)},
	{"let-in", patches("", `{"metadata":{"annotations":{"shop.emporium.dev/allowed-services":"*"}}}`)},
	{"as-another", patches("", `{"metadata":{"annotations":{"shop.emporium.dev/by":"somebody-else"}}}`)},
}

func patches(shop, patch string) func(context.Context, story, client.Client) error {
	return func(ctx context.Context, s story, c client.Client) error {
		o := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: s.shop}}
		if shop != "" {
			o.Name = shop
		}
		return c.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch)), client.DryRunAll, client.FieldOwner("kubectl-patch"))
	}
}

const (
	looks   = "list look"
	acts    = "promote promote-other back unpin retry pause"
	theTool = "system:serviceaccount:flux-system:kustomize-controller"
)

// may is what each of them is let do, with the access policy and without it.
var may = []struct{ who, with, without string }{
	{"system:anonymous", "", ""},
	{"viewer", looks, looks},
	{"viewer-elsewhere", "", ""},
	{"team-cart", looks, looks},
	{"approver", looks + " promote unpin", looks + " " + acts + " configure verify let-in as-another"},
	{"on-call", looks + " logs " + acts, looks + " logs " + acts + " configure verify let-in as-another"},
	{"platform", looks + " secret logs " + acts + " configure verify let-in", looks + " secret logs " + acts + " configure verify let-in as-another"},
	{theTool, looks + " " + acts + " configure verify let-in", looks + " " + acts + " configure verify let-in as-another"},
}

// peopled gives everybody their roles, and makes the shops that they act on.
func (s story) peopled(ctx SpecContext) {
	GinkgoHelper()
	s.awaits(ctx)
	shop := bazaar()
	shop.Name, shop.Spec.Release.Active = pinned, relA
	s.create(ctx, shop, mail())
	s.binds(ctx, "viewer", "emporium-view")
	s.binds(ctx, "team-cart", "emporium-view", "team-cart")
	s.binds(ctx, "approver", "emporium-approver")
	s.binds(ctx, "on-call", "emporium-on-call")
	s.binds(ctx, "platform", "emporium-view", "emporium-admin", "test-reads-all")
	s.binds(ctx, theTool, "emporium-view", "emporium-admin")
	story{ns: namespace(ctx)}.binds(ctx, "viewer-elsewhere", "emporium-view")
}

// let lists what somebody is let do.
func (s story) let(ctx SpecContext, who string) (out []string) {
	GinkgoHelper()
	for _, d := range deeds {
		err := d.do(ctx, s, personal(who))
		switch {
		case err == nil || apierrors.IsNotFound(err) && d.name == "logs": // there is no such pod
			out = append(out, d.name)
		case !apierrors.IsForbidden(err):
			Fail(fmt.Sprintf("%s, %s: %v", who, d.name, err))
		}
	}
	return out
}

func clusterRoles() []client.Object {
	return []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "test-reads-all"}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets", "pods/log"}, Verbs: []string{"get"}}}},
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "team-cart"}, Rules: []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"shopservices"}, ResourceNames: []string{"cart"}, Verbs: []string{"patch", "update"}}}},
	}
}

var _ = Describe("rights per act,", Ordered, func() {
	var s story

	BeforeAll(func(ctx SpecContext) {
		installs("roles")
		DeferCleanup(removes, "roles")
		for _, role := range clusterRoles() {
			Expect(api.Create(ctx, role)).To(Succeed())
			DeferCleanup(func(ctx SpecContext) { Expect(api.Delete(ctx, role)).To(Succeed()) })
		}
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.peopled(ctx)
	})

	DescribeTable("without the access policy: a patch is a patch,", func(ctx SpecContext, who, allowed string) {
		Expect(s.let(ctx, who)).To(ConsistOf(strings.Fields(allowed)))
	}, entries(false))

	Context("with the access policy,", Ordered, func() {
		BeforeAll(func(ctx SpecContext) {
			installs("policy")
			DeferCleanup(removes, "policy")
			Eventually(func() error { return patches("", `{"spec":{"paused":true}}`)(ctx, s, personal("approver")) }).Should(
				MatchError(ContainSubstring("you need the verb pause on shops; ask for the ClusterRole emporium-on-call")), "it holds")
			Eventually(func(g Gomega) { // and so does the stamp
				shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: s.shop}}
				g.Expect(personal("on-call").Patch(ctx, shop, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"release":{"active":"`+relB+`"}}}`)), client.DryRunAll)).To(Succeed())
				g.Expect(shop.Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationBy, "on-call"))
			}).Should(Succeed())
		})

		DescribeTable("each act is a right of its own:", func(ctx SpecContext, who, allowed string) {
			Expect(s.let(ctx, who)).To(ConsistOf(strings.Fields(allowed)))
		}, entries(true))

		It("says which verb is missing, and which role has it", func(ctx SpecContext) {
			Expect(patches("", `{"spec":{"release":{"active":"`+relA+`"}}}`)(ctx, s, personal("approver"))).To(MatchError(
				ContainSubstring(`to change it from "" to "` + relA + `" you need the verb rollback on shops; ask for the ClusterRole emporium-on-call`)))
			Expect(patches("", `{"spec":{"release":{"settle":"1s"}}}`)(ctx, s, personal("on-call"))).To(MatchError(ContainSubstring("you need the verb configure on shops")))
		})

		It("lets kubectl shop act for who has the right, and tells who has not", func(ctx SpecContext) {
			s.stands(ctx, relA, relB, v1alpha1.ReasonAwaitingPromotion)
			ask := act.Request{Shop: s.key(s.shop), Verb: "promote", Release: relB, Because: "checked by Ana"}
			_, err := person("viewer").Act(ctx, ask)
			Expect(code(err)).To(Equal(act.Forbidden))
			pause := ask
			pause.Verb, pause.Release = "pause", ""
			_, err = person("approver").Act(ctx, pause)
			Expect(code(err)).To(Equal(act.Forbidden), "%v", err)
			_, err = person("approver").Act(ctx, ask)
			Expect(err).NotTo(HaveOccurred())
			Expect(s.live(ctx).Annotations).To(And(HaveKeyWithValue(v1alpha1.AnnotationBy, "approver"), HaveKeyWithValue(v1alpha1.AnnotationBecause, "checked by Ana")))
		})

		It("stamps who named a release, whatever they used, and forgets the reason of an earlier act", func(ctx SpecContext) {
			Expect(s.live(ctx).Spec.Release.Active).To(Equal(relB), "as the spec before left it")
			patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"release":{"active":"`+relA+`"}}}`))
			Expect(personal("on-call").Patch(ctx, s.live(ctx), patch)).To(Succeed())
			Expect(s.live(ctx).Annotations).To(And(HaveKeyWithValue(v1alpha1.AnnotationBy, "on-call"), HaveKeyWithValue(v1alpha1.AnnotationActedOn, relA),
				HaveKeyWithValue(v1alpha1.AnnotationBecause, "")))
		})

		It("is in nobody's way who applies the same again and again", func(ctx SpecContext) {
			shop := bazaar()
			shop.Namespace, shop.Name, shop.Spec.Release.Active = s.ns, "git", relA
			flux := func() string {
				raw, err := encoded(shop)
				Expect(err).NotTo(HaveOccurred())
				Expect(personal(theTool).Apply(ctx, client.ApplyConfigurationFromUnstructured(raw), client.FieldOwner("kustomize-controller"), client.ForceOwnership)).To(Succeed())
				return raw.GetResourceVersion()
			}
			flux()
			shop.Spec.Release.Active = relB
			first := flux()
			for range 10 {
				Expect(flux()).To(Equal(first), "nothing was written")
			}
			Expect(get(ctx, s, "git", &v1alpha1.Shop{}).Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationBy, theTool))
		})

		It("does not keep the operator from its status, nor anybody from deleting what they may delete", func(ctx SpecContext) {
			s.stands(ctx, relA, relB, v1alpha1.ReasonServing)
			Expect(personal("platform").Delete(ctx, get(ctx, s, "git", &v1alpha1.Shop{}))).To(Succeed())
		})
	})
})

func encoded(shop *v1alpha1.Shop) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"release": map[string]any{"active": shop.Spec.Release.Active}}}}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Shop"))
	u.SetNamespace(shop.Namespace)
	u.SetName(shop.Name)
	return u, nil
}

func entries(with bool) (out []TableEntry) {
	for _, m := range may {
		allowed := m.without
		if with {
			allowed = m.with
		}
		what := "nothing"
		if allowed != "" {
			what = strings.Join(slices.Sorted(slices.Values(strings.Fields(allowed))), ", ")
		}
		out = append(out, Entry(m.who+" may "+what, m.who, allowed))
	}
	return out
}
