package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/hack/services"
)

// checkout is an empty one, with a service that has a path.
func checkout(t *testing.T) string {
	t.Helper()
	at := t.TempDir()
	shop := filepath.Join(at, "services/cart/shop")
	if err := os.MkdirAll(shop, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"kustomization.yaml": "resources: [service.yaml]\n",
		"service.yaml":       "kind: ShopService\nmetadata: {name: cart}\nspec: {shop: acme, image: cart:1, routes: [{path: /api/cart}]}\n",
	} {
		if err := os.WriteFile(filepath.Join(shop, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

func TestANameThatCannotBeOneIsRefusedWithTheWayOut(t *testing.T) {
	at := checkout(t)
	for args, want := range map[string]string{
		"":                            "name the service first",
		"-path /api/x":                "name the service first",
		"Gift":                        "use small letters",
		"gift_cards":                  "use small letters",
		"7up":                         "begin with a letter",
		"gift--cards":                 "single -",
		"gift-":                       "single -",
		"../x":                        "use small letters",
		"gift cards":                  `"cards" behind the name`,
		"a-name-that-is-far-too-long": "choose a shorter one",
		"cart-worker":                 "choose a name without -worker",
		"order":                       "the plural for example",
		"user":                        "PostgreSQL's",
		"pg-tools":                    "PostgreSQL's",
		"range":                       "Go's",
		"fall-through":                "Go's",
		"internal":                    "choose another name",
		"database":                    "DATABASE_URL",
		"store":                       "choose another name",
		"cart":                        "services/cart is there",
		"gifts -path /gifts":          "begin with /api/",
		"gifts -path /api/":           "begin with /api/",
		"gifts -path /api/a/../b":     "begin with /api/",
		"gifts -path /api/Gifts":      "small letters",
		"gifts -path /api/cart":       "is the path of cart: give this service another one with -path",
		"gifts -about gifts":          "full stop",
		"gifts -language php":         "docs/guides/add-a-service-in-another-language.md",
	} {
		s, err := parse(strings.Fields(args))
		if err == nil {
			err = s.check(at)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
	for _, args := range []string{"gifts", "gift-cards", "gifts -path /api/cart/gifts", "orders -language go", "a1-b2"} {
		s, err := parse(strings.Fields(args))
		if err == nil {
			err = s.check(at)
		}
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestWhatIsThereIsNeverWrittenOver(t *testing.T) {
	at := checkout(t)
	s := service{Name: "gifts", Path: "/api/gifts", About: "Gifts."}
	mine := filepath.Join(at, "services/gifts/store.go")
	if err := os.MkdirAll(filepath.Dir(mine), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.check(at); err == nil {
		t.Error("the folder is taken for free")
	}
	// Also where it appeared after that look.
	if err := s.write(at); err == nil {
		t.Error("it is written")
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("it holds %q (%v)", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(at, "services/.draft-*")); len(left) > 0 {
		t.Errorf("half a service is left: %v", left)
	}
}

func TestAServiceHasTheStandardSet(t *testing.T) {
	s := service{Name: "gift-cards", Path: "/api/gift-cards", About: "Cards with money on them."}
	files, err := s.files()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Dockerfile", "api.go", "api_test.go", "cmd/main.go", "conform.json", "giftcards.go", "migrations/00001_items.sql", "rules_test.go", "seed.go",
		"service.go", "shop/kustomization.yaml", "shop/secret.yaml", "shop/service.yaml", "shop/team.yaml", "store.go", "store_test.go", "world_test.go",
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, text := range files {
		if strings.Contains(string(text), "{{") || strings.Contains(string(text), "<no value>") {
			t.Errorf("%s is not filled in: %s", name, text)
		}
	}
	if err := services.CheckDockerfile(s.Name, files["Dockerfile"]); err != nil {
		t.Error(err)
	}
	if secret := string(files["shop/secret.yaml"]); !strings.Contains(secret, "postgres://gift_cards:sample-gift-cards@postgres:5432/shop") {
		t.Errorf("the role is not the schema's: %s", secret)
	}
}
