package services_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
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
