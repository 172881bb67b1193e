// Command token prints a token for the sample shop, beside those that its auth gives to staff with a password: of a customer, or
// of staff with scopes. The first time it makes the key that signs it, as a Secret in the cluster, and tells the services its
// public half. That is a release, since a service's configuration is part of one.
//
// With -service-key it asks no cluster: it makes a key that a service signs its own tokens with, and prints the Secret and the
// public half, which goes into the ConfigMap shop-service-keys.
//
//	curl -H "Authorization: Bearer $(go run ./hack/token -customer anna)" …
//	go run ./hack/token -staff jo -scope catalog:write -for 8h
//	go run ./hack/token -service-key checkout
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/emporium-shop/emporium/services/tokens"
	"github.com/emporium-shop/emporium/test/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "token:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	claims, service, err := parse(args, time.Now())
	if err != nil {
		return err
	}
	if service != "" {
		fmt.Print(serviceKey(service))
		return nil
	}
	here, err := stage.Here(os.Stderr)
	if err != nil {
		return err
	}
	key, err := here.Keys(ctx)
	if err != nil {
		return err
	}
	token, err := key.Sign(claims)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

// parse makes claims of the flags, or says which service a key is for.
func parse(args []string, now time.Time) (jwt.MapClaims, string, error) {
	f := flag.NewFlagSet("token", flag.ContinueOnError)
	customer := f.String("customer", "", "the customer's `id`")
	staff := f.String("staff", "", "the `id` of a member of staff")
	scope := f.String("scope", "", "what staff may do, separated by blanks: catalog:write")
	service := f.String("service-key", "", "make a key for the service of this `name`, and no token")
	life := f.Duration("for", tokens.Life, "how long it is good")
	if err := f.Parse(args); err != nil {
		return nil, "", err
	}
	if f.NArg() > 0 || named(*customer, *staff, *service) != 1 {
		return nil, "", errors.New("name one: -customer ID, or -staff ID -scope SCOPE, or -service-key NAME")
	}
	if *service != "" && len(validation.IsDNS1035Label(*service)) > 0 {
		return nil, "", fmt.Errorf("-service-key %s: that is no name of a ShopService, such as checkout", *service)
	}
	if *life <= 0 {
		return nil, "", errors.New("-for must be longer than nothing")
	}
	claims := jwt.MapClaims{"aud": stage.Shop, "sub": *customer, "kind": "customer", "exp": now.Add(*life).Unix()}
	if *staff != "" {
		claims["sub"], claims["kind"], claims["scope"] = *staff, "staff", *scope
	}
	return claims, *service, nil
}

func named(texts ...string) (n int) {
	for _, text := range texts {
		if text != "" {
			n++
		}
	}
	return n
}

// serviceKey is a new key: the Secret that the service takes, and what everybody else needs of it.
func serviceKey(service string) string {
	key := tokens.New("service/" + service + "/" + strings.ToLower(rand.Text()))
	return fmt.Sprintf(`# Keep it out of Git. %[1]s takes it by envFrom: [{secretRef: {name: %[1]s-key}}].
apiVersion: v1
kind: Secret
metadata:
  name: %[1]s-key
  namespace: %[2]s
  annotations:
    shop.emporium.dev/allowed-services: %[1]s,%[1]s-worker
stringData:
  SHOP_SERVICE_KEY: '%[3]s'
# Public. Release it in jwks.json of the ConfigMap shop-service-keys first, beside the old key, and the Secret with a later release:
# %[4]s
`, service, stage.Shop, key.Private(), tokens.JWKS(key))
}
