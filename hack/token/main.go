// Command token prints a token for the sample shop, which has no auth service yet: of a customer, or of staff with scopes. The
// first time it makes the key that signs it, as a Secret in the cluster, and tells the services its public half. That is a
// release, since a service's configuration is part of one.
//
//	curl -H "Authorization: Bearer $(go run ./hack/token -customer anna)" …
//	go run ./hack/token -staff jo -scope catalog:write -for 8h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/golang-jwt/jwt/v5"

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
	claims, err := parse(args, time.Now())
	if err != nil {
		return err
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

// parse makes claims of the flags.
func parse(args []string, now time.Time) (jwt.MapClaims, error) {
	f := flag.NewFlagSet("token", flag.ContinueOnError)
	customer := f.String("customer", "", "the customer's `id`")
	staff := f.String("staff", "", "the `id` of a member of staff")
	scope := f.String("scope", "", "what staff may do, separated by blanks: catalog:write")
	life := f.Duration("for", tokens.Life, "how long it is good")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 || (*customer == "") == (*staff == "") {
		return nil, errors.New("name one: -customer ID, or -staff ID -scope SCOPE")
	}
	if *life <= 0 {
		return nil, errors.New("-for must be longer than nothing")
	}
	claims := jwt.MapClaims{"aud": stage.Shop, "sub": *customer, "kind": "customer", "exp": now.Add(*life).Unix()}
	if *staff != "" {
		claims["sub"], claims["kind"], claims["scope"] = *staff, "staff", *scope
	}
	return claims, nil
}
