package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

func listRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "L-01", Title: "A list is a page by the schema, with at most limit items", Level: Must, Modes: running, check: listIsAPage},
		{ID: "L-02", Title: "422: a limit below 1 or above 100", Level: Must, Modes: running, check: limitIsBounded},
		{ID: "L-03", Title: "Page after page holds each item once", Level: Must, Modes: running, check: walkHoldsEachOnce},
		{ID: "L-04", Title: "400: a cursor that is none of the list's", Level: Must, Modes: running, check: alienCursor},
		{ID: "L-05", Title: "400: a cursor with another filter than its own", Level: Must, Modes: running, check: cursorOfAnotherFilter},
		{ID: "L-06", Title: "A walk misses nothing that is there all the time, whatever comes and goes", Level: Must, Modes: []Mode{Local}, check: walkWhileItGrows},
		{ID: "L-07", Title: "A list without items is [], and has no next", Level: Must, Modes: running, check: emptyList},
	}
}

// page is a piece of a list.
type page struct {
	Items []map[string]any
	Next  string
}

// list asks for a page; query is without the question mark.
func (c *Case) list(ctx context.Context, query string, options ...option) (*Answer, page) {
	a := c.ask(ctx, "GET", joined(c.Settings.List.Get, query), options...)
	var p page
	_ = json.Unmarshal(a.Body, &p) // what is no page has no items
	return a, p
}

// joined adds a query to a path that may have one; what it names again it replaces.
func joined(path, query string) string {
	path, own, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(own)
	added, err2 := url.ParseQuery(query)
	if err != nil || err2 != nil {
		return path + "?" + own + "&" + query
	}
	for name, v := range added {
		values[name] = v
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

func (c *Case) hasList() error {
	if c.Settings.List == nil {
		return skip("it has no list")
	}
	return nil
}

// key tells an item apart: by the member that the settings name, by its id, or, where nobody said which member that is and it has no id,
// by all that it says.
func (c *Case) key(item map[string]any) string {
	if value, there := item[or(c.Settings.List.Key, "id")]; there || c.Settings.List.Key != "" {
		return fmt.Sprint(value)
	}
	text, err := json.Marshal(item)
	if err != nil { // it was read from JSON
		return fmt.Sprint(item)
	}
	return string(text)
}

func listIsAPage(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	a, p := c.list(ctx, "limit=2")
	if err := a.want(200); err != nil {
		return err
	}
	if err := validateBy("page", a.Body); err != nil {
		return err
	}
	if len(p.Items) > 2 {
		return fmt.Errorf("limit=2 gives %d items", len(p.Items))
	}
	if _, all := c.list(ctx, ""); len(all.Items) > 20 {
		return fmt.Errorf("without a limit there are %d items, not 20 at most", len(all.Items))
	}
	return nil
}

func limitIsBounded(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	for _, limit := range []string{"0", "101", "-1", "many"} {
		a, _ := c.list(ctx, "limit="+limit)
		if err := first(a.wantProblem(422), a.blames("query.limit")); err != nil {
			return err
		}
	}
	return nil
}

// most bounds a walk: a list of a running shop can be long.
const most = 40

// walk reads page after page, and calls between after each.
func (c *Case) walk(ctx context.Context, limit int, between func(p page) error) (keys []string, whole bool, err error) {
	query := "limit=" + strconv.Itoa(limit)
	for n := range most {
		a, p := c.list(ctx, query)
		if err := a.want(200); err != nil {
			return keys, false, err
		}
		if n > 0 && len(p.Items) == 0 && p.Next != "" {
			return keys, false, errors.New("a page without items has a next")
		}
		for _, item := range p.Items {
			keys = append(keys, c.key(item))
		}
		if err := between(p); err != nil {
			return keys, false, err
		}
		if p.Next == "" {
			return keys, true, nil
		}
		query = "limit=" + strconv.Itoa(limit) + "&cursor=" + url.QueryEscape(p.Next)
	}
	return keys, false, nil
}

func nothing(page) error { return nil }

func walkHoldsEachOnce(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	if err := c.fill(ctx, 5); err != nil {
		return err
	}
	_, large := c.list(ctx, "limit=100")
	size := max(1, min(50, len(large.Items)/3))
	keys, _, err := c.walk(ctx, size, nothing)
	if err != nil {
		return err
	}
	if twice := repeated(keys); twice != "" {
		return fmt.Errorf("%s is listed twice", twice)
	}
	if c.Mode == Remote {
		return nil // what comes and goes meanwhile is nobody's fault
	}
	for n, item := range large.Items {
		if n >= len(keys) || keys[n] != c.key(item) {
			return fmt.Errorf("item %d of one page of 100 is %s; walked in pages of %d it is not there", n, c.key(item), size)
		}
	}
	return nil
}

// fill makes things, where a list grows by that, so that there is something to walk.
func (c *Case) fill(ctx context.Context, n int) error {
	if c.Mode != Local || !c.Settings.List.Grows {
		return nil
	}
	for range n {
		if _, err := c.create(ctx); err != nil {
			return err
		}
	}
	return nil
}

func repeated(keys []string) string {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k] {
			return k
		}
		seen[k] = true
	}
	return ""
}

func alienCursor(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	for _, cursor := range []string{"conform", "eyJjb25mb3JtIjoxfQ", "%F0%9F%8D%8B"} {
		a, _ := c.list(ctx, "cursor="+cursor)
		if err := first(a.wantProblem(400), a.blames("query.cursor")); err != nil {
			return err
		}
	}
	return nil
}

func cursorOfAnotherFilter(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	if c.Settings.List.Filter == "" {
		return skip("list in conform.json has no filter")
	}
	if err := c.fill(ctx, 2); err != nil {
		return err
	}
	_, p := c.list(ctx, "limit=1")
	if p.Next == "" {
		return unseen("the list has one page only")
	}
	a, _ := c.list(ctx, "limit=1&"+c.Settings.List.Filter+"&cursor="+url.QueryEscape(p.Next))
	return first(a.wantProblem(400), a.blames("query.cursor"))
}

// walkWhileItGrows makes and removes things between the pages.
func walkWhileItGrows(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	if !c.Settings.List.Grows || c.Settings.Create == nil {
		return skip("nothing is added to the list by create")
	}
	if err := c.fill(ctx, 6); err != nil {
		return err
	}
	before, whole, err := c.walk(ctx, 50, nothing)
	if err != nil || !whole {
		return first(err, unseen("the list is too long to be walked"))
	}
	removed := map[string]bool{}
	after, _, err := c.walk(ctx, max(1, len(before)/4), func(p page) error {
		if _, err := c.create(ctx); err != nil {
			return err
		}
		return c.removeOne(ctx, p, removed)
	})
	if err != nil {
		return err
	}
	return lost(before, after, removed)
}

// removeOne deletes the last item of a page, on which its cursor may stand.
func (c *Case) removeOne(ctx context.Context, p page, removed map[string]bool) error {
	if len(p.Items) == 0 {
		return nil
	}
	id := c.key(p.Items[len(p.Items)-1])
	list, _, _ := strings.Cut(c.Settings.List.Get, "?")
	path := list + "/" + id
	if c.doc.find("DELETE", path) == nil {
		return nil
	}
	if a := c.ask(ctx, "DELETE", path, match("*"), quiet()); a.Status/100 == 2 {
		removed[id] = true
	}
	return nil
}

func lost(before, after []string, removed map[string]bool) error {
	if twice := repeated(after); twice != "" {
		return fmt.Errorf("%s is listed twice while others come and go", twice)
	}
	have := strings.Join(after, "\n") + "\n"
	for _, k := range before {
		if !removed[k] && !strings.Contains(have, k+"\n") {
			return fmt.Errorf("%s was there all the time and is not listed", k)
		}
	}
	return nil
}

func emptyList(ctx context.Context, c *Case) error {
	if err := c.hasList(); err != nil {
		return err
	}
	if c.Settings.List.Empty == "" {
		return skip("list in conform.json has no empty query")
	}
	a, p := c.list(ctx, c.Settings.List.Empty)
	if err := a.want(200); err != nil {
		return err
	}
	if p.Items == nil || len(p.Items) > 0 || p.Next != "" {
		return fmt.Errorf("want items [] and no next, got %s", clip(a.Body))
	}
	return nil
}
