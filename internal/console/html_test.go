package console_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// flaws are what is wrong with a page: tags that do not fit, ids that are there twice, what the policy of the page forbids,
// and what keeps people out who do not see it.
func flaws(page string) (all []string) {
	say := func(format string, values ...any) { all = append(all, fmt.Sprintf(format, values...)) }
	var open []string
	ids, fors := map[string]int{}, map[string]bool{}
	var labelled []string
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				say("not closed: %v", open)
			}
			for id, n := range ids {
				if n > 1 {
					say("id %s is there %d times", id, n)
				}
			}
			for _, id := range labelled {
				if ids[id] == 0 {
					say("nothing has the id %s that is referred to", id)
				}
			}
			return all
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if !slices.Contains([]string{"meta", "link", "input", "br", "hr", "img"}, t.Data) {
				open = append(open, t.Data)
			}
			a := map[string]string{}
			for _, x := range t.Attr {
				if _, twice := a[x.Key]; twice {
					say("%s twice in %s", x.Key, t)
				}
				a[x.Key] = x.Val
				if strings.HasPrefix(x.Key, "on") || x.Key == "style" || x.Val == "#ZgotmplZ" {
					say("%s of %s", x.Key, t)
				}
			}
			if id := a["id"]; id != "" {
				ids[id]++
			}
			for _, key := range []string{"for", "aria-describedby", "aria-labelledby"} {
				labelled = append(labelled, strings.Fields(a[key])...)
			}
			if t.Data == "label" {
				fors[a["for"]] = true
			}
			switch {
			case t.Data == "input" && a["type"] != "hidden" && !fors[a["id"]]:
				say("no label for %s", t)
			case t.Data == "th" && a["scope"] == "":
				say("no scope: %s", t)
			case t.Data == "html" && a["lang"] == "":
				say("no language")
			case t.Data == "a" && a["href"] == "":
				say("a link to nowhere: %s", t)
			case t.Data == "script" && !strings.HasPrefix(a["src"], "/static/"):
				say("a script that is not ours: %s", t)
			case t.Data == "form" && (a["method"] != "post" || !strings.HasPrefix(a["action"], "/")):
				say("form %s", t)
			}
		case html.EndTagToken:
			t := z.Token()
			if len(open) == 0 || open[len(open)-1] != t.Data {
				say("</%s> in %v", t.Data, open)
				return all
			}
			open = open[:len(open)-1]
		}
	}
}

func wellFormed(t *testing.T, name, page string) {
	t.Helper()
	if strings.Count(page, "<h1") != 1 || strings.Count(page, "<main") != 1 || strings.Count(page, "<title>") != 1 {
		t.Errorf("%s: one h1, one main, one title", name)
	}
	for _, f := range flaws(page) {
		t.Errorf("%s: %s", name, f)
	}
}

func TestTheRulesForPagesFindWhatIsWrong(t *testing.T) {
	for _, page := range []string{
		"<p>", "<p></b></p>", `<p id="a"></p><p id="a"></p>`, `<p onclick="x"></p>`, `<p style="x"></p>`, "<input>", "<th></th>", "<a></a>", "<script></script>",
		`<form action="https://evil.example" method="post"></form>`, `<form action="/x"></form>`, `<p aria-labelledby="x"></p>`, "<html></html>", `<script src="https://evil.example"></script>`,
	} {
		if len(flaws(page)) == 0 {
			t.Errorf("%s has no flaw", page)
		}
	}
	if found := flaws(`<html lang="en"><p id="a">x</p><label for="a">b</label><input id="a2" type="hidden"></html>`); len(found) > 0 {
		t.Error(found)
	}
}
