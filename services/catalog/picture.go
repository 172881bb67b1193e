package catalog

import (
	"fmt"
	"hash/fnv"
	"html"
)

// shapes draws each category in a field of 200 by 200, in the colours --a and --b.
var shapes = map[string]string{
	"kitchen":       `<path class="a" d="M45 85h90v45a20 20 0 0 1-20 20H65a20 20 0 0 1-20-20z"/><path class="b" d="M40 75h100v12H40z"/><path class="a" d="M140 90h45v12h-45z"/><circle class="b" cx="90" cy="68" r="8"/>`,
	"tableware":     `<circle class="a" cx="100" cy="105" r="62"/><circle class="b" cx="100" cy="105" r="42"/><circle class="a" cx="100" cy="105" r="36" opacity=".35"/>`,
	"coffee-tea":    `<path class="a" d="M50 80h85v45a35 35 0 0 1-35 35H85a35 35 0 0 1-35-35z"/><path class="o" d="M135 92h14a16 16 0 0 1 0 32h-14"/><path class="p" d="M75 65q-8-12 0-24M95 65q-8-12 0-24M115 65q-8-12 0-24"/>`,
	"home-textiles": `<rect class="a" x="45" y="55" width="110" height="100" rx="14"/><path class="p" d="M45 80h110M45 105h110M45 130h110M72 55v100M100 55v100M128 55v100"/>`,
	"lighting":      `<path class="a" d="M70 45h60l25 60H45z"/><path class="b" d="M95 105h10v45H95z"/><rect class="b" x="68" y="148" width="64" height="10" rx="5"/>`,
	"stationery":    `<rect class="a" x="55" y="42" width="90" height="120" rx="8"/><path class="p" d="M75 72h52M75 92h52M75 112h36"/><path class="b" d="M55 42h12v120H55z"/>`,
	"bags":          `<path class="a" d="M48 80h104l10 80H38z"/><path class="o" d="M75 82V66a25 25 0 0 1 50 0v16"/><rect class="b" x="85" y="105" width="30" height="8" rx="4"/>`,
	"outdoor":       `<path class="a" d="M25 155 85 55l40 65 15-22 35 57z"/><path class="b" d="m85 55 19 31-12 9-9-8-12 7-6-6z"/><circle class="b" cx="148" cy="60" r="14"/>`,
	"garden":        `<path class="b" d="M65 115h70l-9 45H74z"/><path class="a" d="M100 115V70c0-25 20-35 45-35 0 28-18 40-45 40C78 75 60 65 55 42c26-2 45 10 45 34z"/>`,
	"toys":          `<rect class="a" x="45" y="100" width="55" height="55" rx="6"/><rect class="b" x="105" y="100" width="55" height="55" rx="6"/><path class="a" d="m102 40 34 54H68z"/><circle class="b" cx="102" cy="76" r="9"/>`,
}

// picture draws a product: the category gives the shape, the SKU the colours.
// It needs no file, and is the same from every replica and every release.
func picture(p Product) []byte {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p.SKU)) // never fails
	hue := h.Sum32() % 360
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" role="img"><title>%s</title>`+
		`<style>.a{fill:hsl(%d 42%% 42%%)}.b{fill:hsl(%d 55%% 68%%)}.o{fill:none;stroke:hsl(%d 42%% 42%%);stroke-width:9}.p{fill:none;stroke:hsl(%d 60%% 90%%);stroke-width:5;stroke-linecap:round}</style>`+
		`<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(%d 45%% 95%%)"/><stop offset="1" stop-color="hsl(%d 40%% 85%%)"/></linearGradient></defs>`+
		`<rect width="200" height="200" fill="url(#g)"/><ellipse cx="100" cy="164" rx="68" ry="8" fill="#000" opacity=".08"/>%s</svg>`,
		html.EscapeString(p.Name), hue, (hue+35)%360, hue, hue, hue, (hue+40)%360, shapes[p.Category])
}
