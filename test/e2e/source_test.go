package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var _ = Describe("A source", Label("source"), Ordered, ContinueOnFailure, func() {
	var y *yard
	BeforeAll(func(ctx SpecContext) { y = openYard(ctx) })
	AfterEach(func(ctx SpecContext) {
		if CurrentSpecReport().Failed() {
			out, err := here.Kubectl(ctx, "-n", y.namespace, "get", "shop,shopsrc,jobs,pods", "-o", "wide")
			GinkgoWriter.Println(out, err)
			out, err = here.Kubectl(ctx, "-n", y.namespace, "get", "shopsrc", "-o", "yaml")
			GinkgoWriter.Println(out, err)
		}
	})

	It("builds, tests and pushes a commit, and refuses one whose tests fail with the line that says why", func(ctx SpecContext) {
		first := y.push(ctx, "greet", greeting("hello"))
		y.source(ctx, "greet", "")
		image := y.comes(ctx, "greet", first, v1alpha1.ReasonUpToDate).Latest.Image
		wrong := y.push(ctx, "greet", greeting("good night"))
		said := y.comes(ctx, "greet", wrong, v1alpha1.ReasonTestsFailed)
		Expect(said.Failed.Output).To(ContainSubstring("FAIL: the greeting is good night, want hello"))
		Expect(said.Failed.Step).To(Equal("test"))
		Expect(said.Latest.Image).To(Equal(image), "whatever fails, the latest image stands")
		right := y.push(ctx, "greet", greeting("hello"))
		Expect(y.comes(ctx, "greet", right, v1alpha1.ReasonUpToDate).Latest.Image).To(Equal(image), "the same content is the same image")
	})

	It("gives the same digest from an empty cache", func(ctx SpecContext) {
		commit := y.push(ctx, "again", greeting("hello again"))
		y.source(ctx, "again", "")
		image := y.comes(ctx, "again", commit, v1alpha1.ReasonUpToDate).Latest.Image
		for _, what := range [][]string{
			{"shopsource/again"}, {"jobs", "-l", "shop.emporium.dev/source", "--cascade=foreground"}, {"pvc/t-build-0"}, // a volume stays while a pod of it is there
		} {
			_, err := here.Kubectl(ctx, append([]string{"-n", y.namespace, "delete", "--timeout=90s"}, what...)...)
			Expect(err).NotTo(HaveOccurred())
		}
		y.source(ctx, "again", "")
		Expect(y.comes(ctx, "again", commit, v1alpha1.ReasonUpToDate).Latest.Image).To(Equal(image))
	})

	It("builds once more when the pod of a build is lost", func(ctx SpecContext) {
		commit := y.push(ctx, "lost", map[string]string{"Dockerfile": dockerfile("RUN sleep 15"), "greeting": "hello"})
		y.source(ctx, "lost", "")
		building := y.comes(ctx, "lost", commit, v1alpha1.ReasonBuilding).Building
		Eventually(func(g Gomega) {
			out, err := here.Kubectl(ctx, "-n", y.namespace, "get", "pods", "-l", "batch.kubernetes.io/job-name="+building.Job, "-o", "jsonpath={.items[*].status.initContainerStatuses[?(@.name==\"test\")].state.running}")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(out).NotTo(BeEmpty())
		}).Should(Succeed())
		_, err := here.Kubectl(ctx, "-n", y.namespace, "delete", "pods", "-l", "batch.kubernetes.io/job-name="+building.Job, "--grace-period=0", "--force")
		Expect(err).NotTo(HaveOccurred())
		y.comes(ctx, "lost", commit, v1alpha1.ReasonUpToDate)
		jobs, err := here.Kubectl(ctx, "-n", y.namespace, "get", "jobs", "-l", "shop.emporium.dev/source=lost", "-o", "name")
		Expect(err).NotTo(HaveOccurred())
		Expect(strings.Fields(jobs)).To(HaveLen(2))
	})

	It("says that the registry is away, and pushes on request when it is back", func(ctx SpecContext) {
		commit := y.push(ctx, "away", map[string]string{"Dockerfile": dockerfile("RUN sleep 10"), "greeting": "hello"})
		y.source(ctx, "away", "")
		y.comes(ctx, "away", commit, v1alpha1.ReasonBuilding)
		scale := func(replicas int) {
			_, err := here.Kubectl(ctx, "-n", y.namespace, "scale", "deployment/registry", fmt.Sprintf("--replicas=%d", replicas))
			Expect(err).NotTo(HaveOccurred())
		}
		Eventually(func(g Gomega) { // the base image is there, and the test runs
			out, err := here.Kubectl(ctx, "-n", y.namespace, "get", "pods", "-l", "shop.emporium.dev/source=away", "-o", "jsonpath={.items[*].status.initContainerStatuses[?(@.name==\"test\")].state.running}")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(out).NotTo(BeEmpty())
		}).Should(Succeed())
		scale(0)
		said := y.comes(ctx, "away", commit, v1alpha1.ReasonPushFailed)
		Expect(said.Failed.Output).To(ContainSubstring("registry " + y.builds.Host()))
		scale(1)
		_, err := here.Kubectl(ctx, "-n", y.namespace, "rollout", "status", "deployment/registry", "--timeout=120s")
		Expect(err).NotTo(HaveOccurred())
		_, err = here.Kubectl(ctx, "-n", y.namespace, "annotate", "shopsource/away", v1alpha1.AnnotationRequestedAt+"=now", "--overwrite")
		Expect(err).NotTo(HaveOccurred())
		y.comes(ctx, "away", commit, v1alpha1.ReasonUpToDate)
	})

	It("keeps what a hostile Dockerfile wants", func(ctx SpecContext) {
		_, err := here.Kubectl(ctx, "-n", y.namespace, "create", "secret", "docker-registry", "push", "--docker-server="+y.builds.Host(), "--docker-username=team", "--docker-password=s3cret-push")
		Expect(err).NotTo(HaveOccurred())
		_, err = here.Kubectl(ctx, "-n", y.namespace, "annotate", "secret/push", v1alpha1.AnnotationAllowedSources+"=hostile")
		Expect(err).NotTo(HaveOccurred())
		looks := `RUN ! env | grep -i -e push -e token -e KUBERNETES && ! grep -rs s3cret-push /proc/*/environ /run /push /var/run /home && ! ls /var/run/secrets/kubernetes.io 2>/dev/null`
		commit := y.push(ctx, "hostile", map[string]string{"Dockerfile": "# syntax=evil.example/frontend:1\n" + dockerfile(looks), "greeting": "hello"})
		y.source(ctx, "hostile", "pushSecret: push")
		y.comes(ctx, "hostile", commit, v1alpha1.ReasonUpToDate)
		for _, asks := range []string{"RUN --security=insecure true", "RUN --network=host true"} {
			commit = y.push(ctx, "hostile", map[string]string{"Dockerfile": dockerfile(asks) + "COPY --from=test /greeting /other\n", "greeting": "hello"})
			said := y.comes(ctx, "hostile", commit, v1alpha1.ReasonBuildFailed)
			Expect(said.Failed.Output).To(ContainSubstring("is not allowed"), asks)
		}
	})

	It("ends what takes more memory than it may, and nothing else", func(ctx SpecContext) {
		commit := y.push(ctx, "bomb", map[string]string{"Dockerfile": dockerfile("RUN tail /dev/zero"), "greeting": "hello"})
		y.source(ctx, "bomb", "resources: {limits: {memory: 300Mi}}")
		Expect(y.comes(ctx, "bomb", commit, v1alpha1.ReasonOutOfMemory).Failed.Attempts).To(BeEquivalentTo(1))
	})

	hostileSpecs(func() *yard { return y })
	privateSpecs(func() *yard { return y })
	attestSpecs(func() *yard { return y })
	fluxSpecs(func() *yard { return y })

	It("says what is wrong with a repository", func(ctx SpecContext) {
		for name, x := range map[string]struct {
			files  map[string]string
			more   string
			reason v1alpha1.Reason
			says   string
		}{
			"no-stage":      {map[string]string{"Dockerfile": "FROM scratch\nCOPY greeting /\n", "greeting": "hello"}, "", v1alpha1.ReasonTestsFailed, `target stage "test" could not be found`},
			"no-dockerfile": {map[string]string{"greeting": "hello"}, "", v1alpha1.ReasonBuildFailed, "Dockerfile"},
			"no-sense":      {map[string]string{"Dockerfile": "FORM scratch\n"}, "", v1alpha1.ReasonBuildFailed, "FORM"},
		} {
			commit := y.push(ctx, name, x.files)
			y.source(ctx, name, x.more)
			Expect(y.comes(ctx, name, commit, x.reason).Failed.Output).To(ContainSubstring(x.says), name)
		}
		y.push(ctx, "no-branch", greeting("hello"))
		y.source(ctx, "no-branch", "")
		_, err := here.Kubectl(ctx, "-n", y.namespace, "patch", "shopsource/no-branch", "--type=merge", "-p", `{"spec":{"git":{"branch":"next"}}}`)
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(g Gomega) {
			g.Expect(readyOf(y.status(ctx, g, "no-branch"))).To(And(HavePrefix("GitUnreachable: "), ContainSubstring("next"), ContainSubstring("main")))
		}).Should(Succeed())
		Expect(y.git.Create(ctx, "empty")).To(Succeed())
		y.source(ctx, "empty", "")
		Eventually(func(g Gomega) {
			g.Expect(readyOf(y.status(ctx, g, "empty"))).To(And(HavePrefix("GitUnreachable: "), ContainSubstring("no branch yet")))
		}).Should(Succeed())
	})

	It("lets only what is signed start", func(ctx SpecContext) {
		private, public := keyPair()
		_, other := keyPair()
		_, err := here.Kubectl(ctx, "-n", y.namespace, "create", "secret", "generic", "signing", "--from-literal=cosign.key="+private)
		Expect(err).NotTo(HaveOccurred())
		_, err = here.Kubectl(ctx, "-n", y.namespace, "annotate", "secret/signing", v1alpha1.AnnotationAllowedSources+"=signed")
		Expect(err).NotTo(HaveOccurred())
		y.verify(ctx, other)
		commit := y.push(ctx, "signed", greeting("hello, signed"))
		y.source(ctx, "signed", "sign: {secret: signing}, attest: {}")
		y.comes(ctx, "signed", commit, v1alpha1.ReasonUpToDate)
		Expect(here.Apply(ctx, fmt.Sprintf(`apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: signed, namespace: %s}
spec: {shop: t, imageFrom: {source: signed}, replicas: 1, resources: {requests: {cpu: 1m}}}
`, y.namespace))).To(Succeed())
		says := func(reason v1alpha1.Reason) func(Gomega) {
			return func(g Gomega) {
				var shop v1alpha1.Shop
				g.Expect(cluster.Get(ctx, types.NamespacedName{Namespace: y.namespace, Name: "t"}, &shop)).To(Succeed())
				g.Expect(shop.Status.Conditions).To(ContainElement(And(HaveField("Type", "Ready"), HaveField("Reason", string(reason)))))
			}
		}
		deployments := func() string {
			out, err := here.Kubectl(ctx, "-n", y.namespace, "get", "deployments", "-l", "shop.emporium.dev/service=signed", "-o", "name")
			Expect(err).NotTo(HaveOccurred())
			return out
		}
		Eventually(says(v1alpha1.ReasonSignatureMissing)).Should(Succeed())
		Expect(deployments()).To(BeEmpty(), "nothing of a release runs that another key signed")
		y.verify(ctx, public)
		Eventually(deployments).WithTimeout(time.Minute).ShouldNot(BeEmpty())
	})
})

// verify lets the shop trust one key.
func (y *yard) verify(ctx SpecContext, publicKey string) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, "-n", y.namespace, "patch", "shop/t", "--type=merge", "-p",
		fmt.Sprintf(`{"spec":{"release":{"verify":{"keys":[{"name":"ci","publicKey":%q}]}}}}`, publicKey))
	Expect(err).NotTo(HaveOccurred())
}

// keyPair makes a key as openssl does.
func keyPair() (private, public string) {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	Expect(err).NotTo(HaveOccurred())
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	Expect(err).NotTo(HaveOccurred())
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open}))
}
