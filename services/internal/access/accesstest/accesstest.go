// Package accesstest signs tokens for tests, with keys that are made for each
// test binary and are good for nothing else.
package accesstest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Shop is the audience of the tokens, unless Claims name another one.
const Shop = "acme"

// keys are made when they are asked for, by kid.
var keys = struct {
	sync.Mutex
	made map[string]ed25519.PrivateKey
}{made: map[string]ed25519.PrivateKey{"auth/1": generate(), "auth/2": generate()}}

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
	all := jwt.MapClaims{"iss": "auth", "aud": Shop, "iat": time.Now().Unix(), "exp": time.Now().Add(5 * time.Minute).Unix()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, all)
	token.Header["kid"] = kid
	signed, err := token.SignedString(private(kid))
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
	type jwk map[string]string
	var set struct {
		Keys []jwk `json:"keys"`
	}
	for kid, k := range keys.made {
		x := base64.RawURLEncoding.EncodeToString(k.Public().(ed25519.PublicKey)) //nolint:forcetypeassert // Ed25519's public key
		set.Keys = append(set.Keys, jwk{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x})
	}
	text, _ := json.Marshal(set) // strings only
	return string(text)
}

// PrivateJWK is the key that a service signs with: SHOP_SERVICE_KEY.
func PrivateJWK(service string) string {
	kid := "service/" + service + "/1"
	text, _ := json.Marshal(map[string]string{ // strings only
		"kty": "OKP", "crv": "Ed25519", "kid": kid, "d": base64.RawURLEncoding.EncodeToString(private(kid).Seed()),
	})
	return string(text)
}

func private(kid string) ed25519.PrivateKey {
	keys.Lock()
	defer keys.Unlock()
	if keys.made[kid] == nil {
		keys.made[kid] = generate()
	}
	return keys.made[kid]
}

func generate() ed25519.PrivateKey {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	return k
}
