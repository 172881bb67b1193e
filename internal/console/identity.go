package console

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	mostIdentities = 1000
	identityIdle   = 10 * time.Minute
	rightsTime     = 10 * time.Second
	noticeTime     = 20 * time.Second
)

// errNobody is a request of which nobody knows whose it is.
var errNobody = errors.New("not signed in")

// identity is a person with what the console remembers of them: all sessions and requests with the same token share it.
type identity struct {
	person Person
	who    Identity
	used   time.Time // guarded by identities.mu

	mu      sync.Mutex
	rights  map[types.NamespacedName]remembered[map[string]string]
	notices map[types.NamespacedName]remembered[string]
}

// remembered is a value that is good until a time.
type remembered[T any] struct {
	value T
	until time.Time
}

// identities by the hash of their token.
type identities struct {
	login func(token string) (Person, error)
	now   func() time.Time
	mu    sync.Mutex
	all   map[[32]byte]*identity
}

// of returns who has a token. It asks the API server once; each later request is authenticated there by what it asks.
func (i *identities) of(ctx context.Context, token string) (*identity, error) {
	key := sha256.Sum256([]byte(token))
	if known := i.known(key); known != nil {
		return known, nil
	}
	person, err := i.login(token)
	if err != nil {
		return nil, err
	}
	who, err := person.Who(ctx)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sweep()
	if other := i.all[key]; other != nil {
		return other, nil
	}
	i.all[key] = &identity{person: person, who: who, used: i.now()}
	return i.all[key], nil
}

func (i *identities) known(key [32]byte) *identity {
	i.mu.Lock()
	defer i.mu.Unlock()
	one := i.all[key]
	if one != nil {
		one.used = i.now()
	}
	return one
}

// sweep forgets who was away for long; of too many, all: they are asked for again. A session goes on with the one that it has.
func (i *identities) sweep() {
	for key, one := range i.all {
		if len(i.all) >= mostIdentities || i.now().Sub(one.used) > identityIdle {
			delete(i.all, key)
		}
	}
}

// enter tells whose a request is: that of the token in its Authorization header, or of its session.
func (s *Server) enter(r *http.Request) (*session, error) {
	if token, ok := bearer(r); ok && s.identities != nil {
		who, err := s.identities.of(r.Context(), token)
		if err != nil {
			return nil, err
		}
		return &session{identity: who, ends: until(token, s.now()), over: context.Background()}, nil
	}
	c, err := r.Cookie(s.cookieName)
	if err != nil {
		return nil, errNobody
	}
	one := s.sessions.of(c.Value)
	if one == nil || (r.Method == http.MethodPost && !proven(r)) {
		return nil, errNobody
	}
	return one, nil
}

// proven tells whether the browser says that the request is of a page of ours. A cookie alone proves nothing: other
// programs at other ports of this machine are sent it, too.
func proven(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != "" // who was another's was turned away
}

func bearer(r *http.Request) (string, bool) {
	kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(kind, "Bearer") && token != ""
}

// refusals are the verbs that somebody may not use on a shop, as of the last ten seconds.
func (i *identity) refusals(ctx context.Context, now time.Time, shop types.NamespacedName, verbs []string) map[string]string {
	i.mu.Lock()
	known := i.rights[shop]
	i.mu.Unlock()
	if now.Before(known.until) {
		return known.value
	}
	refused, err := i.person.Refusals(ctx, shop, verbs)
	if err != nil {
		return nil // the buttons are there; the API server says what it thinks of them
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rights = remember(i.rights, now, shop, refused, rightsTime)
	return refused
}

// tell keeps a sentence for the pages of a shop for a while.
func (i *identity) tell(now time.Time, shop types.NamespacedName, text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.notices = remember(i.notices, now, shop, text, noticeTime)
	i.rights = nil // what was done may change what may be done
}

func (i *identity) notice(now time.Time, shop types.NamespacedName) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if kept := i.notices[shop]; now.Before(kept.until) {
		return kept.value
	}
	return ""
}

// remember adds a value, and forgets those that are not good any more.
func remember[T any](all map[types.NamespacedName]remembered[T], now time.Time, key types.NamespacedName, value T, long time.Duration) map[types.NamespacedName]remembered[T] {
	kept := map[types.NamespacedName]remembered[T]{key: {value, now.Add(long)}}
	for k, v := range all {
		if k != key && now.Before(v.until) {
			kept[k] = v
		}
	}
	return kept
}
