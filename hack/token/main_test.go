package main

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/services/tokens"
)

func TestATokenIsOfACustomerOrOfStaff(t *testing.T) {
	now := time.Unix(1000, 0)
	c, _, err := parse([]string{"-customer", "anna"}, now)
	if err != nil || c["sub"] != "anna" || c["kind"] != "customer" || c["aud"] != "acme" || c["scope"] != nil || c["exp"] != int64(1300) {
		t.Errorf("%v, %v", c, err)
	}
	c, _, err = parse([]string{"-staff", "jo", "-scope", "catalog:write", "-for", "1h"}, now)
	if err != nil || c["sub"] != "jo" || c["kind"] != "staff" || c["scope"] != "catalog:write" || c["exp"] != int64(4600) {
		t.Errorf("%v, %v", c, err)
	}
	for _, args := range [][]string{nil, {"-customer", "a", "-staff", "b"}, {"-customer", "a", "b"}, {"-customer", "a", "-for", "0s"}, {"-x"},
		{"-service-key", "cart", "-customer", "a"}, {"-service-key", "Not a name"}, {"-service-key", "x/y"}} {
		if c, _, err := parse(args, now); err == nil {
			t.Errorf("%v: %v", args, c)
		}
	}
}

// What is printed is what the service takes, and what others check its tokens with; a second one is another.
func TestAServiceKeyIsASecretAndItsPublicHalf(t *testing.T) {
	if _, name, err := parse([]string{"-service-key", "checkout"}, time.Now()); err != nil || name != "checkout" {
		t.Fatalf("%q, %v", name, err)
	}
	text := serviceKey("checkout")
	var secret corev1.Secret
	if err := yaml.UnmarshalStrict([]byte(text), &secret); err != nil {
		t.Fatal(err)
	}
	private := secret.StringData["SHOP_SERVICE_KEY"]
	key, err := tokens.Parse([]byte(private))
	if err != nil || secret.Name != "checkout-key" || secret.Annotations["shop.emporium.dev/allowed-services"] != "checkout,checkout-worker" {
		t.Fatalf("%v: %s", err, text)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	set := strings.TrimPrefix(lines[len(lines)-1], "# ")
	if set != string(tokens.JWKS(key)) || !strings.Contains(set, `"kid":"service/checkout/`) {
		t.Errorf("the public half is %s", set)
	}
	if strings.Contains(set, `"d"`) || serviceKey("checkout") == text {
		t.Error("the private half is among the public ones, or it is the same key again")
	}
}
