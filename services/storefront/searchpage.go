// The pages of a search: what was found, with filters beside it, and what may be meant by the beginning of a word.
package storefront

import (
	"context"
	"errors"
	"net/http"
)

type searchBody struct {
	Heading string
	// Found says how many products there are; empty where nobody knows.
	Found   string
	Finding finding
	Items   []hit
	Facets  []facet
	Orders  []choice
	// Meant are suggestions.
	Meant []choice
	// Away tells that search did not answer, and that catalog found this.
	Away bool
	// Previous and Next are paths, empty where there is no such page.
	Previous, Next string
}

func (s *shop) search(w http.ResponseWriter, r *http.Request) {
	f := findingOf(r)
	if s.searches.api == nil { // a link of a release that has it
		http.Redirect(w, r, simpler(f).Path(), http.StatusFound)
		return
	}
	counting := s.counting(r)
	categories := alongside(r.Context(), s.allCategories)
	meant := alongside(r.Context(), s.meant(f))
	list, away, err := s.look(r.Context(), f)
	if f.Cursor != "" && refusedCursor(err) {
		http.Redirect(w, r, f.First(), http.StatusFound) // of another time, or of who stood in for search
		return
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	known := <-categories
	spoken := s.languageIn(r)
	say := speeches[spoken]
	body := searchBody{Heading: headed(say, f), Found: products(say, list.Found), Finding: f, Items: list.Items, Away: away, Previous: f.Previous(), Next: f.After(list.Next), Meant: choices(<-meant, known)}
	if !away {
		body.Orders, body.Facets = f.orders(), f.facets(say, list.Facets, known, func(amount string) string { return money{amount, s.currency}.in(s.localeOf(spoken)) })
	}
	s.render(w, r, http.StatusOK, "search", page{Title: body.Heading, Query: f.Query, Count: <-counting, Body: body, Path: f.Path(), Unlisted: true})
}

// look asks search, and catalog where search does not answer: away then. What search refuses is the visitor's matter, and no reason to
// ask somebody else.
func (s *shop) look(ctx context.Context, f finding) (list foundList, away bool, err error) {
	list, err = s.searches.find(ctx, f)
	if err == nil || codeFor(status(err)) == http.StatusBadRequest || errors.Is(ctx.Err(), context.Canceled) {
		return list, false, err
	}
	s.log.WarnContext(ctx, "asking search; catalog stands in", "error", err)
	list, err = s.catalog.instead(ctx, f)
	return list, true, err
}

// refusedCursor tells of a refusal that the cursor may be the reason of.
func refusedCursor(err error) bool {
	return err != nil && codeFor(status(err)) == http.StatusBadRequest
}

// simpler is what catalog can find of it.
func simpler(f finding) listing {
	l := listing{Query: f.Query}
	if all := f.Values[byCategory]; len(all) > 0 {
		l.Category = all[0]
	}
	return l
}

func headed(say speech, f finding) string {
	if f.Query == "" {
		return say("All products")
	}
	return say("Results for “%s”", f.Query)
}

// meant asks for suggestions where they help: on the first page of words that nothing was chosen for yet.
func (s *shop) meant(f finding) func(context.Context) ([]suggestion, error) {
	return func(ctx context.Context) ([]suggestion, error) {
		if f.Query == "" || f.Cursor != "" || f.Filtered() {
			return nil, nil
		}
		return s.searches.suggest(ctx, f.Query)
	}
}

// choices are suggestions as links.
func choices(all []suggestion, categories []category) (links []choice) {
	for _, one := range all {
		link := choice{Label: one.Text, Count: one.Count, Path: finding{Query: one.Text}.Path()}
		switch one.Kind {
		case byCategory:
			link.Label, link.Path = named(one.Text, categories).Name, finding{Values: map[string][]string{byCategory: {one.Text}}}.Path()
		case byBrand:
			link.Path = finding{Values: map[string][]string{byBrand: {one.Text}}}.Path()
		}
		links = append(links, link)
	}
	return links
}

// suggestions is a page of its own: without scripts a form shows nothing while somebody types. Scripts ask search itself.
func (s *shop) suggestions(w http.ResponseWriter, r *http.Request) {
	f := finding{Query: findingOf(r).Query}
	if s.searches.api == nil || f.Query == "" {
		http.Redirect(w, r, f.Path(), http.StatusFound)
		return
	}
	counting := s.counting(r)
	categories := alongside(r.Context(), s.allCategories)
	found, err := s.searches.suggest(r.Context(), f.Query)
	if err != nil && codeFor(status(err)) == http.StatusBadRequest || errors.Is(r.Context().Err(), context.Canceled) {
		s.failed(w, r, err)
		return
	}
	if err != nil {
		s.log.WarnContext(r.Context(), "asking search for suggestions", "error", err)
	}
	body := searchBody{Heading: s.say(r, "Suggestions for “%s”", f.Query), Finding: f, Meant: choices(found, <-categories), Away: err != nil}
	s.render(w, r, http.StatusOK, "suggestions", page{Title: body.Heading, Query: f.Query, Count: <-counting, Body: body, Unlisted: true})
}
