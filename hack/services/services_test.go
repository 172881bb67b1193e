package services_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/hack/services"
)

// effects are what rules do not know: they speak no HTTP, write no SQL and wire nothing.
var effects = []string{
	"net/http", "database/sql", "github.com/jackc/pgx", "github.com/danielgtaylor/huma",
	"github.com/emporium-shop/emporium/services/internal/httpapi", "github.com/emporium-shop/emporium/services/internal/postgres",
	"github.com/emporium-shop/emporium/services/internal/app",
}

// TestRulesAreValuesInValuesOut: services/<name>/<name>.go <- store.go and api.go <- service.go.
func TestRulesAreValuesInValuesOut(t *testing.T) {
	all, err := services.Find("../..")
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, s := range all {
		file := filepath.Join("../..", s.Folder, strings.ReplaceAll(s.Name, "-", "")+".go")
		if _, err := os.Stat(file); err != nil {
			continue // pages without rules, or another language
		}
		looked++
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			for _, effect := range effects {
				if name == effect || strings.HasPrefix(name, effect+"/") {
					t.Errorf("%s imports %s: rules return errors of package fault, and know no HTTP and no SQL", file, name)
				}
			}
		}
	}
	if looked < 2 {
		t.Errorf("%d files of rules were looked at", looked)
	}
}

// TestAServiceThatIsNoSampleYetIsFoundAndKeptOut: it is built, tested and listed, and the sample shop does without it.
func TestAServiceThatIsNoSampleYetIsFoundAndKeptOut(t *testing.T) {
	checkout := t.TempDir()
	for name, annotation := range map[string]string{"cart": "", "tax": "metadata: {annotations: {shop.emporium.dev/sample: \"false\"}}\n"} {
		folder := filepath.Join(checkout, "services", name, "shop")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{
			"kustomization.yaml": annotation + "resources: [service.yaml]\n",
			"service.yaml":       "kind: ShopService\nmetadata: {name: " + name + "}\n",
		} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := services.Find(checkout)
	if got := services.Names(all); err != nil || !slices.Equal(got, []string{"cart", "tax"}) {
		t.Fatalf("found %v, %v", got, err)
	}
	if got := services.Names(services.OfTheSample(all)); !slices.Equal(got, []string{"cart"}) {
		t.Errorf("the sample shop has %v", got)
	}
}
