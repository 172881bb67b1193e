// Command shopmap draws the map of the shop, docs/shop-map.svg: its services with what each owns, who asks whom, and which events go where.
// Nothing of it is written by hand: services and calls are those of services/*/shop (dependsOn), tables those of the migrations, events
// those of each service's /contract, which a service that is not in Go keeps as contract.json in its folder.
//
//	go run ./hack/shopmap
package main

import (
	"fmt"
	"os"
)

const picture = "docs/shop-map.svg"

func main() {
	text, err := drawn(".")
	if err == nil {
		err = os.WriteFile(picture, []byte(text), 0o644) //nolint:gosec // a page of the docs
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "drawing the map of the shop:", err)
		os.Exit(1)
	}
}

func drawn(root string) (string, error) {
	all, err := stations(root)
	if err != nil {
		return "", err
	}
	return picturing(all), nil
}
