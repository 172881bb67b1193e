// The front page's categories, each with a picture.
package storefront

import "context"

// tile is a category as the front page shows it. Without a picture it is a name.
type tile struct {
	category
	Cover product
}

// tiles asks for one product of each category, all at once; the answers are kept
// for a minute, as a picture may be old.
func (s *shop) tiles(ctx context.Context, categories []category) []tile {
	all := make([]tile, len(categories))
	asked := make([]<-chan product, len(categories))
	for n, c := range categories {
		asked[n] = alongside(ctx, func(ctx context.Context) (product, error) {
			first, _ := s.covers.get(ctx, c.Slug)
			return first, nil
		})
	}
	for n, c := range categories {
		all[n] = tile{c, <-asked[n]}
	}
	return all
}

// cover is a category's first product, whose picture stands for all.
func (c catalog) cover(ctx context.Context, slug string) (product, error) {
	list, err := c.products(ctx, listing{Category: slug, Limit: 1})
	if err != nil || len(list.Items) == 0 {
		return product{}, err
	}
	return list.Items[0], nil
}
