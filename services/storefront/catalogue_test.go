package storefront

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	inTemplates = regexp.MustCompile(`\bt "((?:[^"\\]|\\.)*)"`)
	action      = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	tag         = regexp.MustCompile(`(?s)<[^>]*>`)
	// seenOrHeard are attributes that people get to know.
	seenOrHeard = regexp.MustCompile(`(?:aria-label|placeholder|alt|title)="([^"]*)"`)
	// sentence is a literal of the source that may be a text for people.
	sentence = regexp.MustCompile(`^[A-Z“][^/]*[a-z]`)
)

// pages are the templates, as the program holds them.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(templates, ".", func(path string, of fs.DirEntry, err error) error {
		if err != nil || of.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates, path)
		all[path] = string(text)
		return err
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d templates: %v", len(all), err)
	}
	return all
}

// sources are the files that hold texts.
func sources(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	all := map[string]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(text)
	}
	return all
}

// A text of a template is said by the catalogue: what stands there as it is has no letters, but for the name of this service.
func TestNoTemplateHasATextOutsideOfTheCatalogue(t *testing.T) {
	for file, text := range pages(t) {
		for _, words := range standing(text) {
			if words != "· storefront" {
				t.Errorf("%s says %q in every language", file, words)
			}
		}
		for _, m := range inTemplates.FindAllStringSubmatch(text, -1) {
			wantKey(t, file, m[1])
		}
	}
	for text, want := range map[string]int{"<p>Hello</p>": 1, "<p>{{.Name}} is gone</p>": 1, `<p title="{{t "a"}}">{{t "b"}}</p>`: 0, `<p title="Hello">1 × {{.N}}</p>`: 1} {
		if got := standing(text); len(got) != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// standing are the texts of a template that no language changes.
func standing(text string) (words []string) {
	bare := action.ReplaceAllString(text, "\x00")
	for _, m := range seenOrHeard.FindAllStringSubmatch(bare, -1) {
		words = append(words, m[1])
	}
	for _, between := range strings.Split(tag.ReplaceAllString(bare, "\x00"), "\x00") {
		// Attributes that a template of their own holds are no texts.
		if between = strings.TrimSpace(between); !strings.Contains(between, `="`) && between != "autofocus" {
			words = append(words, between)
		}
	}
	return slices.DeleteFunc(words, func(one string) bool { return !strings.ContainsFunc(one, letter) })
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func wantKey(t *testing.T, where, text string) {
	t.Helper()
	for _, l := range languages {
		if _, there := catalogues[l.Code][text]; !there {
			t.Errorf("messages/%s.json has no %q (%s)", l.Code, text, where)
		}
	}
}

// forMachines are literals that look like texts, and are read by browsers, search engines and other services.
var forMachines = []string{
	"Accept-Encoding", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Order-Token", "Authorization", "Bearer ", "Content-Type", "Cookie, Accept-Encoding",
	"ListItem", "BreadcrumbList", "Organization", "Offer", "Product", "ProductGroup", "PropertyValue", "AggregateRating", "English", "Deutsch", "The pages of the shop.", "This page could not be shown.",
	"Edg", "Firefox", "Chrome", "Safari", "Android", "Windows", "Macintosh", "Linux", "Set-Cookie", "Refresh", "Retry-After", "X-Robots-Tag", "Location", "Vary",
}

// A text that the code says is in the catalogue: literals that look like sentences are, or are named above.
func TestNoTextOfTheCodeIsOutsideOfTheCatalogue(t *testing.T) {
	for file, text := range sources(t, "*.go") {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if call, is := n.(*ast.CallExpr); is {
				return !technical(call)
			}
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				if said, _ := strconv.Unquote(literal.Value); sentence.MatchString(said) && !isMonth(said) && !strings.Contains(said, "\n") && !slices.Contains(forMachines, said) {
					wantKey(t, file, said)
				}
			}
			return true
		})
	}
	for _, text := range slices.Concat(filled, foreign) {
		wantKey(t, "told.go", text)
	}
}

func isMonth(text string) bool { return slices.Contains(germanMonths[:], text) }

// technical calls say nothing to visitors.
func technical(call *ast.CallExpr) bool {
	name, is := call.Fun.(*ast.SelectorExpr)
	if !is {
		plain, is := call.Fun.(*ast.Ident)
		return is && (plain.Name == "page" || plain.Name == "form")
	}
	of, _ := name.X.(*ast.Ident)
	switch {
	case of != nil && (of.Name == "httpapi" || of.Name == "errors"), of != nil && of.Name == "fmt" && name.Sel.Name == "Errorf":
		return true
	}
	return slices.Contains([]string{"WarnContext", "ErrorContext", "Set", "Get", "Trim", "MustCompile"}, name.Sel.Name)
}

// A key that nobody says is a text that somebody translates for nothing.
func TestEveryKeyIsSaid(t *testing.T) {
	var all strings.Builder
	for _, text := range pages(t) {
		all.WriteString(text)
	}
	for _, text := range sources(t, "*.go") {
		all.WriteString(text)
	}
	for key := range catalogues[english] {
		if !strings.Contains(all.String(), `"`+key+`"`) && !strings.Contains(all.String(), strings.ReplaceAll(strconv.Quote(key), `\u00a0`, " ")) {
			t.Errorf("nobody says %q", key)
		}
	}
}

func TestBothCataloguesHaveTheSameKeys(t *testing.T) {
	keys := slices.Sorted(maps.Keys(catalogues[english]))
	if other := slices.Sorted(maps.Keys(catalogues[german])); !slices.Equal(keys, other) {
		t.Errorf("%d keys in English, %d in German", len(keys), len(other))
	}
	for _, key := range keys {
		en, de := catalogues[english][key], catalogues[german][key]
		if en.plural() != de.plural() || en.Text == "" && en.One == "" || de.Text == "" && de.One == "" {
			t.Errorf("%q is %+v and %+v", key, en, de)
		}
	}
}

// A translation has the same verbs as its text, or a number would stand where a name should.
func TestATranslationTakesTheSameArguments(t *testing.T) {
	verbs := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	for code, texts := range catalogues {
		for key, e := range texts {
			if !e.plural() && !slices.Equal(verbs.FindAllString(key, -1), verbs.FindAllString(e.Text, -1)) {
				t.Errorf("%s: %q takes others than %q", code, e.Text, key)
			}
		}
	}
}
