// What pages say to search engines in the words of schema.org, beside the product itself (seo.go).
package storefront

// crumbs is the way to a page, from the front page on. The last one is the page itself and needs no address.
func crumbs(origin string, way ...crumb) any {
	items := make([]any, len(way))
	for n, one := range way {
		item := map[string]any{"@type": "ListItem", "position": n + 1, "name": one.Name}
		if one.Path != "" {
			item["item"] = origin + one.Path
		}
		items[n] = item
	}
	return map[string]any{"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
}

// crumb is one step of it.
type crumb struct{ Name, Path string }

// wayTo is the way to a product.
func wayTo(p product, c category) []crumb {
	way := []crumb{{"All products", "/"}}
	if c.Slug != "" {
		way = append(way, crumb{c.Name, c.Path()})
	}
	return append(way, crumb{Name: p.Name})
}

// organization is the shop; it is told of on the front page alone.
func organization(origin, name string) any {
	return map[string]any{"@context": "https://schema.org", "@type": "Organization", "name": name, "url": origin + "/"}
}

// said is what a list tells: the front page who the shop is, a category where it stands.
func (s *shop) said(origin string, l listing, categories []category) any {
	switch {
	case l.Everything():
		return organization(origin, s.name)
	case l.Category != "" && l.Query == "":
		return crumbs(origin, crumb{"All products", "/"}, crumb{Name: named(l.Category, categories).Name})
	}
	return nil
}
