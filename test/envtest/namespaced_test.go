package envtest

import (
	"os"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// rules are those of config/rbac/role.yaml.
func rules() []rbacv1.PolicyRule {
	GinkgoHelper()
	text, err := os.ReadFile("../../config/rbac/role.yaml")
	Expect(err).NotTo(HaveOccurred())
	var role rbacv1.ClusterRole
	Expect(yaml.UnmarshalStrict(text, &role)).To(Succeed())
	Expect(role.Rules).NotTo(BeEmpty())
	return role.Rules
}

var _ = It("with --namespaces, and rights in these alone, cares for their shops and for no others", func(ctx SpecContext) {
	s, elsewhere := story{ns: namespace(ctx), shop: "bazaar"}, story{ns: namespace(ctx), shop: "bazaar"}
	user := s.ns + ":operator"
	m := metav1.ObjectMeta{Name: "emporium"}
	s.create(ctx, &rbacv1.Role{ObjectMeta: m, Rules: rules()}, &rbacv1.RoleBinding{ObjectMeta: *m.DeepCopy(),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: m.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}}})
	s.known(ctx, user)
	config := rest.CopyConfig(serverConfig)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	DeferCleanup(run(config, api.Scheme(), true, s.ns))

	elsewhere.create(ctx, bazaar(), plain("a", "/a"))
	s.create(ctx, mail(), bazaar(), catalog(), cart())
	var first string
	Eventually(func(g Gomega) {
		shop := &v1alpha1.Shop{}
		g.Expect(api.Get(ctx, s.key("bazaar"), shop)).To(Succeed())
		g.Expect(shop.Status.Candidate).NotTo(BeNil())
		first = shop.Status.Candidate.Release
		g.Expect(s.deployments(ctx, first)).To(HaveLen(2))
	}).WithTimeout(30 * time.Second).Should(Succeed())
	s.open(ctx)
	s.start(ctx, first)
	Eventually(func() string { return s.table(ctx).Active }).Should(Equal(first))
	Expect(elsewhere.releases(ctx)).To(BeEmpty())
	Expect(get(ctx, elsewhere, "bazaar", &v1alpha1.Shop{}).Status.ObservedGeneration).To(BeEquivalentTo(-1))
})
