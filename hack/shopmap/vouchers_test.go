package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// vouched are the types that a service's tests hold it to: as who sends them, and as who takes them.
type vouched struct{ produces, takes map[string]bool }

func none() vouched { return vouched{map[string]bool{}, map[string]bool{}} }

// add notes a call of contracttest, in whatever language.
func (v vouched) add(call, kind string) {
	switch strings.ToLower(call) {
	case "produced":
		v.produces[kind] = true
	case "takes", "follows":
		v.takes[kind] = true
	}
}

// declaredTypes are the types by the names of their constants: "OrderPaid".
func declaredTypes(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "services/internal/events/registry.go"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, found := range regexp.MustCompile(`(\w+) +Type = "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		types[found[1]] = found[2]
	}
	return types
}

// inGo adds what a file of tests in Go calls: contracttest.Takes(…, events.OrderPaid, …), in a test itself, since nobody need call a helper.
func (v vouched) inGo(name string, source any, types map[string]string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, declared := range file.Decls {
		if f, is := declared.(*ast.FuncDecl); is && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
			ast.Inspect(f, func(n ast.Node) bool {
				if call, is := n.(*ast.CallExpr); is && of(call.Fun, "contracttest") != "" {
					for _, arg := range call.Args {
						if kind := types[of(arg, "events")]; kind != "" {
							v.add(of(call.Fun, "contracttest"), kind)
						}
					}
				}
				return true
			})
		}
	}
	return nil
}

// of is what is named of a package: Takes of contracttest.Takes.
func of(e ast.Expr, name string) string {
	if s, is := e.(*ast.SelectorExpr); is {
		if x, is := s.X.(*ast.Ident); is && x.Name == name {
			return s.Sel.Name
		}
	}
	return ""
}

// inWords is a call in Python, JavaScript, Java or PHP that is not in a comment: contracttest.takes('orders.order.paid.v1', …).
var inWords = regexp.MustCompile(`(?m)^[^#*\n/]*\bcontracttest(?:\.|::|->)(produced|takes)\([^'"\n]*['"]([^'"]+)['"]`)

func (v vouched) inOthers(source string) {
	for _, found := range inWords.FindAllStringSubmatch(source, -1) {
		v.add(found[1], found[2])
	}
}

// vouchers are those of a service's tests, in whatever language.
func vouchers(t *testing.T, folder string, types map[string]string) vouched {
	t.Helper()
	v := none()
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch inTests := strings.Contains(path, "/test/") && !strings.Contains(path, "/node_modules/"); {
		case strings.HasSuffix(path, "_test.go"):
			return v.inGo(path, nil, types)
		case inTests && regexp.MustCompile(`\.(py|js|mjs|java|php)$`).MatchString(path):
			text, err := os.ReadFile(path)
			v.inOthers(string(text))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
