package access_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/tokens"
)

// auth is where keys are published; it counts how often it is asked.
type auth struct {
	*httptest.Server
	mu    sync.Mutex
	keys  []tokens.Key
	asked atomic.Int64
	away  atomic.Bool
}

func newAuth(t *testing.T, keys ...tokens.Key) *auth {
	t.Helper()
	a := &auth{keys: keys}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.asked.Add(1)
		if a.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		_, _ = w.Write(tokens.JWKS(a.keys...))
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *auth) publish(keys ...tokens.Key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = keys
}

func signed(t *testing.T, k tokens.Key) string {
	t.Helper()
	token, err := k.Sign(jwt.MapClaims{"aud": "acme", "sub": "jo", "kind": "staff"})
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

func reading(t *testing.T, more ...string) (*access.Keys, *access.Verifier) {
	t.Helper()
	all := map[string]string{}
	for n := 0; n < len(more); n += 2 {
		all[more[n]] = more[n+1]
	}
	keys, err := access.KeysFrom(t.Context(), env(all))
	if err != nil {
		t.Fatal(err)
	}
	return keys, access.NewVerifier(keys, "acme", time.Now)
}

// C41: a service that does not know K2 yet fetches the keys once, whoever comes with it at the same moment; not one 401.
func TestC41AKeyThatIsNotKnownYetIsFetchedOnce(t *testing.T) {
	k1, k2 := tokens.New("auth/k1"), tokens.New("auth/k2")
	a := newAuth(t, k1)
	_, v := reading(t, "SHOP_JWKS_URL", a.URL)
	a.publish(k1, k2)
	before := a.asked.Load()
	var all sync.WaitGroup
	for n := range 40 {
		token := signed(t, []tokens.Key{k1, k2}[n%2])
		all.Go(func() {
			if _, err := v.Caller(token); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := a.asked.Load() - before; n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// C41: 1,000 made-up key ids cause at most one fetch in 30 s.
func TestC41AThousandMadeUpKeyIDsCauseOneFetch(t *testing.T) {
	k1 := tokens.New("auth/k1")
	a := newAuth(t, k1)
	keys, v := reading(t, "SHOP_JWKS_URL", a.URL)
	before := a.asked.Load()
	var all sync.WaitGroup
	for writer := range 4 {
		all.Go(func() {
			for n := range 250 {
				if _, err := v.Caller(signed(t, tokens.New(fmt.Sprintf("auth/made-up-%d-%d", writer, n)))); err == nil {
					t.Error("a made-up key is taken")
				}
			}
		})
	}
	all.Wait()
	if n := a.asked.Load() - before; n != 1 {
		t.Errorf("%d fetches", n)
	}
	if _, err := v.Caller(signed(t, k1)); err != nil {
		t.Errorf("meanwhile the good key is refused: %v", err)
	}
	k2 := tokens.New("auth/k2")
	a.publish(k1, k2)
	keys.Rested()
	if _, err := v.Caller(signed(t, k2)); err != nil {
		t.Errorf("30 s later a new key is not looked for: %v", err)
	}
}

// C41: a service that starts while auth is away knows its keys a moment after auth is back, not half a minute later.
func TestC41WhoStartedWhileAuthWasAwayKnowsItsKeysSoonAfter(t *testing.T) {
	k1 := tokens.New("auth/k1")
	a := newAuth(t, k1)
	a.away.Store(true)
	keys, v := reading(t, "SHOP_JWKS_URL", a.URL)
	if _, err := v.Caller(signed(t, k1)); err == nil { // this look fails too, and the next request may not cause another
		t.Fatal("a key is taken that nobody could read")
	}
	a.away.Store(false)
	go func() { _ = keys.Watch(t.Context()) }()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := v.Caller(signed(t, k1)); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("auth has been back for 10 s, and its keys are not known")
		}
	}
}

// C41: after K1 is withdrawn its tokens are refused with the next look, without a restart.
func TestC41AKeyThatIsWithdrawnIsRefusedAfterTheNextLook(t *testing.T) {
	k1, k2 := tokens.New("auth/k1"), tokens.New("auth/k2")
	a := newAuth(t, k1, k2)
	keys, v := reading(t, "SHOP_JWKS_URL", a.URL)
	a.publish(k2)
	if err := keys.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Caller(signed(t, k1)); err == nil {
		t.Error("it is still taken")
	}
	if _, err := v.Caller(signed(t, k2)); err != nil {
		t.Error(err)
	}
}

// Keys of services are near, auth's are at an address: both are taken, and auth cannot put its own in the place of one that is near.
func TestKeysOfTheEnvironmentAndOfAnAddressAreTaken(t *testing.T) {
	own, far := tokens.New("service/cart/1"), tokens.New("auth/k1")
	forged := tokens.New("service/cart/1")
	a := newAuth(t, far, forged)
	_, v := reading(t, "SHOP_JWKS", string(tokens.JWKS(own)), "SHOP_JWKS_URL", a.URL)
	if _, err := v.Caller(signed(t, far)); err != nil {
		t.Error(err)
	}
	for k, good := range map[*tokens.Key]bool{&own: true, &forged: false} {
		token, err := k.Sign(jwt.MapClaims{"aud": "acme", "sub": "cart", "iss": "service/cart", "kind": "service"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Caller("Bearer " + token); (err == nil) != good {
			t.Errorf("good %t: %v", good, err)
		}
	}
	a.Close()
	if _, v := reading(t, "SHOP_JWKS", string(tokens.JWKS(own)), "SHOP_JWKS_URL", a.URL); v == nil {
		t.Error("auth that is away stops us")
	}
}

// Who depends on auth is told its address by the operator, and takes its keys there.
func TestWhoDependsOnAuthTakesItsKeys(t *testing.T) {
	k1 := tokens.New("auth/k1")
	served := http.NewServeMux()
	served.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(tokens.JWKS(k1)) })
	s := httptest.NewServer(served)
	t.Cleanup(s.Close)
	for _, more := range [][]string{{"AUTH_URL", s.URL}, {"AUTH_URL", s.URL + "/"}, {"AUTH_URL", "http://127.0.0.1:1", "SHOP_JWKS_URL", s.URL + "/.well-known/jwks.json"}} {
		if _, v := reading(t, more...); v == nil {
			t.Fatal("no verifier")
		} else if _, err := v.Caller(signed(t, k1)); err != nil {
			t.Errorf("%v: %v", more, err)
		}
	}
}

// The keys of services stand beside those of auth, wherever these come from, and sign for their service alone.
func TestTheKeysOfServicesStandBesideOthers(t *testing.T) {
	k, own := tokens.New("auth/k1"), tokens.OfSample("checkout")
	a := newAuth(t, k)
	service := string(tokens.JWKS(own))
	for what, more := range map[string][]string{
		"a text":     {"SHOP_JWKS", string(tokens.JWKS(k)), "SHOP_SERVICE_JWKS", service},
		"an address": {"SHOP_JWKS_URL", a.URL, "SHOP_SERVICE_JWKS", service},
	} {
		_, v := reading(t, more...)
		if _, err := v.Caller(signed(t, k)); err != nil {
			t.Errorf("%s: auth's key: %v", what, err)
		}
		minter, err := access.NewMinter(own.Private(), "acme", "checkout", time.Now)
		if err != nil {
			t.Fatal(err)
		}
		token, err := minter.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Caller("Bearer " + token); err != nil {
			t.Errorf("%s: the service's key: %v", what, err)
		}
		if _, err := v.Caller(signed(t, own)); err == nil {
			t.Errorf("%s: the service's key signs for staff", what)
		}
	}
	if _, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_SERVICE_JWKS": "{"})); err == nil {
		t.Error("no JSON is a set")
	}
}
