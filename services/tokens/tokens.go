// Package tokens makes keys, and the tokens that services take (contract v1, group A), where no auth does: for a laptop, a
// sample shop, a test. Who has a key can be anybody, so a private one is kept as a Secret is.
package tokens

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// AuthKey is the id of a key that signs for everybody but services; a service's own begins with service/<name>/.
const AuthKey = "auth/1"

// Life is how long a token is good that says nothing else.
const Life = 5 * time.Minute

// Key signs tokens.
type Key struct {
	id      string
	private ed25519.PrivateKey
}

// jwk is a JSON Web Key (RFC 7517, 8037).
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
	X         string `json:"x"`
	D         string `json:"d,omitempty"`
}

var base = base64.RawURLEncoding

// New makes a key.
func New(id string) Key {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil { // crypto/rand does not fail
		panic(err)
	}
	return Key{id, private}
}

// OfSample makes the key that a service of the sample shop signs with: the same each time, and known to everybody who reads
// this, as the samples' passwords are.
func OfSample(service string) Key {
	seed := sha256.Sum256([]byte("emporium sample: the key of " + service))
	return Key{"service/" + service + "/sample", ed25519.NewKeyFromSeed(seed[:])}
}

var errKey = errors.New("is no private Ed25519 key in JWK form")

// Parse reads what Private wrote.
func Parse(text []byte) (Key, error) {
	var k jwk
	if json.Unmarshal(text, &k) != nil {
		return Key{}, errKey // not the cause: it may hold the key
	}
	seed, err := base.DecodeString(k.D)
	if err != nil || k.Type != "OKP" || k.Curve != "Ed25519" || k.ID == "" || len(seed) != ed25519.SeedSize {
		return Key{}, errKey
	}
	return Key{k.ID, ed25519.NewKeyFromSeed(seed)}, nil
}

// Private is the key as a JSON Web Key: what SHOP_SERVICE_KEY takes.
func (k Key) Private() []byte {
	one := k.public()
	one.D = base.EncodeToString(k.private.Seed())
	text, _ := json.Marshal(one) // strings only
	return text
}

func (k Key) public() jwk {
	public, _ := k.private.Public().(ed25519.PublicKey) // it is one
	return jwk{Type: "OKP", Curve: "Ed25519", Algorithm: "EdDSA", Use: "sig", ID: k.id, X: base.EncodeToString(public)}
}

// JWKS is the set of public keys that tokens are checked with: what SHOP_JWKS takes.
func JWKS(keys ...Key) []byte {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.public())
	}
	text, _ := json.Marshal(set) // strings only
	return text
}

// Sign makes a token: of auth, good for Life from now on, where the claims say nothing else. A claim that is nil is left out.
// A shop takes it whose name is the claim aud.
func (k Key) Sign(claims jwt.MapClaims) (string, error) {
	now := time.Now()
	all := jwt.MapClaims{"iss": "auth", "iat": now.Unix(), "exp": now.Add(Life).Unix()}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, all)
	token.Header["kid"] = k.id
	signed, err := token.SignedString(k.private)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed, nil
}
