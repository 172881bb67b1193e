package envtest

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// sourceWith returns a valid ShopSource that is changed in one thing.
func sourceWith(change func(*v1alpha1.ShopSource)) *v1alpha1.ShopSource {
	s := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: "wishlist"}, Spec: v1alpha1.ShopSourceSpec{
		Git:   v1alpha1.GitSource{URL: "https://git.example/acme/wishlist.git"},
		Image: "registry.example/acme/wishlist",
	}}
	change(s)
	return s
}

func at(url string) func(*v1alpha1.ShopSource) {
	return func(s *v1alpha1.ShopSource) { s.Spec.Git.URL = url }
}

func branch(name string) func(*v1alpha1.ShopSource) {
	return func(s *v1alpha1.ShopSource) { s.Spec.Git.Branch = name }
}

func pushedTo(image string) func(*v1alpha1.ShopSource) {
	return func(s *v1alpha1.ShopSource) { s.Spec.Image = image }
}

func inFolder(path string) func(*v1alpha1.ShopSource) {
	return func(s *v1alpha1.ShopSource) { s.Spec.Path = path }
}

func testedBeside(service string) func(*v1alpha1.ShopSource) {
	return func(s *v1alpha1.ShopSource) {
		s.Spec.Test.Services = []v1alpha1.TestService{{Name: service, Image: "postgres:15", Port: 5432}}
	}
}

var _ = Describe("a ShopSource", func() {
	DescribeTable("that is valid is taken", func(ctx SpecContext, change func(*v1alpha1.ShopSource)) {
		o := sourceWith(change)
		o.Namespace = namespace(ctx)
		Expect(api.Create(ctx, o)).To(Succeed())
	},
		Entry("as it is", func(*v1alpha1.ShopSource) {}),
		Entry("by ssh", at("ssh://git@git.example:2222/acme/wishlist.git")),
		Entry("at a port", at("https://git.example:8443/acme/wishlist")),
		Entry("on a branch with a slash", branch("release/2026.11")),
		Entry("in a folder of a monorepo", inFolder("services/cart")),
		Entry("to a registry with a port", pushedTo("registry.build.svc:5000/acme/wish_list")),
		Entry("with a database beside its tests", testedBeside("database")),
		Entry("with an SBOM and no provenance", func(s *v1alpha1.ShopSource) {
			s.Spec.Attest = &v1alpha1.Attestations{Provenance: ptr.To(false), SBOMGenerator: "scanner:1"}
		}),
	)
	It("may be a source of Flux, and not Git as well, nor neither", func(ctx SpecContext) {
		ref := &v1alpha1.SourceReference{Name: "wishlist"}
		for _, c := range []struct {
			change func(*v1alpha1.ShopSource)
			says   string
		}{
			{func(s *v1alpha1.ShopSource) { s.Spec.Git, s.Spec.SourceRef = v1alpha1.GitSource{}, ref }, ""},
			{func(s *v1alpha1.ShopSource) { s.Spec.SourceRef = ref }, "either git, which the operator asks, or sourceRef"},
			{func(s *v1alpha1.ShopSource) { s.Spec.Git = v1alpha1.GitSource{} }, "either git, which the operator asks, or sourceRef"},
			{func(s *v1alpha1.ShopSource) {
				s.Spec.Git, s.Spec.SourceRef, s.Spec.Paths = v1alpha1.GitSource{}, ref, []string{"cart"}
			}, "paths are asked of Git"},
			{func(s *v1alpha1.ShopSource) {
				s.Spec.Git, s.Spec.SourceRef = v1alpha1.GitSource{}, &v1alpha1.SourceReference{Kind: "Bucket", Name: "x"}
			}, "GitRepository"},
		} {
			o := sourceWith(c.change)
			o.Namespace = namespace(ctx)
			if err := api.Create(ctx, o); c.says == "" {
				Expect(err).NotTo(HaveOccurred())
				Expect(o.Spec.SourceRef.Kind).To(Equal("GitRepository"))
			} else {
				expectRefused(err, []string{c.says})
			}
		}
	})
	DescribeTable("that is wrong is refused, with the field and the way out", func(ctx SpecContext, change func(*v1alpha1.ShopSource), says ...string) {
		o := sourceWith(change)
		o.Namespace = namespace(ctx)
		expectRefused(api.Create(ctx, o), says)
	},
		Entry("a URL that runs a program", at("ext::sh -c id"), "git.url must begin with https:// or ssh://"),
		Entry("a URL of a file", at("file:///etc/passwd"), "git.url must begin with"),
		Entry("a URL with a password", at("https://ana:secret@git.example/x.git"), "must not hold credentials", "git.secret"),
		Entry("a URL with a line break", at("https://git.example/x\n.git"), "no control characters"),
		Entry("a URL with a fragment", at("https://git.example/x.git#main:../.."), "no #"),
		Entry("a branch that is an option", branch("--upload-pack=id"), "git.branch must be a branch's name"),
		Entry("a branch that climbs", branch("a/../b"), "git.branch must be a branch's name"),
		Entry("a folder above the repository", inFolder("../other"), "path must be a folder below"),
		Entry("an absolute folder", inFolder("/etc"), "path must be a folder below"),
		Entry("a folder that is an option", inFolder("-x"), "path must be a folder below"),
		Entry("an image with a tag", pushedTo("registry.example/acme/wishlist:1"), "image must be a registry's host and a repository, without a tag"),
		Entry("an image with a digest", pushedTo("registry.example/a@sha256:0000"), "image must be a registry's host"),
		Entry("an image without a registry", pushedTo("wishlist"), "image must be a registry's host"),
		Entry("a test service with a container's name", testedBeside("engine"), "engine, git-auth, fetch, build, test and push are taken"),
		Entry("a test service with the name of what opens the repository", testedBeside("git-auth"), "are taken"),
		Entry("an attestation of nothing", func(s *v1alpha1.ShopSource) { s.Spec.Attest = &v1alpha1.Attestations{Provenance: ptr.To(false)} }, "attest names nothing"),
		Entry("a name that is too long", func(s *v1alpha1.ShopSource) { s.Name = "a-name-of-more-than-thirty-chars" }, "at most 30 characters"),
	)
	It("keeps the repository that it pushes to", func(ctx SpecContext) {
		o := sourceWith(func(*v1alpha1.ShopSource) {})
		o.Namespace = namespace(ctx)
		Expect(api.Create(ctx, o)).To(Succeed())
		was := o.DeepCopy()
		o.Spec.Image = "registry.example/acme/other"
		expectRefused(api.Patch(ctx, o, client.MergeFrom(was)), []string{"image cannot be changed"})
	})
	It("gives a service its image, in the place of one", func(ctx SpecContext) {
		from := with(func(s *v1alpha1.ShopService) {
			s.Spec.Image, s.Spec.ImageFrom = "", &v1alpha1.ImageSource{Source: "cart"}
		})
		from.Namespace = namespace(ctx)
		Expect(api.Create(ctx, from)).To(Succeed())
		for _, wrong := range []*v1alpha1.ShopService{
			with(func(s *v1alpha1.ShopService) { s.Spec.ImageFrom = &v1alpha1.ImageSource{Source: "cart"} }),
			with(func(s *v1alpha1.ShopService) { s.Spec.Image = "" }),
		} {
			wrong.Name, wrong.Namespace = "other", from.Namespace
			expectRefused(api.Create(ctx, wrong), []string{"set exactly one of spec.image and spec.imageFrom"})
		}
	})
})
