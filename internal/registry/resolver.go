package registry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

const (
	// Budget is how long all images of a release are waited for together.
	Budget = time.Second
	// fresh is how old an answer may be at the cut: longer than services settle as a rule, and
	// shorter than somebody needs who pushes a tag again and then wants it released.
	fresh = 30 * time.Second
	// quiet is how long a shop has to be the same before anybody is asked ahead of its cut: services are
	// changed one after the other, and each change would be a question for all of their images.
	quiet = time.Second
	// mostAsked bounds what is remembered, one answer for each shop.
	mostAsked = 4096
)

// Registry tells the digest that a tag names, in an error the same sentence on every retry.
type Registry interface {
	Digest(ctx context.Context, image string, keys authn.Keychain) (string, error)
}

// Resolver asks for all images of a release together, and in the background: nobody waits for
// longer than Budget, whatever a registry or a library does. It remembers the last answer of a
// shop in memory only; losing it means asking again.
type Resolver struct {
	Registry Registry
	// Live reads pull secrets, without a cache.
	Live client.Reader
	Now  func() time.Time

	mu    sync.Mutex
	asked map[types.NamespacedName]*question
}

// question is what is asked for one release.
type question struct {
	release string
	at      time.Time
	now     func()        // lets it be asked at once
	drop    func()        // ends it: nobody wants to know any more
	done    chan struct{} // closed when digests and why are there
	digests map[string]string
	why     string
}

// Ahead asks for a release that is about to be cut, when a shop was quiet for a moment, so that the cut need not wait.
func (r *Resolver) Ahead(shop types.NamespacedName, name string, services []v1alpha1.ReleaseService) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.asked[shop]; q == nil || q.release != name {
		r.begin(shop, name, services, quiet)
	}
}

// Resolve returns the digests that the services' tags name, by service, and why some are not known.
func (r *Resolver) Resolve(ctx context.Context, shop types.NamespacedName, name string, services []v1alpha1.ReleaseService) (map[string]string, string) {
	r.mu.Lock()
	q := r.asked[shop]
	if q == nil || q.release != name || r.Now().Sub(q.at) > fresh {
		q = r.begin(shop, name, services, 0) //nolint:contextcheck // it goes on, with a budget of its own, when this pass ends
	}
	r.mu.Unlock()
	q.now()
	select {
	case <-q.done:
		return q.digests, q.why
	case <-ctx.Done():
		return nil, "the operator was stopped while it asked"
	}
}

// Forget drops what was asked for a shop: of a release that is cut again, the tags are asked for anew.
func (r *Resolver) Forget(shop types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.asked[shop]; q != nil {
		q.drop()
	}
	delete(r.asked, shop)
}

func (r *Resolver) begin(shop types.NamespacedName, name string, services []v1alpha1.ReleaseService, wait time.Duration) *question {
	if before := r.asked[shop]; before != nil {
		before.drop()
	}
	if r.asked == nil || len(r.asked) >= mostAsked {
		r.asked = map[types.NamespacedName]*question{}
	}
	wanted, drop := context.WithCancel(context.Background()) // it outlives the pass that begins it
	due, now := context.WithTimeout(wanted, wait)
	q := &question{release: name, at: r.Now(), now: now, drop: drop, done: make(chan struct{})}
	r.asked[shop] = q
	go func() {
		defer close(q.done)
		defer drop()
		<-due.Done()
		ctx, cancel := context.WithTimeout(wanted, Budget)
		defer cancel()
		if wanted.Err() != nil {
			return
		}
		q.digests, q.why = r.all(ctx, shop.Namespace, services)
	}()
	return q
}

// reply is what came of asking for one image.
type reply struct {
	of     pulled
	digest string
	err    error
}

// all asks for every image at the same time.
func (r *Resolver) all(ctx context.Context, namespace string, services []v1alpha1.ReleaseService) (map[string]string, string) {
	images := imagesOf(services)
	keys := &keyring{live: r.Live, namespace: namespace}
	replies := make(chan reply, len(images)) // nobody may be there any more to take them
	for of := range images {
		go func() {
			digest, err := r.Registry.Digest(ctx, of.image, keys.of(ctx, of.with))
			replies <- reply{of, digest, err}
		}()
	}
	digests, unknown := map[string]string{}, map[string][]string{}
	for range len(images) {
		select {
		case a := <-replies:
			note(digests, unknown, images[a.of], a)
			delete(images, a.of)
		case <-ctx.Done():
			for of, names := range images {
				note(digests, unknown, names, reply{err: tooSlow(of.image)})
			}
			return digests, sentence(unknown)
		}
	}
	return digests, sentence(unknown)
}

func note(digests map[string]string, unknown map[string][]string, names []string, a reply) {
	if a.err != nil {
		unknown[a.err.Error()] = append(unknown[a.err.Error()], names...)
		return
	}
	for _, name := range names {
		digests[name] = a.digest
	}
}

// pulled is an image, and with whose credentials it is pulled.
type pulled struct {
	image string
	with  credentials
}

// imagesOf returns the images whose digest is to be found out, each with the services that run it.
func imagesOf(services []v1alpha1.ReleaseService) map[pulled][]string {
	out := map[pulled][]string{}
	for _, s := range release.Unpinned(&v1alpha1.ShopReleaseSpec{Services: services}) {
		of := pulled{s.Image, credentialsOf(&s.ServiceTemplate)}
		out[of] = append(out[of], s.Name)
	}
	return out
}

func tooSlow(image string) error {
	return fmt.Errorf("registry %s did not answer within %s", hostOf(image), Budget)
}
