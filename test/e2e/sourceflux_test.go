package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/cluster/load"
)

// gitRepositories is as much of Flux's CRD as a ShopSource reads.
const gitRepositories = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gitrepositories.source.toolkit.fluxcd.io}
spec:
  group: source.toolkit.fluxcd.io
  names: {kind: GitRepository, listKind: GitRepositoryList, plural: gitrepositories, singular: gitrepository}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

// fluxSpecs play Flux's source-controller: an object with status.artifact, and a server of archives.
func fluxSpecs(yard func() *yard) {
	It("builds the artifacts of a source of Flux, to the digest that Git gives, and nothing that has another digest", func(ctx SpecContext) {
		y := yard()
		source := func(name, ref string) {
			Expect(here.Apply(ctx, fmt.Sprintf(`apiVersion: shop.emporium.dev/v1alpha1
kind: ShopSource
metadata: {name: %[1]s, namespace: %[2]s}
spec: {sourceRef: {name: %[3]s}, image: %[4]s/%[1]s, interval: 2s}
`, name, y.namespace, ref, y.builds.Host()))).To(Succeed())
		}
		says := func(name, reason, part string) {
			Eventually(func(g Gomega) {
				g.Expect(readyOf(y.status(ctx, g, name))).To(And(HavePrefix(reason+": "), ContainSubstring(part)))
			}).Should(Succeed())
		}
		source("fluxed", "fluxed")
		says("fluxed", "InvalidSource", "install Flux's source-controller")
		Expect(here.Apply(ctx, gitRepositories)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "delete", "crd/gitrepositories.source.toolkit.fluxcd.io", "--wait=false")
			Expect(err).NotTo(HaveOccurred())
		})
		_, err := here.Kubectl(ctx, "wait", "--for=condition=Established", "crd/gitrepositories.source.toolkit.fluxcd.io")
		Expect(err).NotTo(HaveOccurred())
		says("fluxed", "InvalidSource", "does not exist in namespace "+y.namespace)
		Expect(here.Apply(ctx, fmt.Sprintf("apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fluxed, namespace: %s}\n", y.namespace))).To(Succeed())
		says("fluxed", "GitUnreachable", "has no artifact yet")

		commit := y.push(ctx, "fluxed", greeting("hello, Flux"))
		digest := y.archive(ctx, "fluxed", commit)
		y.artifact(ctx, "fluxed", commit, digest)
		image := y.comes(ctx, "fluxed", commit, v1alpha1.ReasonUpToDate).Latest.Image
		y.push(ctx, "unfluxed", greeting("hello, Flux"))
		y.source(ctx, "unfluxed", "")
		Eventually(func(g Gomega) {
			l := y.status(ctx, g, "unfluxed").Latest
			g.Expect(l).NotTo(BeNil())
			g.Expect(digestOf(l.Image)).To(Equal(digestOf(image)), "an artifact and the commit it was made of give the same image")
		}).Should(Succeed())

		wrong := y.push(ctx, "fluxed", greeting("hello, somebody"))
		y.archive(ctx, "fluxed", wrong)
		y.artifact(ctx, "fluxed", wrong, digest) // of the one before
		said := y.comes(ctx, "fluxed", wrong, v1alpha1.ReasonBuildFailed)
		Expect(said.Failed.Step).To(Equal("fetch"))
		Expect(said.Failed.Output).To(ContainSubstring("it is not what Flux made"))
		Expect(said.Latest.Image).To(Equal(image))

		away := y.push(ctx, "fluxed", greeting("hello, again"))
		y.artifact(ctx, "fluxed", away, digest) // and no archive
		Expect(y.comes(ctx, "fluxed", away, v1alpha1.ReasonGitUnreachable).Failed.Output).To(ContainSubstring("404"))
		y.artifact(ctx, "fluxed", away, y.archive(ctx, "fluxed", away))
		y.comes(ctx, "fluxed", away, v1alpha1.ReasonUpToDate)
	})
}

// archive makes the archive of a commit, where watched serves it; it returns its digest.
func (y *yard) archive(ctx SpecContext, repository, commit string) string {
	GinkgoHelper()
	folder := filepath.Join(y.work, "artifacts")
	Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	file := filepath.Join(folder, commit+".tar.gz")
	y.run(ctx, filepath.Join(y.work, repository), "archive", "--format=tar.gz", "-o", file, commit)
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// artifact tells of it, as source-controller does.
func (y *yard) artifact(ctx SpecContext, name, commit, digest string) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, "-n", y.namespace, "patch", "gitrepositories.source.toolkit.fluxcd.io/"+name, "--subresource=status", "--type=merge", "-p", fmt.Sprintf(
		`{"status":{"artifact":{"url":"http://%s/artifacts/%s.tar.gz","revision":"main@sha1:%s","digest":%q,"path":"x","lastUpdateTime":"2026-11-27T00:00:00Z"}}}`,
		load.HostAddress+yardPort, commit, commit, digest))
	Expect(err).NotTo(HaveOccurred())
}

func (y *yard) artifacts(w http.ResponseWriter, r *http.Request) {
	http.ServeFile(w, r, filepath.Join(y.work, "artifacts", filepath.Base(strings.TrimPrefix(r.URL.Path, "/artifacts/"))))
}
