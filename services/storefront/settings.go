// What the owner of the shop tells the storefront, beside what every service is told.
package storefront

import (
	"cmp"
	"fmt"
	"regexp"
)

// settings are read once, at the start: what is wrong stops a release before it serves.
type settings struct {
	// locale says how amounts are written (SHOP_LOCALE): "de" is 12,90 €. Unset: "en".
	locale string
	// currency is that of amounts that come without one (SHOP_CURRENCY). Unset: EUR.
	currency string
	// tagline greets on the front page (TAGLINE). Unset: "Welcome to" the shop.
	tagline string
	// note stands beside prices (PRICE_NOTE). Unset: what the law of the EU asks of
	// who sells to consumers.
	note string
	// texts are the owner's own pages (PAGES_DIR): imprint, terms, privacy.
	texts []text
	// countries are where the shop sends goods (SHIP_TO): "DE,AT". Unset: all of the EU.
	countries []country
}

const (
	defaultLocale   = "en"
	defaultCurrency = "EUR"
	defaultNote     = "incl. VAT, plus shipping"
)

var aLocale = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$`)

func settingsFrom(get func(string) string) (settings, error) {
	s := settings{locale: cmp.Or(get("SHOP_LOCALE"), defaultLocale), note: cmp.Or(get("PRICE_NOTE"), defaultNote), tagline: get("TAGLINE"), currency: cmp.Or(get("SHOP_CURRENCY"), defaultCurrency)}
	if !aLocale.MatchString(s.locale) {
		return settings{}, fmt.Errorf("reading the environment: SHOP_LOCALE must be a locale such as de or en-GB, not %q", s.locale)
	}
	var err error
	if s.countries, err = shipsTo(get("SHIP_TO")); err != nil {
		return settings{}, err
	}
	if folder := get("PAGES_DIR"); folder != "" {
		s.texts, err = textsIn(folder)
	}
	return s, err
}
