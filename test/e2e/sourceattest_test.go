package e2e

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/images/oci"
)

// attestSpecs are of what a build says about its image.
func attestSpecs(yard func() *yard) {
	It("attaches who built what of what: SBOM and provenance, and the digest is the same without them", func(ctx SpecContext) {
		y := yard()
		scanner := y.scanner(ctx)
		text, err := os.ReadFile(scanner)
		Expect(err).NotTo(HaveOccurred())
		files := map[string]string{
			"Dockerfile": "FROM debian:bookworm-slim AS test\nRUN true\nFROM debian:bookworm-slim\nCOPY app /app\nCOPY pg /srv/node_modules/pg/package.json\n",
			"app":        string(text), "pg": `{"name":"pg","version":"8.16.3"}`,
		}
		add := func(folder string) { y.run(ctx, folder, "update-index", "--chmod=+x", "app") }
		commit := y.pushWith(ctx, "attested", files, add)
		y.source(ctx, "attested", "attest: {sbomGenerator: "+y.builds.Host()+"/sbom:1}")
		latest := y.comes(ctx, "attested", commit, v1alpha1.ReasonUpToDate).Latest
		said := y.attested(ctx, "attested:"+latest.Version, digestOf(latest.Image))
		Expect(said).To(And(HaveKey("https://spdx.dev/Document"), HaveKey(HavePrefix("https://slsa.dev/provenance/"))))
		var sbom struct {
			SPDXVersion string `json:"spdxVersion"`
			Packages    []struct {
				ExternalRefs []struct{ ReferenceLocator string } `json:"externalRefs"`
			} `json:"packages"`
		}
		Expect(json.Unmarshal(said["https://spdx.dev/Document"], &sbom)).To(Succeed())
		var purls []string
		for _, p := range sbom.Packages {
			for _, ref := range p.ExternalRefs {
				purls = append(purls, ref.ReferenceLocator)
			}
		}
		Expect(purls).To(ContainElements(HavePrefix("pkg:deb/debian/base-files@"), HavePrefix("pkg:golang/stdlib@1."), "pkg:npm/pg@8.16.3"))

		plain := y.pushWith(ctx, "unattested", files, add)
		y.source(ctx, "unattested", "")
		Expect(digestOf(y.comes(ctx, "unattested", plain, v1alpha1.ReasonUpToDate).Latest.Image)).To(Equal(digestOf(latest.Image)))
	})
}

// scanner makes cmd/sbom and brings its image to the registry; it returns the program.
func (y *yard) scanner(ctx context.Context) string {
	GinkgoHelper()
	program := filepath.Join(y.work, "sbom")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./cmd/sbom")
	cmd.Dir, cmd.Env = here.Root, append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	layer, err := oci.Layer([]oci.File{{Path: "/sbom", Source: program, Mode: 0o755}})
	Expect(err).NotTo(HaveOccurred())
	image, err := oci.Image(v1.Config{Entrypoint: []string{"/sbom"}}, layer)
	Expect(err).NotTo(HaveOccurred())
	Expect(oci.Push(ctx, y.registry(ctx)+"/sbom:1", image, name.Insecure)).To(Succeed())
	return program
}

// attested returns what is said of an image in the index that its tag names, by the kind of what is said.
func (y *yard) attested(ctx context.Context, tag, digest string) map[string]json.RawMessage {
	GinkgoHelper()
	ref, err := name.ParseReference(y.registry(ctx)+"/"+tag, name.Insecure)
	Expect(err).NotTo(HaveOccurred())
	index, err := remote.Index(ref, remote.WithContext(ctx))
	Expect(err).NotTo(HaveOccurred())
	manifest, err := index.IndexManifest()
	Expect(err).NotTo(HaveOccurred())
	said := map[string]json.RawMessage{}
	for _, m := range manifest.Manifests {
		if m.Annotations["vnd.docker.reference.digest"] != digest {
			continue
		}
		image, err := index.Image(m.Digest)
		Expect(err).NotTo(HaveOccurred())
		layers, err := image.Layers()
		Expect(err).NotTo(HaveOccurred())
		for _, layer := range layers {
			kind, predicate := statementIn(layer)
			said[kind] = predicate
		}
	}
	return said
}

func statementIn(layer v1.Layer) (string, json.RawMessage) {
	GinkgoHelper()
	body, err := layer.Uncompressed()
	Expect(err).NotTo(HaveOccurred())
	defer body.Close()
	text, err := io.ReadAll(body)
	Expect(err).NotTo(HaveOccurred())
	var statement struct {
		PredicateType string
		Predicate     json.RawMessage
	}
	Expect(json.Unmarshal(text, &statement)).To(Succeed())
	return statement.PredicateType, statement.Predicate
}
