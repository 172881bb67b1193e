package access

import (
	"crypto/ed25519"
	"sync"
	"time"
)

// mostKnown bounds the tokens that are remembered. They are good ones, so who fills
// them up has as many.
const mostKnown = 1024

// verified is a token whose signature was good.
type verified struct {
	who Principal
	// set is the one that the key was found in. Another one may lack it.
	set *map[string]ed25519.PublicKey
	// Its time is looked at again only before from and after until.
	from, until time.Time
}

// known remembers tokens that were verified: a service shows one and the same for
// minutes, and to verify a signature costs as much as the rest of a small request.
type known struct {
	mu  sync.RWMutex
	all map[string]verified
}

// find is who a token speaks for that was verified before: with the keys that there
// are now, and within its time.
func (k *known) find(token string, set *map[string]ed25519.PublicKey, now time.Time) (Principal, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	v, there := k.all[token]
	if !there || v.set != set || now.Before(v.from) || !now.Before(v.until) {
		return Principal{}, false
	}
	return v.who, true
}

func (k *known) keep(token string, v verified) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostKnown {
		k.all = map[string]verified{} // those in use are there again with their next request
	}
	k.all[token] = v
}
