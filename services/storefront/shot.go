// How a page shows a picture: from which addresses, how large, and whether before the rest.
package storefront

// shot is what the template "picture" is made from. Without Set it is a drawing of catalog's, which has every size.
type shot struct {
	Src, Set, Sizes, Alt string
	Width, Height        int
	// First ones are what a visitor waits for; the others are loaded when they come into view.
	First, Eager bool
}

// place is where on a page a picture stands: how large a drawing says it is, and how wide it is laid out (app.css).
type place struct {
	side         int
	width        int // the address that a browser without srcset loads
	sizes        string
	first, eager bool
}

var places = map[string]place{
	"card":  {side: 400, width: 320, sizes: "(min-width: 34em) 285px, calc(100vw - 4.1rem)"},
	"first": {side: 400, width: 320, sizes: "(min-width: 34em) 285px, calc(100vw - 4.1rem)", first: true},
	"page":  {side: 800, width: 640, sizes: "(min-width: 52em) 570px, calc(100vw - 2.5rem)", first: true},
	"line":  {side: 400, width: 160, sizes: "72px"},
	"tile":  {side: 400, width: 160, sizes: "64px", eager: true},
}

// shotOf is a product's picture at a place, or what catalog drew of it.
func (p *photos) shotOf(sku, drawn, alt, where string) shot {
	at := places[where]
	s := shot{Src: drawn, Alt: alt, Width: at.side, Height: at.side, First: at.first, Eager: at.eager}
	one, there := p.of(sku)
	if !there {
		return s
	}
	s.Src, s.Set, s.Sizes = one.at(at.width), one.set(), at.sizes
	s.Width, s.Height = at.side, one.high(at.side)
	if alt != "" && one.Alt != "" { // beside its name a picture needs no words
		s.Alt = one.Alt
	}
	return s
}
