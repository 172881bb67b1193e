package main

import (
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/outage"
	"github.com/emporium-shop/emporium/services/shop"
)

// shownSKU is the product that {sku} stands for: it has sample reviews, and there is more of it than anybody buys.
const shownSKU = "KIT-1003"

// part is something on a page that is there while a service is.
type part struct {
	service string
	outage.Part
}

// sight is what visitors look at.
type sight struct {
	// parts are those of services/outage whose service runs. One that is not on its page while all is well is reported: it could not go missing.
	parts []part
	// pages are all that are looked at, again and again, the customer's among them. All are storefront's, which has to answer each, whatever is away.
	pages []string
}

// beside are pages that no optional service has a part of.
var beside = []string{"/sitemap.xml", "/account/orders", "/orders/{id}?token={token}"}

func sightOf(all []outage.Service, members []shop.Member) (s sight) {
	for _, one := range all {
		if !slices.ContainsFunc(members, func(m shop.Member) bool { return m.Name == one.Name }) {
			continue
		}
		for _, p := range one.Parts {
			s.parts = append(s.parts, part{one.Name, p})
			s.pages = append(s.pages, p.Page)
		}
	}
	s.pages = append(s.pages, beside...)
	slices.Sort(s.pages)
	s.pages = slices.Compact(s.pages)
	return s
}

// forCustomers tells whether a page is for who is signed in.
func forCustomers(page string) bool { return strings.HasPrefix(page, "/account") }

// rounds are the services that are away together: each alone, or, where time is short, those that have no page in common. What is wrong is told by the
// page, so that it is known whose part it is.
func (s sight) rounds(names []string, short bool) (all [][]string) {
	names = slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return s.count(b) - s.count(a) }) // who has pages chooses first
	for _, name := range names {
		fit := -1
		for n, round := range all {
			if short && !s.meet(name, round) && (fit < 0 || len(round) < len(all[fit])) {
				fit = n
			}
		}
		if fit < 0 {
			all = append(all, []string{name})
			continue
		}
		all[fit] = append(all[fit], name)
	}
	return all
}

// count is how many parts a service has.
func (s sight) count(service string) (n int) {
	for _, p := range s.parts {
		if p.service == service {
			n++
		}
	}
	return n
}

// meet tells whether a service has a part on a page where one of the others has.
func (s sight) meet(name string, others []string) bool {
	return slices.ContainsFunc(s.parts, func(p part) bool {
		return p.service == name && slices.ContainsFunc(s.parts, func(q part) bool { return q.Page == p.Page && slices.Contains(others, q.service) })
	})
}

// of are the parts of a page.
func (s sight) of(page string) (list []part) {
	for _, p := range s.parts {
		if p.Page == page {
			list = append(list, p)
		}
	}
	return list
}
