package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/problem"
	"github.com/emporium-shop/emporium/services/tokens"
)

// root is the path that the shop gives to this service: shop/service.yaml.
const root = "/api/auth"

// api is the HTTP.
type api struct {
	store *store
	login *login
	// others are the public keys that services sign their own tokens with.
	others []json.RawMessage
}

type loginInput struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"128"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

type tokenBody struct {
	Token     string    `json:"token" doc:"For the header Authorization: Bearer"`
	ExpiresAt time.Time `json:"expiresAt"`
	Scopes    []string  `json:"scopes" nullable:"false"`
}

type tokenOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         tokenBody
}

type nothing struct{}

// jwkBody is a public key (RFC 7517, 8037).
type jwkBody struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	ID        string `json:"kid"`
	X         string `json:"x"`
}

type keysBody struct {
	Keys []jwkBody `json:"keys" nullable:"false"`
}

type keysOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         keysBody
}

func (a *api) routes(k *app.Kit) *httpapi.API {
	r := k.NewAPI()
	httpapi.Post(r, root+"/tokens", access.Public, a.token,
		httpapi.ID("createToken"), httpapi.Summary("A token for a member of staff"), httpapi.Safe(), httpapi.Refuses(http.StatusUnauthorized, http.StatusTooManyRequests),
		httpapi.About("Good for five minutes. A wrong name and a wrong password are answered alike. After ten of them a name rests until the minute is over."))
	httpapi.Get(r, "/.well-known/jwks.json", access.Public, a.keys,
		httpapi.ID("getKeys"), httpapi.Summary("The public keys that tokens are checked with"),
		httpapi.About("Read it again every 30 s, or once for a key that you do not know. A key is here an hour before the first token that it signs."))
	(&signInAPI{&customers{a.login}}).routes(r)
	return r
}

func (a *api) token(ctx context.Context, in *loginInput) (*tokenOutput, error) {
	t, err := a.login.token(ctx, in.Body.Name, in.Body.Password)
	if errors.Is(err, errWrong) {
		return nil, problem.New(problem.Unauthenticated, "The name or the password is wrong.").With("WWW-Authenticate", "Bearer")
	}
	if err != nil {
		return nil, err
	}
	return &tokenOutput{"no-store", tokenBody{t.Text, t.Expires, append([]string{}, t.Scopes...)}}, nil
}

func (a *api) keys(ctx context.Context, _ *nothing) (*keysOutput, error) {
	all, err := keysOf(ctx, a.store.db)
	if err != nil {
		return nil, err
	}
	out := &keysOutput{CacheControl: "public, max-age=30"}
	out.Body.Keys, err = published(all, a.others)
	return out, err
}

// published are the public halves of the keys, and the keys of services.
func published(keys []Key, others []json.RawMessage) ([]jwkBody, error) {
	var own []tokens.Key
	for _, k := range keys {
		one, err := tokens.Parse([]byte(k.Private))
		if err != nil {
			return nil, fmt.Errorf("reading the key %s: it %w", k.ID, err)
		}
		own = append(own, one)
	}
	var set keysBody
	if err := json.Unmarshal(tokens.JWKS(own...), &set); err != nil {
		return nil, fmt.Errorf("reading the public keys: %w", err)
	}
	for _, text := range others {
		var one jwkBody // of which the private half, should somebody have written it there, is no member
		if err := json.Unmarshal(text, &one); err != nil {
			return nil, fmt.Errorf("reading the key of a service: %w", err)
		}
		set.Keys = append(set.Keys, one)
	}
	return append([]jwkBody{}, set.Keys...), nil
}

// ofServices are the keys that sign for one service alone, of the sets in some variables. Others would sign for everybody, and
// are auth's to give.
func ofServices(get func(string) string, variables ...string) (list []json.RawMessage, err error) {
	for _, name := range variables {
		var all struct{ Keys []json.RawMessage }
		if get(name) == "" {
			continue
		}
		if err := json.Unmarshal([]byte(get(name)), &all); err != nil {
			return nil, errors.New(name + " is no JSON Web Key Set")
		}
		for _, text := range all.Keys {
			var one jwkBody
			if err := json.Unmarshal(text, &one); err == nil && strings.HasPrefix(one.ID, "service/") {
				list = append(list, text)
			}
		}
	}
	return list, nil
}
