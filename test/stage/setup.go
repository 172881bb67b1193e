package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/services"
)

// samples is the folder of the sample shop.
const samples = "config/samples"

// LocalRegistry is the one that the manifests name.
const LocalRegistry = "emporium.local"

// Cluster makes sure that the cluster runs; the user's own is taken as it is.
func (s Stage) Cluster(ctx context.Context) error {
	if s.Foreign {
		return nil
	}
	_, err := s.run(ctx, "", "go", "run", "./hack/cluster", "up")
	return err
}

// Install makes sure that this machine has Debian's packages, each of which brings a program of its name.
func (s Stage) Install(ctx context.Context, packages ...string) error {
	_, err := s.run(ctx, "", filepath.Join(s.Root, "hack", "install.sh"), packages...)
	return err
}

// Images makes images with a tag and brings them to the cluster.
func (s Stage) Images(ctx context.Context, tag string, names ...string) error {
	args := []string{"run", "./hack/images", "-tag", tag, "-load"}
	if s.Foreign {
		args = []string{"run", "./hack/images", "-tag", tag, "-push", s.Registry}
	}
	_, err := s.run(ctx, "", "go", append(args, names...)...)
	return err
}

// Services are those of the sample shop that play here: of what this checkout holds.
func (s Stage) Services() ([]services.Service, error) {
	all, err := services.Find(s.Root)
	return slices.DeleteFunc(services.OfTheSample(all), func(one services.Service) bool { return !s.plays(one.Name) }), err
}

// SampleImages makes the images of the sample shop with a tag: of its services, of the checks of its releases, and of NATS.
func (s Stage) SampleImages(ctx context.Context, tag string) error {
	all, err := s.Services()
	if err != nil {
		return err
	}
	checks, err := s.checkImages()
	if err != nil {
		return err
	}
	names := append(services.Names(all), checks...)
	if s.Part == nil {
		names = append(names, "nats")
	}
	slices.Sort(names)
	return s.Images(ctx, tag, slices.Compact(names)...)
}

// checkImages are the names of our images that the sample shop checks its releases with.
func (s Stage) checkImages() (names []string, err error) {
	text, err := os.ReadFile(filepath.Join(s.Root, samples, "shop.yaml"))
	if err != nil {
		return nil, err
	}
	var shop v1alpha1.Shop
	if err := yaml.UnmarshalStrict(text, &shop); err != nil {
		return nil, fmt.Errorf("reading the sample shop: %w", err)
	}
	for _, check := range shop.Spec.Release.Checks {
		if ours, is := strings.CutPrefix(check.Image, LocalRegistry+"/"); is {
			name, _, _ := strings.Cut(ours, ":")
			names = append(names, name)
		}
	}
	return names, nil
}

// Database brings the image of the samples' database to the user's registry; the cluster of this machine has it.
func (s Stage) Database(ctx context.Context) error {
	if !s.Foreign {
		return nil
	}
	_, err := s.run(ctx, "", "go", "run", "./hack/cluster", "push-database", s.Registry)
	return err
}

// Operator installs the operator. It and the front door of a shop that is there already are restarted, since their images
// keep their tag while their content changes. flags are given to the operator beside those of config/default.
func (s Stage) Operator(ctx context.Context, flags ...string) error {
	manifest, err := s.Kubectl(ctx, "kustomize", "config/default")
	if err != nil {
		return err
	}
	if err := s.Apply(ctx, withFlags(manifest, flags)); err != nil {
		return err
	}
	if err := s.restart(ctx, System, "deployment/emporium"); err != nil {
		return err
	}
	door, err := s.Kubectl(ctx, "-n", Shop, "get", "deployment/"+Shop+"-front-door", "-o", "name", "--ignore-not-found")
	if err != nil || door == "" {
		return err
	}
	return s.restart(ctx, Shop, strings.TrimSpace(door))
}

// leaderElect is the flag beside which others are put.
const leaderElect = "- --leader-elect\n"

func withFlags(manifest string, flags []string) string {
	before, after, _ := strings.Cut(manifest, leaderElect)
	indent := before[strings.LastIndex(before, "\n")+1:]
	for _, flag := range flags {
		before += leaderElect[:2] + flag + "\n" + indent
	}
	return before + leaderElect + after
}

func (s Stage) restart(ctx context.Context, namespace, deployment string) error {
	if _, err := s.Kubectl(ctx, "-n", namespace, "rollout", "restart", deployment); err != nil {
		return err
	}
	_, err := s.Kubectl(ctx, "-n", namespace, "rollout", "status", deployment, "--timeout=180s")
	return err
}

// ApplySamples applies config/samples, as a user would.
func (s Stage) ApplySamples(ctx context.Context) error { return s.applyFolder(ctx, samples) }

// Apply applies a manifest, server-side, under kubectl's own field manager. It takes back what somebody patched by hand in
// between, as the demo's last words suggest.
func (s Stage) Apply(ctx context.Context, manifest string) error {
	_, err := s.KubectlWith(ctx, s.located(manifest), "apply", "--server-side", "--force-conflicts", "-f", "-")
	return err
}

func (s Stage) applyFolder(ctx context.Context, folder string) error {
	manifest, err := s.kustomized(ctx, folder)
	if err != nil {
		return err
	}
	if err := s.Apply(ctx, manifest); err != nil {
		return err
	}
	return s.clear(ctx)
}

// kustomized is what a folder makes, as far as it plays here.
func (s Stage) kustomized(ctx context.Context, folder string) (string, error) {
	manifest, err := s.Kubectl(ctx, "kustomize", folder)
	if err != nil {
		return "", err
	}
	return s.part(manifest)
}

// located lets a manifest name images where this cluster finds them.
func (s Stage) located(manifest string) string {
	if !s.Foreign {
		return manifest
	}
	return strings.ReplaceAll(manifest, LocalRegistry+"/", s.Registry+"/")
}

// Release applies the samples with other tags of some services' images; the rest of the manifests stays.
func (s Stage) Release(ctx context.Context, tag string, services ...string) error {
	manifest, err := s.kustomized(ctx, samples)
	if err != nil {
		return err
	}
	for _, name := range services {
		old := LocalRegistry + "/" + name + ":1"
		manifest = strings.ReplaceAll(manifest, old, LocalRegistry+"/"+name+":"+tag)
	}
	return s.Apply(ctx, manifest)
}
