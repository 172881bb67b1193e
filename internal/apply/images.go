package apply

import (
	"context"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// Images tells what the tags of a release's services name. It takes a second at most, whatever
// registries do, and what it does not know it leaves out and says why.
type Images interface {
	// Ahead begins to ask, beside the passes.
	Ahead(shop types.NamespacedName, release string, services []v1alpha1.ReleaseService)
	// Resolve returns digests by service.
	Resolve(ctx context.Context, shop types.NamespacedName, release string, services []v1alpha1.ReleaseService) (digests map[string]string, why string)
	// Forget drops what is known for a shop.
	Forget(shop types.NamespacedName)
}

// askAhead uses the time in which services settle: the cut then waits for no registry. What was told
// about a release is forgotten once it exists, so that one that is cut again is asked for anew.
func (w *Writer) askAhead(world *observe.World, d *plan.Decision) {
	if w.Images == nil || d.Cut {
		return
	}
	shop, next := client.ObjectKeyFromObject(world.Shop), &world.Snapshot
	switch {
	case world.Releases[next.Name] != nil:
		w.Images.Forget(shop)
	case len(next.Problems) == 0: // else nobody granted the pull secrets, maybe
		w.Images.Ahead(shop, next.Name, next.Spec.Services)
	}
}

// pinned returns the snapshot with what its tags name, and why that of some is not known. Where
// pods of the release run already, since only its record was deleted, they say what it was:
// another digest would replace pods of a stack that may serve.
func (w *Writer) pinned(ctx context.Context, world *observe.World) (spec v1alpha1.ShopReleaseSpec, why string) {
	spec = *world.Snapshot.Spec.DeepCopy()
	digests := map[string]string{}
	var unknown []v1alpha1.ReleaseService
	for i := range spec.Services {
		image, runs := w.runs(ctx, world.Shop, release.ObjectName(world.Shop.Name, spec.Services[i].Name, spec.Revision), spec.Services[i].Name)
		if !runs {
			unknown = append(unknown, spec.Services[i])
		} else if _, digest, is := strings.Cut(image, "@"); is {
			digests[spec.Services[i].Name] = digest
		}
	}
	if w.Images != nil && len(unknown) > 0 {
		var told map[string]string
		told, why = w.Images.Resolve(ctx, client.ObjectKeyFromObject(world.Shop), world.Snapshot.Name, unknown)
		maps.Copy(digests, told)
	}
	for _, s := range release.Unpinned(&spec) {
		if digest := digests[s.Name]; release.IsDigest(digest) { // else the API server would refuse the release
			s.ImageDigest = digest
		}
	}
	if why != "" {
		log.FromContext(ctx).Info("the release can change under its name: not every tag could be resolved", "release", world.Snapshot.Name, "why", why)
	}
	return spec, why
}

// runs returns the image of a Deployment's container, if this shop's Deployment is there and stays.
func (w *Writer) runs(ctx context.Context, shop *v1alpha1.Shop, deployment, container string) (image string, runs bool) {
	var d appsv1.Deployment
	err := w.Client.Get(ctx, client.ObjectKey{Namespace: shop.Namespace, Name: deployment}, &d) // of the cache
	if err != nil || unpack(&d) != nil || !isOurs(&d, shop) || !d.DeletionTimestamp.IsZero() {
		return "", false
	}
	all := d.Spec.Template.Spec.Containers
	i := slices.IndexFunc(all, func(c corev1.Container) bool { return c.Name == container })
	if i < 0 {
		return "", false
	}
	return all[i].Image, true
}
