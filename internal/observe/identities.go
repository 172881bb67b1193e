package observe

import (
	"maps"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// identities remembers what identifies the services of a record, which never changes, so that
// no pass hashes twenty services of each release that is kept.
type identities struct {
	mu    sync.Mutex
	known map[types.NamespacedName]map[types.UID]map[string]string
}

func (i *identities) of(rel *v1alpha1.ShopRelease) map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	shop := types.NamespacedName{Namespace: rel.Namespace, Name: rel.Spec.Shop}
	if known, ok := i.known[shop][rel.UID]; ok && rel.UID != "" {
		return known
	}
	if i.known == nil {
		i.known = map[types.NamespacedName]map[types.UID]map[string]string{}
	}
	if i.known[shop] == nil {
		i.known[shop] = map[types.UID]map[string]string{}
	}
	i.known[shop][rel.UID] = release.Identities(&rel.Spec)
	return i.known[shop][rel.UID]
}

// keep forgets the records of a shop that are not there any more.
func (i *identities) keep(shop types.NamespacedName, there map[string]*v1alpha1.ShopRelease) {
	i.mu.Lock()
	defer i.mu.Unlock()
	stays := make(map[types.UID]bool, len(there))
	for _, rel := range there {
		stays[rel.UID] = true
	}
	maps.DeleteFunc(i.known[shop], func(uid types.UID, _ map[string]string) bool { return !stays[uid] })
}

func (i *identities) forget(shop types.NamespacedName) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.known, shop)
}
