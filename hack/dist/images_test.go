package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// looksLikeAnImage finds images wherever they stand, as imagesOf does not: in arguments, in annotations, in kinds it does not know.
var looksLikeAnImage = regexp.MustCompile(`(?m)(?:^|[\s"'=])((?:[a-z0-9.-]+\.[a-z]+|localhost)(?::\d+)?/[a-z0-9._/-]+(?::[\w.-]+|@sha256:[0-9a-f]{64}))(?:["'\s]|$)`)

func seen(manifest []byte) (images []string) {
	for _, line := range strings.Split(string(manifest), "\n") {
		if strings.Contains(line, "description") {
			continue
		}
		for _, found := range looksLikeAnImage.FindAllStringSubmatch(line, -1) {
			images = append(images, found[1])
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

func TestImagesTxtHasEveryImageOfEveryForm(t *testing.T) {
	o := withoutPrograms(t, options{root: checkout.root, tag: "1.2.3", registry: "registry.example/emporium", out: t.TempDir()})
	if err := run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	listed, err := os.ReadFile(filepath.Join(o.out, "images.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := "docker.io/moby/buildkit:v0.34.2-rootless\nregistry.example/emporium/console:1.2.3\nregistry.example/emporium/gateway:1.2.3\nregistry.example/emporium/operator:1.2.3\nregistry.example/emporium/push:1.2.3\n"
	if diff := cmp.Diff(want, string(listed)); diff != "" {
		t.Errorf("-want +images.txt:\n%s", diff)
	}
	var all []byte
	for _, f := range forms {
		text, err := os.ReadFile(filepath.Join(o.out, f.file))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	if diff := cmp.Diff(strings.Fields(want), seen(all)); diff != "" {
		t.Errorf("-images.txt +what stands in the manifests:\n%s", diff)
	}
}

func TestOneValueRewritesEveryImage(t *testing.T) {
	manifest := rendered(t, loaded(t, "emporium"), release{}, "imageRegistry: mirror.example:5000/all")
	want := []string{
		"mirror.example:5000/all/gateway:dev", "mirror.example:5000/all/moby/buildkit:v0.34.2-rootless", "mirror.example:5000/all/operator:dev", "mirror.example:5000/all/push:dev",
	}
	if diff := cmp.Diff(want, seen(manifest)); diff != "" {
		t.Errorf("-want +seen in the manifest:\n%s", diff)
	}
	listed, err := imagesOf(manifest)
	if diff := cmp.Diff(want, listed); diff != "" || err != nil {
		t.Errorf("-want +listed:\n%s (%v)", diff, err)
	}
}

// The overlay of docs/guides/install.md, as people copy it from there.
func TestTheOverlayOfTheGuideRewritesEveryImageOfInstallYAML(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guides/install.md")
	if err != nil {
		t.Fatal(err)
	}
	_, overlay, begun := strings.Cut(string(guide), "cat > kustomization.yaml <<EOF\n")
	overlay, _, ended := strings.Cut(overlay, "EOF\n")
	installed, err := installYAML(options{root: checkout.root, tag: "0.1.0", registry: "registry.example/emporium"})
	if err != nil || !begun || !ended {
		t.Fatalf("the guide has no kustomization.yaml, or there is no install.yaml: %v", err)
	}
	folder := t.TempDir()
	for name, text := range map[string][]byte{"kustomization.yaml": []byte(overlay), "install.yaml": installed} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := kustomized(folder)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := made.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"mirror.example/gateway:0.1.0", "mirror.example/moby/buildkit:v0.34.2-rootless", "mirror.example/operator:0.1.0", "mirror.example/push:0.1.0"}
	if diff := cmp.Diff(want, seen(manifest)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestImagesOfInitContainersAreListed(t *testing.T) {
	const job = "kind: Job\nmetadata: {name: a}\nspec: {template: {spec: {initContainers: [{name: a, image: 'r.example/a:1'}], containers: [{name: b, image: 'r.example/b:1', env: [{name: RELATED_IMAGE_C, value: 'r.example/c:1'}, {name: X, value: 'r.example/x:1'}]}]}}}\n"
	got, err := imagesOf([]byte(job), []byte(job))
	if diff := cmp.Diff([]string{"r.example/a:1", "r.example/b:1", "r.example/c:1"}, got); diff != "" || err != nil {
		t.Errorf("-want +got:\n%s (%v)", diff, err)
	}
}
