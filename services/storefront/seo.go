// What search engines and previews of links read.
package storefront

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	mapFresh    = 10 * time.Minute
	mapPatience = 4 * time.Second
	// mapPages of mapLimit products each are in the sitemap at most.
	mapPages, mapLimit = 50, 100
)

// aHost keeps what is no name of a host out of addresses.
var aHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9A-Fa-f:.]+\](:[0-9]+)?$`)

// origin is the shop's address as the visitor knows it; empty where nobody tells.
func origin(r *http.Request) string {
	host, scheme := r.Header.Get("X-Forwarded-Host"), "http"
	if host == "" {
		host = r.Host
	}
	if !aHost.MatchString(host) {
		return ""
	}
	if secure(r) {
		scheme = "https"
	}
	return scheme + "://" + host
}

// about describes a list in a sentence.
func (s *shop) about(say speech, l listing, b homeBody) string {
	switch {
	case l.Category != "" && b.Found != "":
		return say("%s at %s: %s.", named(l.Category, b.Categories).Name, s.name, b.Found)
	case b.Found != "" && l.Query == "":
		return say("%s in %d categories at %s.", b.Found, len(b.Categories), s.name)
	}
	return ""
}

// structured is a product in the words of schema.org. html/template writes it as
// JSON that no text can break out of.
func structured(origin string, p product, b productBody) any {
	offer := map[string]any{"@type": "Offer", "url": origin + p.Path(), "price": p.Price.Amount, "priceCurrency": p.Price.Currency}
	switch {
	case b.Stock.Out():
		offer["availability"] = "https://schema.org/OutOfStock"
	case b.Stock.known():
		offer["availability"] = "https://schema.org/InStock"
	}
	data := map[string]any{
		"@context": "https://schema.org", "@type": "Product", "name": p.Name, "sku": p.SKU, "description": p.Description,
		"brand": map[string]any{"@type": "Brand", "name": p.Brand}, "image": origin + p.Image, "offers": offer,
	}
	b.Group.described(p, data)
	if said := b.Reviews.Summary; said.Count > 0 {
		data["aggregateRating"] = map[string]any{"@type": "AggregateRating", "ratingValue": b.Reviews.Average(), "reviewCount": said.Count, "bestRating": mostStars}
	}
	return data
}

func (s *shop) robots(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	var sitemap string
	if from := origin(r); from != "" {
		sitemap = "\nSitemap: " + from + "/sitemap.xml\n"
	}
	_, _ = fmt.Fprintf(w, "User-agent: *\nDisallow: /cart\nDisallow: /checkout\nDisallow: /orders\nDisallow: /search\nDisallow: /language\n%s", sitemap) // the client may be gone
}

type urlSet struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	XHTML   string    `xml:"xmlns:xhtml,attr"`
	URLs    []siteURL `xml:"url"`
}

// siteURL is a page, and where it is in each language.
type siteURL struct {
	Loc   string     `xml:"loc"`
	Links []siteLink `xml:"xhtml:link"`
}

type siteLink struct {
	Rel  string `xml:"rel,attr"`
	Lang string `xml:"hreflang,attr"`
	Href string `xml:"href,attr"`
}

// located is a page as the sitemap lists it.
func (s settings) located(from, path string) siteURL {
	one := siteURL{Loc: from + path}
	for _, l := range languages {
		one.Links = append(one.Links, siteLink{"alternate", l.Code, from + s.prefixed(l.Code, path)})
	}
	return one
}

// sitemap lists what there is to be found.
func (s *shop) sitemap(w http.ResponseWriter, r *http.Request) {
	paths, known := s.paths.get(r.Context(), "")
	s.contents.warm(r.Context())
	s.contents.look(r.Context())
	from := origin(r)
	if !known || from == "" {
		s.fail(w, r, http.StatusServiceUnavailable)
		return
	}
	paths = append(slices.Clip(paths), s.written()...)
	set := urlSet{XHTML: "http://www.w3.org/1999/xhtml"}
	for _, path := range paths {
		set.URLs = append(set.URLs, s.located(from, path))
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=600")
	_, _ = strings.NewReader(xml.Header).WriteTo(w) // the client may be gone
	_ = xml.NewEncoder(w).Encode(set)
}

// written are the paths of the owner's pages and of those of cms.
func (s *shop) written() (paths []string) {
	for _, t := range s.texts {
		paths = append(paths, t.Path())
	}
	for _, e := range s.contents.entries() {
		if !s.owns(e.Slug) {
			paths = append(paths, text{Slug: e.Slug}.Path())
		}
	}
	return paths
}

// everything walks catalog's list.
func (c catalog) everything(ctx context.Context, _ string) ([]string, error) {
	all, err := c.categories(ctx)
	if err != nil {
		return nil, err
	}
	paths := []string{"/"}
	for _, one := range all {
		paths = append(paths, one.Path())
	}
	l := listing{Limit: mapLimit}
	for range mapPages {
		list, err := c.products(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, p := range list.Items {
			paths = append(paths, p.Path())
		}
		if l.Cursor = list.Next; l.Cursor == "" {
			break
		}
	}
	return paths, nil
}
