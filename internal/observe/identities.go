package observe

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// mostIdentities bounds what is remembered; a thousand shops have some seven records each.
const mostIdentities = 16_384

// identities remembers what identifies the services of a record, which never changes, so that
// no pass hashes twenty services of each release that is kept.
type identities struct {
	mu    sync.Mutex
	known map[types.UID]map[string]string
}

func (i *identities) of(rel *v1alpha1.ShopRelease) map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if known, ok := i.known[rel.UID]; ok && rel.UID != "" {
		return known
	}
	if i.known == nil || len(i.known) >= mostIdentities {
		i.known = map[types.UID]map[string]string{}
	}
	i.known[rel.UID] = release.Identities(&rel.Spec)
	return i.known[rel.UID]
}
