// What the environment says beyond what every service is told.
package main

import (
	"fmt"
	"net/url"
)

type settings struct {
	CatalogURL, CartURL string
	// ReviewsURL is empty in a shop without reviews.
	ReviewsURL string
}

// readSettings refuses what is no address: a wrong one is better found when
// the process starts than by the first visitor.
func readSettings(lookup func(string) string) (settings, error) {
	set := settings{CatalogURL: lookup("CATALOG_URL"), CartURL: lookup("CART_URL"), ReviewsURL: lookup("REVIEWS_URL")}
	for name, address := range map[string]string{"CATALOG_URL": set.CatalogURL, "CART_URL": set.CartURL, "REVIEWS_URL": set.ReviewsURL} {
		if name == "REVIEWS_URL" && address == "" {
			continue
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return settings{}, fmt.Errorf("reading the environment: %s is not an http or https address", name)
		}
	}
	return set, nil
}
