package access_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func verifier(t *testing.T) *access.Verifier {
	t.Helper()
	keys, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS": accesstest.JWKS()}))
	if err != nil {
		t.Fatal(err)
	}
	return access.NewVerifier(keys, accesstest.Shop, time.Now)
}

func TestAGoodTokenSaysWhoCalls(t *testing.T) {
	own := accesstest.Service(t, "checkout") // makes the key
	v := verifier(t)
	for name, c := range map[string]struct {
		header string
		want   access.Principal
	}{
		"nothing":      {"", access.Principal{}},
		"staff":        {accesstest.Staff(t, "catalog:write orders:read"), access.Principal{Kind: access.StaffKind, Subject: "staff-1", Scopes: []string{"catalog:write", "orders:read"}}},
		"the next key": {"bearer " + accesstest.Issue(t, "auth/2", jwt.MapClaims{"sub": "jane", "kind": "customer"}), access.Principal{Kind: access.CustomerKind, Subject: "jane"}},
		"a service":    {own, access.Principal{Kind: access.ServiceKind, Subject: "checkout"}},
		"two audiences": {"Bearer " + accesstest.Issue(t, "auth/1", jwt.MapClaims{"sub": "jane", "kind": "customer", "aud": []string{"other", accesstest.Shop}}),
			access.Principal{Kind: access.CustomerKind, Subject: "jane"}},
	} {
		got, err := v.Caller(c.header)
		if len(got.Scopes) == 0 {
			got.Scopes = nil
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestATokenThatIsNotGoodNamesNobody(t *testing.T) {
	good := jwt.MapClaims{"sub": "ed", "kind": "staff", "scope": "catalog:write"}
	with := func(name string, value any) jwt.MapClaims {
		c := jwt.MapClaims{}
		for k, v := range good {
			c[k] = v
		}
		c[name] = value
		return c
	}
	_ = accesstest.Service(t, "cart") // makes its key
	v := verifier(t)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodNone, with("aud", accesstest.Shop))
	none, err := unsigned.SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	signed := accesstest.Issue(t, "auth/1", good)
	for name, token := range map[string]string{
		"no algorithm":                       none,
		"the public key as a password":       hmacWithThePublicKey(t),
		"expired":                            accesstest.Issue(t, "auth/1", with("exp", time.Now().Add(-time.Minute).Unix())),
		"without an end":                     accesstest.Issue(t, "auth/1", with("exp", nil)),
		"not yet":                            accesstest.Issue(t, "auth/1", with("nbf", time.Now().Add(time.Minute).Unix())),
		"from the future":                    accesstest.Issue(t, "auth/1", with("iat", time.Now().Add(time.Hour).Unix())),
		"another shop's":                     accesstest.Issue(t, "auth/1", with("aud", "rival")),
		"nobody's":                           accesstest.Issue(t, "auth/1", with("aud", nil)),
		"another issuer's":                   accesstest.Issue(t, "auth/1", with("iss", "evil")),
		"of a key that nobody knows":         accesstest.Issue(t, "auth/unknown", good),
		"without a subject":                  accesstest.Issue(t, "auth/1", with("sub", nil)),
		"of no kind":                         accesstest.Issue(t, "auth/1", with("kind", nil)),
		"of a kind that nobody knows":        accesstest.Issue(t, "auth/1", with("kind", "root")),
		"staff's, signed by a service":       accesstest.Issue(t, "service/cart/1", good),
		"auth's, signed by a service":        accesstest.Issue(t, "service/cart/1", with("kind", "service")),
		"another service's":                  accesstest.Issue(t, "service/cart/1", jwt.MapClaims{"iss": "service/checkout", "sub": "checkout", "kind": "service"}),
		"its own name, another one's issuer": accesstest.Issue(t, "service/cart/1", jwt.MapClaims{"iss": "service/checkout", "sub": "cart", "kind": "service"}),
		"changed after it was signed":        signed[:len(signed)/2] + "x" + signed[len(signed)/2+1:],
		"cut":                                signed[:strings.LastIndexByte(signed, '.')+1],
		"no token":                           "x",
		"empty":                              "",
	} {
		if got, err := v.Caller("Bearer " + token); err == nil || got.Kind != access.Anonymous {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := v.Caller("Basic " + signed); err == nil || got.Kind != access.Anonymous {
		t.Errorf("another scheme: %+v, %v", got, err)
	}
}

// hmacWithThePublicKey is the oldest trick against verifiers that let the token
// choose its algorithm.
func hmacWithThePublicKey(t *testing.T) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "auth", "aud": accesstest.Shop, "sub": "ed", "kind": "staff", "exp": time.Now().Add(time.Hour).Unix()})
	token.Header["kid"] = "auth/1"
	signed, err := token.SignedString([]byte(accesstest.JWKS()))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestWithoutKeysNoTokenIsGood(t *testing.T) {
	keys, err := access.KeysFrom(t.Context(), env(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*access.Keys{keys, access.NoKeys()} {
		if got, err := access.NewVerifier(k, accesstest.Shop, time.Now).Caller(accesstest.Staff(t, "catalog:write")); err == nil {
			t.Errorf("%+v", got)
		}
	}
}

func TestAKeySetThatIsWrongStopsTheStartAndLeavesTheLastGoodOneLater(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "x", "no keys": `{"keys":[]}`, "another curve": `{"keys":[{"kty":"OKP","crv":"X25519","kid":"a","x":"AA"}]}`,
		"no kid": strings.ReplaceAll(accesstest.JWKS(), `"kid"`, `"id"`),
	} {
		if _, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS": text})); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	file := filepath.Join(t.TempDir(), "jwks.json")
	write(t, file, accesstest.JWKS())
	keys, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS_FILE": file}))
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "half a file")
	if err := keys.Look(t.Context()); err == nil {
		t.Error("half a file is taken")
	}
	v := access.NewVerifier(keys, accesstest.Shop, time.Now)
	if _, err := v.Caller(accesstest.Staff(t, "x")); err != nil {
		t.Errorf("the last good keys are gone: %v", err)
	}
}

func TestKeysAreReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "jwks.json")
	write(t, file, accesstest.JWKS())
	keys, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS_FILE": file}))
	if err != nil {
		t.Fatal(err)
	}
	v := access.NewVerifier(keys, accesstest.Shop, time.Now)
	late := "Bearer " + accesstest.Issue(t, "auth/rotated", jwt.MapClaims{"sub": "jane", "kind": "customer"})
	if _, err := v.Caller(late); err == nil {
		t.Fatal("a key is known before it was published")
	}
	write(t, file, accesstest.JWKS())
	if err := keys.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Caller(late); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}

func TestKeysOfAnAddressMayComeLater(t *testing.T) {
	status := http.StatusServiceUnavailable
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(accesstest.JWKS()))
	}))
	defer auth.Close()
	keys, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS_URL": auth.URL}))
	if err != nil {
		t.Fatalf("auth that starts later stops us: %v", err)
	}
	v := access.NewVerifier(keys, accesstest.Shop, time.Now)
	if _, err := v.Caller(accesstest.Staff(t, "x")); err == nil {
		t.Error("keys of a 503 are taken")
	}
	status = http.StatusOK
	if err := keys.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Caller(accesstest.Staff(t, "x")); err != nil {
		t.Error(err)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	keys, err := access.KeysFrom(t.Context(), env(map[string]string{"SHOP_JWKS": accesstest.JWKS()}))
	if err = errors.Join(err, keys.Watch(ctx), access.NoKeys().Watch(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestAServicesOwnTokenIsTakenByOthersAndMadeAnewInTime(t *testing.T) {
	now := time.Now()
	m, err := access.NewMinter([]byte(accesstest.PrivateJWK("checkout")), accesstest.Shop, "checkout", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	first, err := m.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p, err := verifier(t).Caller("Bearer " + first); err != nil || p.Kind != access.ServiceKind || p.Subject != "checkout" {
		t.Errorf("%+v %v", p, err)
	}
	now = now.Add(3 * time.Minute)
	if again, _ := m.Token(t.Context()); again != first {
		t.Error("a token is made for each call")
	}
	now = now.Add(time.Minute)
	if again, _ := m.Token(t.Context()); again == first {
		t.Error("a token is used that ends within a minute")
	}
}

func TestAKeyOfAnotherServiceOrOfAuthIsNotUsed(t *testing.T) {
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey) //nolint:forcetypeassert // Ed25519's public key
	for name, key := range map[string]string{
		"another service's": accesstest.PrivateJWK("cart"),
		"auth's":            strings.Replace(accesstest.PrivateJWK("checkout"), "service/checkout/1", "auth/1", 1),
		"a public one":      `{"kty":"OKP","crv":"Ed25519","kid":"service/checkout/1","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`,
		"no key":            `secret-that-must-not-be-told`,
	} {
		_, err := access.NewMinter([]byte(key), accesstest.Shop, "checkout", time.Now)
		if err == nil || strings.Contains(err.Error(), "secret-that") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
