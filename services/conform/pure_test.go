package conform

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestTokensAreSignedByTheKeysThatArePublished(t *testing.T) {
	i := newIssuer("acme", "reviews")
	var set struct{ Keys []jwk }
	if err := json.Unmarshal([]byte(i.jwks()), &set); err != nil || len(set.Keys) != 3 {
		t.Fatalf("%d keys: %v", len(set.Keys), err)
	}
	for _, key := range set.Keys {
		if key.D != "" {
			t.Errorf("%s is published with its private part", key.Kid)
		}
		parts := strings.Split(i.sign(key.Kid, i.staff("x:write")), ".")
		x, err1 := base64.RawURLEncoding.DecodeString(key.X)
		signature, err2 := base64.RawURLEncoding.DecodeString(parts[2])
		if err := first(err1, err2); err != nil || !ed25519.Verify(x, []byte(parts[0]+"."+parts[1]), signature) {
			t.Errorf("%s does not verify: %v", key.Kid, err)
		}
	}
	if token := i.sign(newKey, i.customer("c")); flipped(token) == token {
		t.Error("flipped left the token as it is")
	}
}

func TestClaimsAreChangedInACopy(t *testing.T) {
	one := claims{"exp": 1, "sub": "a"}
	two := one.with("exp", nil)
	if _, ok := two["exp"]; ok || one["exp"] != 1 || two["sub"] != "a" {
		t.Errorf("got %v and %v", one, two)
	}
}

func TestABodyIsReorderedAndStaysTheSame(t *testing.T) {
	body := []byte(`{"a": 1, "b": {"c": [1, 2]}, "d": "x y"}`)
	other := reordered(body)
	var one, two any
	if err := first(json.Unmarshal(body, &one), json.Unmarshal(other, &two)); err != nil || text(one) != text(two) || strings.HasPrefix(string(other), `{"a"`) {
		t.Errorf("%s became %s: %v", body, other, err)
	}
}

func TestTheSameAnswerIsTheSameInAllThatCounts(t *testing.T) {
	one := &Answer{Status: 201, Header: http.Header{"Etag": {`"1"`}, "Location": {"/x/1"}}, Body: []byte("{}")}
	for name, c := range map[string]struct {
		again *Answer
		want  bool
	}{
		"the same":         {&Answer{Status: 201, Header: http.Header{"Etag": {`"1"`}, "Location": {"/x/1"}, "Date": {"later"}}, Body: []byte("{}")}, true},
		"another status":   {&Answer{Status: 200, Header: one.Header, Body: one.Body}, false},
		"another body":     {&Answer{Status: 201, Header: one.Header, Body: []byte("{ }")}, false},
		"another version":  {&Answer{Status: 201, Header: http.Header{"Etag": {`"2"`}, "Location": {"/x/1"}}, Body: one.Body}, false},
		"another location": {&Answer{Status: 201, Header: http.Header{"Etag": {`"1"`}}, Body: one.Body}, false},
	} {
		if err := same(one, c.again); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWalkLosesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string
		removed       string
		want          bool
	}{
		"all there":         {"a b c", "a b x c", "", true},
		"one lost":          {"a b c", "a c", "", false},
		"one removed":       {"a b c", "a c", "b", true},
		"one twice":         {"a b", "a a b", "", false},
		"a part of a name":  {"a ab", "ab", "", false},
		"nothing was there": {"", "x", "", true},
	} {
		removed := map[string]bool{}
		for _, k := range strings.Fields(c.removed) {
			removed[k] = true
		}
		if err := lost(strings.Fields(c.before), strings.Fields(c.after), removed); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlaceholdersAreFilledIn(t *testing.T) {
	thing := &thing{path: "/api/cart/7", body: map[string]any{"secret": "s3", "n": 1}}
	for in, want := range map[string]string{
		"{created}/items/A": "/api/cart/7/items/A", "Cart {created.secret}": "Cart s3", "/x": "/x", "{created.n}": "{created.n}",
	} {
		if got := thing.expand(in); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

func TestEvidenceIsShortAndKeepsSecrets(t *testing.T) {
	h := http.Header{"Authorization": {"Bearer " + strings.Repeat("x", 300)}, "X-Long": {strings.Repeat("y", 9000)}}
	if got := headerText(h); len(got) > 400 || strings.Contains(got, strings.Repeat("x", 30)) {
		t.Errorf("%d bytes: %s", len(got), got)
	}
	if got := clip([]byte{0xff, 0xfe}); !strings.Contains(got, "2 bytes") {
		t.Errorf("got %s", got)
	}
}

// A service that runs says what its lists are, and not which member tells two items apart: those without an id are told apart by all they say.
func TestItemsWithoutAnIDAreToldApartByAllTheySay(t *testing.T) {
	gold, silver := map[string]any{"name": "gold", "points": 2000}, map[string]any{"name": "silver", "points": 500}
	known := map[string]any{"id": "7", "name": "gold"}
	for key, want := range map[string]bool{"": false, "name": false, "colour": true} {
		c := &Case{world: &world{Target: Target{Settings: &Settings{List: &List{Key: key}}}}}
		if same := c.key(gold) == c.key(silver); same != want {
			t.Errorf("by %q two items are the same: %t", key, same)
		}
	}
	c := &Case{world: &world{Target: Target{Settings: &Settings{List: &List{}}}}}
	if c.key(known) != "7" || c.key(gold) != c.key(map[string]any{"points": 2000, "name": "gold"}) {
		t.Errorf("%s, %s", c.key(known), c.key(gold))
	}
}
