package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const root = "../.."

// TestReasonsAreExplained: who meets a reason finds in the guide what to do.
func TestReasonsAreExplained(t *testing.T) {
	words, err := readConstants(filepath.Join(root, "api/v1alpha1"))
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(filepath.Join(root, "docs/guides/look-inside.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range words.reasons {
		if !strings.Contains(string(guide), "\n| `"+reason.value+"` |") {
			t.Errorf("docs/guides/look-inside.md has no row for the reason %s", reason.value)
		}
	}
}

// TestTheTableOfServicesIsCurrent: a service that is added is in it, and says what it is.
func TestTheTableOfServicesIsCurrent(t *testing.T) {
	want, err := withServices(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, servicesPage))
	if err != nil || string(got) != want {
		t.Errorf("%s is not current: make generate (%v)", servicesPage, err)
	}
	if !strings.Contains(want, "| [reviews](reviews/README.md), in Node | What customers say of products. | `/api/reviews` | PostgreSQL schema `reviews` | auth, catalog |\n") {
		t.Errorf("the row of reviews is another:\n%s", want)
	}
	for name, language := range map[string]string{"reviews": "Node", "recommendations": "Python", "wishlists": "Java"} {
		if row := fmt.Sprintf("| [%[1]s](%[1]s/README.md), in %[2]s |", name, language); !strings.Contains(want, row) {
			t.Errorf("no row begins with %s", row)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#]*)#?([^)]*)\)`)
	code    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestLinksLeadSomewhere: a link to a file of the repository, or to a heading in it,
// names one that is there.
func TestLinksLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs/*/*.md"))
	if err != nil || len(pages) < 5 {
		t.Fatalf("there are %d pages (error: %v)", len(pages), err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "docs/README.md"), filepath.Join(root, servicesPage)) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			if !strings.Contains(found[1], "://") && !leads(page, found[1], found[2]) {
				t.Errorf("%s links to %s#%s, which is not there", page, found[1], found[2])
			}
		}
	}
}

func leads(page, to, anchor string) bool {
	file := page
	if to != "" {
		file = filepath.Join(filepath.Dir(page), to)
	}
	if _, err := os.Stat(file); err != nil || anchor == "" {
		return err == nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for _, h := range heading.FindAllStringSubmatch(string(text), -1) {
		if strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// TestSnippetsFit: what a guide shows of a Shop, a ShopService or a ShopSource has fields of that kind.
// ofOthers are snippets of kinds that are not ours.
var ofOthers = regexp.MustCompile(`(?m)^apiVersion: (kustomize|source\.toolkit|argoproj|apps|v1$|networking|helm)`)

func TestSnippetsFit(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	guides, err := filepath.Glob(filepath.Join(root, "docs/guides/*.md"))
	if err != nil || len(guides) == 0 {
		t.Fatalf("there are %d guides (error: %v)", len(guides), err)
	}
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			for snippet := range strings.SplitSeq(found[1], "\n---\n") {
				if !strings.Contains(snippet, "spec:") || strings.Contains(snippet, "kind: HTTPRoute") || ofOthers.MatchString(snippet) {
					continue
				}
				asShop, asService, asSource := fits(snippet, &v1alpha1.Shop{}), fits(snippet, &v1alpha1.ShopService{}), fits(snippet, &v1alpha1.ShopSource{})
				if asShop != nil && asService != nil && asSource != nil {
					t.Errorf("%s: this is no Shop (%v), no ShopService (%v) and no ShopSource (%v):\n%s", guide, asShop, asService, asSource, snippet)
				}
			}
		}
	}
}

func fits(snippet string, into any) error {
	text, err := yaml.ToJSON([]byte(snippet))
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func TestBounds(t *testing.T) {
	number := func(f float64) *float64 { return &f }
	for name, c := range map[string]struct {
		of   schema
		want string
	}{
		"none":            {schema{}, ""},
		"both":            {schema{Minimum: number(1), Maximum: number(50)}, "1–50"},
		"least":           {schema{Minimum: number(1)}, "from 1"},
		"exactly":         {schema{MinLength: number(8), MaxLength: number(8)}, "8 characters"},
		"a list of words": {schema{MaxItems: number(4), ListType: "set", Items: &schema{MaxLength: number(9)}}, "up to 4 items; unique; each up to 9 characters"},
		"words":           {schema{Enum: []string{"Always", "WithTraffic"}}, "`Always`, `WithTraffic`"},
	} {
		if got := bounds(c.of); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCell(t *testing.T) {
	if got, want := cell("a <tag>,\n`<shop>|x` b"), "a &lt;tag>, `<shop>\\|x` b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// listDefaults are those that come with Kubernetes' own types, and bite only who uses these.
var listDefaults = regexp.MustCompile(`\.(name|optional|protocol)$`)

// TestNoDefaultStandsInAList: tools that compare lists as a whole, as Argo CD does, find an object changed for ever when
// the API server fills something into an element.
func TestNoDefaultStandsInAList(t *testing.T) {
	for _, plural := range []string{"shops", "shopservices", "shopsources"} {
		text, err := os.ReadFile(filepath.Join(root, "config/crd/bases/shop.emporium.dev_"+plural+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var crd map[string]any
		if err := sigsyaml.Unmarshal(text, &crd); err != nil {
			t.Fatal(err)
		}
		versions := crd["spec"].(map[string]any)["versions"].([]any)
		schema := versions[0].(map[string]any)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
		spec := schema["properties"].(map[string]any)["spec"].(map[string]any)
		for _, at := range defaultsInLists(spec, plural+".spec", false) {
			if !listDefaults.MatchString(at) {
				t.Errorf("%s has a default, and is in a list: let the operator fill it in", at)
			}
		}
	}
}

func defaultsInLists(schema map[string]any, at string, inList bool) (out []string) {
	if _, has := schema["default"]; has && inList {
		out = append(out, at)
	}
	if items, is := schema["items"].(map[string]any); is {
		out = append(out, defaultsInLists(items, at+"[]", true)...)
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, of := range properties {
		out = append(out, defaultsInLists(of.(map[string]any), at+"."+name, inList)...)
	}
	return out
}
