package access

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// refresh is how often the keys are read again, and how often at most a key is
	// looked for that is not known. auth publishes a key before it signs with it, so
	// this need not be short.
	refresh = 30 * time.Second
	// soon is how long after a look that failed they are read again: who started while auth was away would refuse its
	// customers until then.
	soon = time.Second
	// mostKeys bounds the bytes of a key set.
	mostKeys = 64 << 10
)

// Keys are the public keys that tokens are checked with. They are read again in
// the background; a set that cannot be read leaves the last good one in use. A key
// that nobody knows is looked for once: auth may sign with one that was not there
// at the last look.
type Keys struct {
	read    reader
	current atomic.Pointer[map[string]ed25519.PublicKey]
	// remote says that looking asks somebody, so it is done seldom.
	remote bool
	// failed says that the last look did.
	failed atomic.Bool
	asking sync.Mutex
	asked  time.Time
}

// NoKeys checks nothing, so it admits nobody with a token.
func NoKeys() *Keys { return &Keys{} }

// KeysFrom takes the keys from the environment: SHOP_JWKS holds a JSON Web Key
// Set (RFC 7517, 8037), SHOP_JWKS_FILE names a file with one, such as a mounted
// Secret, SHOP_JWKS_URL an address; where it is not set it is auth's, if the
// service depends on auth (AUTH_URL). SHOP_SERVICE_JWKS holds the keys that
// services sign their own tokens with. An address and the keys of services are
// used beside the others: those are keys that they do not have. Without any of
// them there is no key, and every route that is not public is refused.
func KeysFrom(ctx context.Context, get func(string) string) (*Keys, error) {
	text, file, address := get("SHOP_JWKS"), get("SHOP_JWKS_FILE"), get("SHOP_JWKS_URL")
	if auth := get("AUTH_URL"); address == "" && auth != "" {
		address = strings.TrimRight(auth, "/") + "/.well-known/jwks.json"
	}
	var near, far reader
	switch {
	case text != "":
		near = said(text)
	case file != "":
		near = func(context.Context) ([]byte, error) { return os.ReadFile(file) } //nolint:gosec // whoever starts the process names the file
	}
	if services := get("SHOP_SERVICE_JWKS"); services != "" {
		near = both(near, said(services))
	}
	if address != "" {
		far = func(ctx context.Context) ([]byte, error) { return fetch(ctx, address) }
	}
	return keysOf(ctx, near, far)
}

// reader reads a JSON Web Key Set.
type reader func(context.Context) ([]byte, error)

func said(text string) reader {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

// keysOf reads what there is. Keys that are near must be good; auth may start after us: its keys come with a later look.
func keysOf(ctx context.Context, near, far reader) (*Keys, error) {
	k := &Keys{read: near}
	err := k.Look(ctx)
	if far == nil || err != nil {
		return k, err
	}
	k.remote, k.read = true, both(far, near)
	if err := k.Look(ctx); err != nil {
		slog.WarnContext(ctx, "reading the keys of tokens", "error", err)
	}
	return k, nil
}

// both reads the keys of two sets, of which either may be missing. Of two keys with one id that of the second counts: it stands last.
func both(first, second reader) reader {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(ctx context.Context) ([]byte, error) {
		var all struct {
			Keys []json.RawMessage `json:"keys"`
		}
		for _, read := range []reader{first, second} {
			var one struct {
				Keys []json.RawMessage `json:"keys"`
			}
			text, err := read(ctx)
			if err == nil {
				err = json.Unmarshal(text, &one)
			}
			if err != nil {
				return nil, err
			}
			all.Keys = append(all.Keys, one.Keys...)
		}
		return json.Marshal(all)
	}
}

// Watch reads the keys again and again until ctx ends: every 30 s, and every second after a look that failed, of
// which the first is told.
func (k *Keys) Watch(ctx context.Context) error {
	if k.read == nil {
		return nil
	}
	for {
		failed, wait := k.failed.Load(), refresh
		if failed {
			wait = soon
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if err := k.Look(ctx); err != nil && ctx.Err() == nil && !failed {
			slog.WarnContext(ctx, "reading the keys of tokens: the last ones stay", "error", err)
		}
	}
}

// Look reads the keys once.
func (k *Keys) Look(ctx context.Context) error {
	if k.read == nil {
		return nil
	}
	err := k.look(ctx)
	k.failed.Store(err != nil)
	return err
}

func (k *Keys) look(ctx context.Context) error {
	text, err := k.read(ctx)
	if err != nil {
		return fmt.Errorf("reading the key set: %w", err)
	}
	set, err := parse(text)
	if err != nil {
		return err
	}
	k.current.Store(&set)
	return nil
}

// find returns a key. One that is not there is looked for, at most every 30 s
// whoever asks for whatever: made-up ids must not become requests.
func (k *Keys) find(id string) (ed25519.PublicKey, bool) {
	found, ok := k.known(id)
	if ok || !k.remote {
		return found, ok
	}
	k.asking.Lock() // who comes meanwhile waits for the same look
	defer k.asking.Unlock()
	if found, ok = k.known(id); ok || time.Since(k.asked) < refresh {
		return found, ok
	}
	k.asked = time.Now()
	if err := k.Look(context.Background()); err != nil { // bounded by fetch: it is for all who wait, not for one request
		slog.Warn("looking for a key that is not known", "error", err)
	}
	return k.known(id)
}

func (k *Keys) known(id string) (ed25519.PublicKey, bool) {
	set := k.current.Load()
	if set == nil {
		return nil, false
	}
	found, ok := (*set)[id]
	return found, ok
}

// jwk is a JSON Web Key of the kind OKP, as far as Ed25519 needs it.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	ID    string `json:"kid"`
	X     string `json:"x"`
	D     string `json:"d"`
}

var errNoKey = errors.New("the key set holds no Ed25519 key with a kid")

// parse skips keys that it does not know: a set may hold newer kinds.
func parse(text []byte) (map[string]ed25519.PublicKey, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("decoding the key set: %w", err)
	}
	keys := map[string]ed25519.PublicKey{}
	for _, one := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(one.X)
		if one.Type == "OKP" && one.Curve == "Ed25519" && one.ID != "" && err == nil && len(x) == ed25519.PublicKeySize {
			keys[one.ID] = x
		}
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the key set's address answered %s", res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, mostKeys))
}

// signs tells whether a key may sign such a token. The key of a service, whose id
// begins with service/<name>/, signs for that service and for nobody else.
func signs(kid string, c claims) bool {
	rest, own := strings.CutPrefix(kid, "service/")
	if !own {
		return c.Issuer == "auth"
	}
	name, _, _ := strings.Cut(rest, "/")
	return c.Kind == ServiceKind && c.Subject == name && c.Issuer == "service/"+name
}
