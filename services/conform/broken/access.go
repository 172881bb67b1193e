package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// keySet are the public keys of auth and of services, by kid.
type keySet map[string]ed25519.PublicKey

func readKeys(jwks string) (keySet, error) {
	var set struct{ Keys []struct{ Kid, X string } }
	if err := json.Unmarshal([]byte(jwks), &set); err != nil {
		return nil, fmt.Errorf("reading SHOP_JWKS: %w", err)
	}
	keys := keySet{}
	for _, k := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("reading SHOP_JWKS: key %s is no Ed25519 key", k.Kid)
		}
		keys[k.Kid] = x
	}
	return keys, nil
}

// caller is who sent a request.
type caller struct {
	Sub, Kind, Scope, Iss, Aud string
	Exp, Nbf                   int64
}

var errToken = errors.New("the token is not valid")

// verify reads a bearer token. Each line of it is a rule.
func (s *server) verify(token string) (caller, error) {
	var head struct{ Alg, Kid string }
	var who caller
	parts := strings.Split(token, ".")
	if len(parts) != 3 || decode(parts[0], &head) != nil || decode(parts[1], &who) != nil {
		return who, errToken
	}
	key := s.keys[head.Kid]
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if key == nil || err != nil {
		return who, errToken
	}
	if head.Alg != "EdDSA" {
		if s.breaks("A-04") && head.Alg == "none" {
			return who, nil
		}
		return who, errToken
	}
	if !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), signature) && !s.breaks("A-02") {
		return who, errToken
	}
	if s.breaks("A-07") && head.Kid == "auth/1" {
		return who, errToken
	}
	return who, s.claims(head.Kid, who)
}

// claims compares what the token says with who may say it, and when.
func (s *server) claims(kid string, who caller) error {
	now := time.Now().Unix()
	switch {
	case (who.Exp <= now || who.Nbf > now) && !s.breaks("A-03"):
		return errToken
	case who.Aud != s.env.shop && !s.breaks("A-05"):
		return errToken
	}
	if strings.HasPrefix(kid, "service/") && s.breaks("A-10") && (who.Iss == "auth" || strings.HasPrefix(who.Iss, "service/")) {
		return nil
	}
	if name, ok := strings.CutPrefix(kid, "service/"); ok {
		name, _, _ = strings.Cut(name, "/")
		if who.Kind != "service" || who.Sub != name || who.Iss != "service/"+name {
			return errToken
		}
		return nil
	}
	if who.Iss != "auth" && !s.breaks("A-05") {
		return errToken
	}
	return nil
}

func decode(part string, out any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

// admit tells whether the caller may ask the route, and answers when not.
func (s *server) admit(w *answer, r *http.Request, route *route) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if route.kind == "" {
		if s.breaks("A-09") && bearer {
			if _, err := s.verify(token); err != nil {
				s.refuse(w, r, 401, "unauthenticated", "The token is not valid.")
				return false
			}
		}
		return true
	}
	if !bearer {
		if !s.breaks("A-01") {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		s.refuse(w, r, 401, "unauthenticated", "Send a token.")
		return false
	}
	who, err := s.verify(token)
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		s.refuse(w, r, 401, "unauthenticated", "The token is not valid.")
		return false
	}
	if !s.allowed(who, route) {
		s.refuse(w, r, 403, "forbidden", "You may not do this.")
		return false
	}
	w.hop.caller = who
	return true
}

func (s *server) allowed(who caller, route *route) bool {
	switch {
	case s.breaks("A-06"):
		return true
	case who.Kind != route.kind:
		return false
	case who.Kind == "staff":
		return slices.Contains(strings.Fields(who.Scope), route.needs)
	case who.Kind == "service":
		return who.Sub == route.needs
	}
	return true
}
