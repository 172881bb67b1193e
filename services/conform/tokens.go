package conform

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// issuer plays auth: it has two keys, as while they turn over, and one for each
// service. Tokens are put together by hand, because the checker forges them, too,
// and libraries rightly refuse to.
type issuer struct {
	shop string
	keys map[string]ed25519.PrivateKey // by kid
}

// claims are those of the contract; a nil value leaves one out.
type claims map[string]any

const (
	oldKey, newKey = "auth/1", "auth/2"
	tokenLife      = 5 * time.Minute
)

func newIssuer(shop string, services ...string) *issuer {
	i := &issuer{shop: shop, keys: map[string]ed25519.PrivateKey{}}
	for _, kid := range append([]string{oldKey, newKey}, kids(services)...) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil { // no randomness: nothing can be checked
			panic(err)
		}
		i.keys[kid] = key
	}
	return i
}

func kids(services []string) []string {
	var out []string
	for _, s := range services {
		out = append(out, serviceKey(s))
	}
	return out
}

func serviceKey(service string) string { return "service/" + service + "/1" }

type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Alg string `json:"alg"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	X   string `json:"x"`
	D   string `json:"d,omitempty"`
}

func (i *issuer) jwk(kid string, private bool) jwk {
	key := i.keys[kid]
	out := jwk{Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", Use: "sig", Kid: kid, X: b64(key.Public().(ed25519.PublicKey))}
	if private {
		out.D = b64(key.Seed())
	}
	return out
}

// jwks is the key set that services verify by.
func (i *issuer) jwks() string {
	var keys []jwk
	for kid := range i.keys {
		keys = append(keys, i.jwk(kid, false))
	}
	return text(map[string]any{"keys": keys})
}

// privateKey is what a service signs its own tokens with.
func (i *issuer) privateKey(service string) string { return text(i.jwk(serviceKey(service), true)) }

// customer, staff and service are the claims of such a caller.
func (i *issuer) customer(subject string) claims { return i.base("auth", subject, "customer") }

func (i *issuer) staff(scope string) claims {
	c := i.base("auth", "staff-1", "staff")
	c["scope"] = scope
	return c
}

func (i *issuer) service(name string) claims { return i.base("service/"+name, name, "service") }

func (i *issuer) base(iss, subject, kind string) claims {
	now := time.Now()
	return claims{"iss": iss, "aud": i.shop, "sub": subject, "kind": kind, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix()}
}

// sign makes a token with one of the issuer's keys.
func (i *issuer) sign(kid string, c claims) string {
	signed := head("EdDSA", kid) + "." + b64([]byte(text(c)))
	return signed + "." + b64(ed25519.Sign(i.keys[kid], []byte(signed)))
}

// unsigned is the oldest forgery: alg none.
func unsigned(kid string, c claims) string {
	return head("none", kid) + "." + b64([]byte(text(c))) + "."
}

// confused is signed by HMAC with the public key, which everybody has, as the secret.
func (i *issuer) confused(kid string, c claims) string {
	signed := head("HS256", kid) + "." + b64([]byte(text(c)))
	mac := hmac.New(sha256.New, i.keys[kid].Public().(ed25519.PublicKey))
	mac.Write([]byte(signed))
	return signed + "." + b64(mac.Sum(nil))
}

func head(alg, kid string) string {
	return b64([]byte(text(map[string]string{"alg": alg, "typ": "JWT", "kid": kid})))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // maps of strings and numbers
		panic(err)
	}
	return string(b)
}
