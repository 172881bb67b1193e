package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/tokens"
)

// A token is verified once: after that it is looked up, which costs next to nothing.
func TestATokenIsVerifiedOnce(t *testing.T) {
	v, header := verifier(t), "Bearer "+accesstest.Issue(t, "auth/1", jwt.MapClaims{"sub": "jane", "kind": "customer"})
	ask := func() {
		if who, err := v.Caller(header); err != nil || who.Subject != "jane" {
			t.Fatalf("%+v (%v)", who, err)
		}
	}
	ask()
	if n := testing.AllocsPerRun(100, ask); n > 2 { // an Ed25519 signature of a JWT takes dozens
		t.Errorf("once more makes %.0f allocations", n)
	}
}

// That a token was good says nothing of it later: its time is over when it is over, and before its beginning it does not count.
func TestATokenThatIsRememberedEndsInTime(t *testing.T) {
	now := time.Now()
	keys, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS": accesstest.JWKS()}))
	if err != nil {
		t.Fatal(err)
	}
	v := access.NewVerifier(keys, accesstest.Shop, func() time.Time { return now })
	header := "Bearer " + accesstest.Issue(t, "auth/1", jwt.MapClaims{"sub": "jane", "kind": "customer", "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix()})
	for _, c := range []struct {
		later time.Duration
		good  bool
	}{{0, true}, {50 * time.Second, true}, {2 * time.Minute, false}, {30 * time.Second, true}, {-time.Minute, false}, {time.Second, true}} {
		at := now
		now = now.Add(c.later)
		if who, err := v.Caller(header); (err == nil) != c.good || (who.Subject == "jane") != c.good {
			t.Errorf("%s later: %+v (%v)", c.later, who, err)
		}
		now = at
	}
	for name, header := range map[string]string{"another signature": header[:len(header)-4] + "AAAA", "without one": header[:strings.LastIndexByte(header, '.')+1]} {
		if who, err := v.Caller(header); err == nil {
			t.Errorf("%s: %+v", name, who)
		}
	}
}

// C41: with its key a token is forgotten that was good until then.
func TestC41ATokenIsForgottenWithItsKey(t *testing.T) {
	k1, k2 := tokens.New("auth/k1"), tokens.New("auth/k2")
	a := newAuth(t, k1, k2)
	keys, v := reading(t, "SHOP_JWKS_URL", a.URL)
	token := signed(t, k1)
	for range 2 {
		if _, err := v.Caller(token); err != nil {
			t.Fatal(err)
		}
	}
	a.publish(k2)
	if err := keys.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if who, err := v.Caller(token); err == nil {
		t.Errorf("it still speaks for %+v", who)
	}
}
