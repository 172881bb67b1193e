package envtest

import (
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/foresee"
)

// may gives somebody rights in the namespace: "group/resource,… verb,…".
func (s story) may(ctx SpecContext, user string, rights ...string) {
	GinkgoHelper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: user}}
	for _, right := range rights {
		what, verbs, _ := strings.Cut(right, " ")
		group, resources, _ := strings.Cut(what, "/")
		role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: strings.Split(resources, ","), Verbs: strings.Split(verbs, ",")})
	}
	s.create(ctx, role, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}}})
	s.known(ctx, user)
}

var _ = Describe("kubectl shop plan", func() {
	var s story
	var first string

	BeforeEach(func(ctx SpecContext) {
		s = story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		first = s.release(ctx)
	})

	const file = `
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: catalog}
spec: {shop: bazaar, image: "catalog:2", env: [{name: TRY, value: "2"}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
`
	// planned asks what the API server and the operator would make of a file.
	planned := func(ctx SpecContext, text string) (foresee.Foresight, []client.Object, error) {
		GinkgoHelper()
		files, err := foresee.Read("catalog.yaml", strings.NewReader(text))
		Expect(err).NotTo(HaveOccurred())
		objects, skipped, err := foresee.DryRun(ctx, api, s.ns, files)
		if err != nil {
			return foresee.Foresight{}, nil, err
		}
		Expect(skipped).To(HaveLen(strings.Count(text, "kind: Service\n")))
		f, err := foresee.Foresee(ctx, api, now, foresee.Request{Shop: s.key(s.shop), Objects: objects})
		return f, objects, err
	}

	It("names the release that is cut when the file is applied, and writes nothing", func(ctx SpecContext) {
		before := get(ctx, s, "catalog", &v1alpha1.ShopService{}).ResourceVersion
		f, _, err := planned(ctx, file)
		Expect(err).NotTo(HaveOccurred())
		Expect(f.Changes).To(BeTrue())
		Expect(f.Active).To(Equal(first))
		Expect(f.Refused).To(BeEmpty(), f.Why)
		Expect(get(ctx, s, "catalog", &v1alpha1.ShopService{}).ResourceVersion).To(Equal(before))
		Expect(s.releases(ctx)).To(ConsistOf(first))

		files, err := foresee.Read("catalog.yaml", strings.NewReader(file))
		Expect(err).NotTo(HaveOccurred())
		files[0].SetNamespace(s.ns)
		Expect(api.Apply(ctx, client.ApplyConfigurationFromUnstructured(files[0]), client.FieldOwner("kubectl"), client.ForceOwnership)).To(Succeed())
		s.rest(ctx)
		Expect(get(ctx, s, s.shop, &v1alpha1.Shop{}).Status.Candidate.Release).To(Equal(f.Release))
	})

	It("tells what the API server would refuse, with the object and the field", func(ctx SpecContext) {
		_, _, err := planned(ctx, strings.Replace(file, "spec: {", "spec: {port: 99999, ", 1))
		Expect(err).To(MatchError(And(ContainSubstring("ShopService catalog would be refused"), ContainSubstring("spec.port"), ContainSubstring("correct the file"))))
	})

	It("is a command: exit code 2 where something would change, 3 where it would be refused; people with few rights get the rest", func(ctx SpecContext) {
		path := filepath.Join(GinkgoT().TempDir(), "catalog.yaml")
		Expect(os.WriteFile(path, []byte(file), 0o600)).To(Succeed())
		s.may(ctx, "planner", "shop.emporium.dev/shops,shopservices,shopreleases,shopsources get,list,patch,create", "/configmaps get,list")
		a := s.kubectl("planner").shop(ctx, "plan", s.shop, "-f", path)
		Expect(a.Code).To(Equal(2), a.Errs)
		Expect(a.Out).To(And(ContainSubstring("catalog   image :1 → :2, env +TRY"), ContainSubstring("you may not get it"), ContainSubstring("Secret mail")))
		Expect(os.WriteFile(path, []byte(strings.Replace(file, "spec: {", "spec: {dependsOn: [nobody], ", 1)), 0o600)).To(Succeed())
		a = s.kubectl("planner").shop(ctx, "plan", s.shop, "-f", path)
		Expect(a.Code).To(Equal(3), a.Errs)
		Expect(a.Out).To(ContainSubstring("refused: InvalidServices"))
		Expect(s.kubectl("nobody").shop(ctx, "plan", s.shop, "-f", path).Code).To(Equal(9))
	})

	It("tells that nothing would change of what is so already", func(ctx SpecContext) {
		f, _, err := planned(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(f.Changes).To(BeFalse())
		Expect(f.Steps).To(BeEmpty())
	})
})
