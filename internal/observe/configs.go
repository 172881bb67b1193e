package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// Configs reads the ConfigMaps and Secrets that services name. Only their metadata
// is watched; the content is read once per version and only its hash is kept.
type Configs struct {
	// Metadata is a cache of the metadata of every ConfigMap and Secret that is not the operator's.
	Metadata client.Reader
	// Live reads the content, without a cache.
	Live client.Reader
	// Copies is the cache of what the operator wrote: a copy tells the hash of what it was made
	// of. nil: every source is read once.
	Copies client.Reader

	mu sync.Mutex
	// known is what was read, by shop and UID. What a shop does not name any more is forgotten:
	// tools that put a hash into the name of a ConfigMap make another one for each release.
	known map[types.NamespacedName]map[types.UID]version
	// untold is, by shop, what was read at a start since no copy told of it (Untold).
	untold map[types.NamespacedName]map[release.Ref]string
}

type version struct {
	resourceVersion, hash string
	// untold: it was read, since no copy told of it.
	untold bool
}

// unreadHash stands for the hash of what exists and was never read.
const unreadHash = "unreadable"

// unreadError says that the content of a ConfigMap or Secret could not be read.
type unreadError struct {
	ref release.Ref
	err error
}

func (e *unreadError) Error() string {
	return fmt.Sprintf("%s %s, which services take values from, cannot be read: %v; nothing new is released until it can, what serves goes on", e.ref.Kind, e.ref.Name, e.err)
}

// Hashes returns the content hash of each existing ConfigMap and Secret that the services name. One
// that cannot be read keeps the hash that it had and is a problem of the next release: what serves is
// healed, and gone back to, without it.
func (c *Configs) Hashes(ctx context.Context, shop *v1alpha1.Shop, services []v1alpha1.ShopService) (out map[release.Ref]string, unread []release.Problem, err error) {
	out = map[release.Ref]string{}
	// Listed only when something is not known: at the start, and when a source changed.
	copied := sync.OnceValues(func() (map[copyOf]string, error) { return c.copied(ctx, shop.Namespace) })
	known := c.knownOf(client.ObjectKeyFromObject(shop))
	named, untold := map[types.UID]version{}, map[release.Ref]string{}
	for _, ref := range referencesOf(shop, services) {
		uid, v, err := c.hash(ctx, shop.Namespace, ref, known, copied)
		if e := (*unreadError)(nil); errors.As(err, &e) && ctx.Err() == nil {
			unread = append(unread, release.Problem{Message: e.Error()})
		} else if err != nil { // the next try goes on from here
			maps.Copy(named, known)
			c.remember(client.ObjectKeyFromObject(shop), named)
			return nil, nil, fmt.Errorf("reading %s %s: %w", ref.Kind, ref.Name, err)
		}
		if v.hash != "" {
			out[ref], named[uid] = v.hash, v
		}
		if v.untold && known[uid].hash == "" {
			untold[ref] = CopiedFrom(&metav1.ObjectMeta{UID: uid, ResourceVersion: v.resourceVersion}, v.hash)
		}
	}
	c.remember(client.ObjectKeyFromObject(shop), named)
	c.tellOf(client.ObjectKeyFromObject(shop), untold)
	return out, unread, nil
}

// Forget drops what is remembered of a shop that is gone.
func (c *Configs) Forget(shop types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, shop)
	delete(c.untold, shop)
}

func (c *Configs) knownOf(shop types.NamespacedName) map[types.UID]version {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[shop]
}

func (c *Configs) remember(shop types.NamespacedName, named map[types.UID]version) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[types.NamespacedName]map[types.UID]version{}
	}
	c.known[shop] = named
}

func referencesOf(shop *v1alpha1.Shop, services []v1alpha1.ShopService) []release.Ref {
	seen := map[release.Ref]bool{}
	var out []release.Ref
	add := func(t *v1alpha1.ServiceTemplate) {
		for ref := range release.References(t) {
			if !seen[ref] {
				seen[ref] = true
				out = append(out, ref)
			}
		}
	}
	add(&v1alpha1.ServiceTemplate{Env: shop.Spec.Defaults.Env})
	for i := range services {
		add(&services[i].Spec.ServiceTemplate)
	}
	return out
}

// hash returns no version where the object does not exist.
func (c *Configs) hash(ctx context.Context, namespace string, ref release.Ref, known map[types.UID]version, copied func() (map[copyOf]string, error)) (types.UID, version, error) {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(string(ref.Kind)))
	key := client.ObjectKey{Namespace: namespace, Name: ref.Name}
	if err := c.Metadata.Get(ctx, key, meta); err != nil {
		return "", version{}, client.IgnoreNotFound(err)
	}
	if v := known[meta.UID]; v.hash != "" && v.resourceVersion == meta.ResourceVersion {
		return meta.UID, v, nil
	}
	hashes, err := copied()
	if err != nil {
		return "", version{}, err
	}
	if hash, told := hashes[copyOf{meta.UID, meta.ResourceVersion}]; told {
		return meta.UID, version{resourceVersion: meta.ResourceVersion, hash: hash}, nil
	}
	obj, hash, err := c.Load(ctx, namespace, ref)
	if apierrors.IsNotFound(err) {
		return "", version{}, nil
	}
	if err != nil {
		return meta.UID, lastKnown(known[meta.UID]), &unreadError{ref, err}
	}
	return obj.GetUID(), version{obj.GetResourceVersion(), hash, true}, nil
}

// lastKnown is what stands for content that cannot be read: its version of before makes it be read again.
func lastKnown(v version) version {
	if v.hash == "" {
		v.hash = unreadHash
	}
	return v
}

// Load reads the content of a ConfigMap or Secret and hashes it.
func (c *Configs) Load(ctx context.Context, namespace string, ref release.Ref) (client.Object, string, error) {
	key := client.ObjectKey{Namespace: namespace, Name: ref.Name}
	if ref.Kind == v1alpha1.SecretKind {
		var s corev1.Secret
		if err := c.Live.Get(ctx, key, &s); err != nil {
			return nil, "", err
		}
		hash, err := release.HashSecret(&s)
		return &s, hash, err
	}
	var m corev1.ConfigMap
	if err := c.Live.Get(ctx, key, &m); err != nil {
		return nil, "", err
	}
	hash, err := release.HashConfigMap(&m)
	return &m, hash, err
}

// ShopsNaming returns the shops of a namespace whose services, or defaults, name the object.
func (r *Reader) ShopsNaming(ctx context.Context, namespace string, kind v1alpha1.ConfigKind, name string) []string {
	out := r.shopsNaming(ctx, namespace, string(kind), name)
	var shops v1alpha1.ShopList
	if r.Cache.List(ctx, &shops, client.InNamespace(namespace), client.UnsafeDisableDeepCopy) != nil {
		return nil // the cache is not there yet; every shop is looked at when it is
	}
	for i := range shops.Items {
		env := shops.Items[i].Spec.Defaults.Env
		if _, names := release.References(&v1alpha1.ServiceTemplate{Env: env})[release.Ref{Kind: kind, Name: name}]; names {
			out = append(out, shops.Items[i].Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
