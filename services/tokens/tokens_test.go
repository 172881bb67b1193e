package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/tokens"
)

// verifier checks tokens as every service does.
func verifier(t *testing.T, keys ...tokens.Key) *access.Verifier {
	t.Helper()
	set, err := access.KeysFrom(t.Context(), func(name string) string {
		return map[string]string{"SHOP_JWKS": string(tokens.JWKS(keys...))}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return access.NewVerifier(set, "acme", time.Now)
}

func TestAServiceTakesTheTokensOfAKeyThatItKnows(t *testing.T) {
	known, unknown := tokens.New(tokens.AuthKey), tokens.New(tokens.AuthKey)
	v := verifier(t, known, tokens.New("auth/2"))
	claims := jwt.MapClaims{"aud": "acme", "sub": "jo", "kind": "staff", "scope": "catalog:write"}
	signed, err := known.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := v.Caller("Bearer " + signed); err != nil || who.Subject != "jo" || who.Kind != access.StaffKind || len(who.Scopes) != 1 {
		t.Errorf("got %+v, %v", who, err)
	}
	foreign, _ := unknown.Sign(claims)
	for name, token := range map[string]string{"another key of that id": foreign, "no token": "x"} {
		if who, err := v.Caller("Bearer " + token); err == nil {
			t.Errorf("%s: let in as %+v", name, who)
		}
	}
	old, _ := known.Sign(jwt.MapClaims{"aud": "acme", "sub": "jo", "kind": "staff", "exp": time.Now().Add(-time.Minute).Unix()})
	if _, err := v.Caller("Bearer " + old); err == nil {
		t.Error("an expired one is taken")
	}
}

func TestAKeyIsReadAgainAndTheSetHoldsNothingPrivate(t *testing.T) {
	key := tokens.New("service/cart/1")
	again, err := tokens.Parse(key.Private())
	if err != nil || string(again.Private()) != string(key.Private()) {
		t.Errorf("it is another one: %v", err)
	}
	minter, err := access.NewMinter(key.Private(), "acme", "cart", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := minter.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if who, err := verifier(t, again).Caller("Bearer " + signed); err != nil || who.Subject != "cart" {
		t.Errorf("a service with this key: %+v, %v", who, err)
	}
	if set := string(tokens.JWKS(key)); strings.Contains(set, `"d"`) {
		t.Error("the set holds a private key")
	}
	for _, text := range []string{"", "{}", `{"kty":"OKP","crv":"Ed25519","kid":"a","d":"AA"}`, string(tokens.JWKS(key))} {
		if _, err := tokens.Parse([]byte(text)); err == nil || strings.Contains(err.Error(), "AA") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
