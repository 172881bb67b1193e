// Package accesstest signs tokens for tests, with keys that are made for each
// test binary and are good for nothing else.
package accesstest

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/tokens"
)

// Shop is the audience of the tokens, unless Claims name another one.
const Shop = "acme"

// keys are made when they are asked for, by kid.
var keys = struct {
	sync.Mutex
	made map[string]tokens.Key
}{made: map[string]tokens.Key{"auth/1": tokens.New("auth/1"), "auth/2": tokens.New("auth/2")}}

// Staff returns an Authorization header of a member of staff with a scope.
func Staff(t testing.TB, scope string) string {
	t.Helper()
	return "Bearer " + Issue(t, "auth/1", jwt.MapClaims{"sub": "staff-1", "kind": "staff", "scope": scope})
}

// Customer returns an Authorization header of a customer.
func Customer(t testing.TB, id string) string {
	t.Helper()
	return "Bearer " + Issue(t, "auth/1", jwt.MapClaims{"sub": id, "kind": "customer"})
}

// Service returns an Authorization header of another service.
func Service(t testing.TB, name string) string {
	t.Helper()
	return "Bearer " + Issue(t, "service/"+name+"/1", jwt.MapClaims{"iss": "service/" + name, "sub": name, "kind": "service"})
}

// Issue signs a token: of auth for the shop, good for five minutes, where the
// claims say nothing else. A claim that is nil is left out.
func Issue(t testing.TB, kid string, claims jwt.MapClaims) string {
	t.Helper()
	all := jwt.MapClaims{"aud": Shop}
	maps.Copy(all, claims)
	signed, err := private(kid).Sign(all)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// JWKS is the key set that checks these tokens: two keys of auth, and those of
// the services that were named so far.
func JWKS() string {
	keys.Lock()
	defer keys.Unlock()
	return string(tokens.JWKS(slices.Collect(maps.Values(keys.made))...))
}

// PrivateJWK is the key that a service signs with: SHOP_SERVICE_KEY.
func PrivateJWK(service string) string { return string(private("service/" + service + "/1").Private()) }

func private(kid string) tokens.Key {
	keys.Lock()
	defer keys.Unlock()
	k, made := keys.made[kid]
	if !made {
		k = tokens.New(kid)
		keys.made[kid] = k
	}
	return k
}
