package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/resources"
)

// replaced does what `kubectl replace --force` does: the object goes, and one with the same name, labels, owner and
// annotations comes.
func replaced[T client.Object](ctx SpecContext, s story, name string, o T, change func(T)) {
	GinkgoHelper()
	get(ctx, s, name, o)
	Expect(api.Delete(ctx, o, client.GracePeriodSeconds(0))).To(Succeed())
	o.SetResourceVersion("")
	o.SetUID("")
	change(o)
	Expect(api.Create(ctx, o)).To(Succeed())
}

var _ = Describe("what nobody can change, and somebody swapped for another", func() {
	It("a RoleBinding that grants another Role is made anew: the replicas of the front door report again", func(ctx SpecContext) {
		s := story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, bazaar(), plain("a", "/a"))
		s.rest(ctx)
		s.open(ctx)
		name := resources.FrontDoorName(s.shop)
		binding := get(ctx, s, name, &rbacv1.RoleBinding{})
		binding.RoleRef.Name = "view"
		Expect(apierrors.IsInvalid(api.Update(ctx, binding))).To(BeTrue(), "else an apply would do")
		replaced(ctx, s, name, &rbacv1.RoleBinding{}, func(b *rbacv1.RoleBinding) { b.RoleRef.Kind, b.RoleRef.Name = "ClusterRole", "view" })
		s.rest(ctx)
		Expect(get(ctx, s, name, &rbacv1.RoleBinding{}).RoleRef).To(Equal(rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}))
	})

	It("a copy of a Secret with other content is replaced by what the release was cut with", func(ctx SpecContext) {
		s := story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		s.release(ctx)
		var copied string
		var secrets corev1.SecretList
		Expect(api.List(ctx, &secrets, client.InNamespace(s.ns), client.HasLabels{"shop.emporium.dev/shop"})).To(Succeed())
		Expect(secrets.Items).To(HaveLen(1))
		copied = secrets.Items[0].Name
		was := secrets.Items[0].Data
		replaced(ctx, s, copied, &corev1.Secret{}, func(c *corev1.Secret) { c.Data = map[string][]byte{"PASSWORD": []byte("forged")} })
		s.rest(ctx)
		Expect(get(ctx, s, copied, &corev1.Secret{}).Data).To(Equal(was))
	})
})
