package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// constant is a word of the API with what its comment says of it.
type constant struct{ value, text string }

// constants are the words of the API that are no fields.
type constants struct {
	conditions, reasons, annotations []constant
}

// readConstants reads them out of the sources, in their order there.
func readConstants(folder string) (constants, error) {
	var out constants
	entries, err := os.ReadDir(folder)
	if err != nil {
		return out, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, e.Name()), nil, parser.ParseComments)
		if err != nil {
			return out, fmt.Errorf("reading constants: %w", err)
		}
		out.take(file)
	}
	if len(out.conditions) == 0 || len(out.reasons) == 0 || len(out.annotations) == 0 {
		return out, errors.New("reading constants: there are no conditions, reasons or annotations")
	}
	return out, nil
}

func (c *constants) take(file *ast.File) {
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, s := range group.Specs {
			spec := s.(*ast.ValueSpec)
			if len(spec.Values) != 1 {
				continue
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				continue
			}
			value, _ := strconv.Unquote(literal.Value) // the parser read it
			c.sort(spec.Names[0].Name, constant{value, said(spec.Doc.Text())})
		}
	}
}

func (c *constants) sort(name string, word constant) {
	for prefix, list := range map[string]*[]constant{"Condition": &c.conditions, "Reason": &c.reasons, "Annotation": &c.annotations} {
		if strings.HasPrefix(name, prefix) {
			*list = append(*list, word)
		}
	}
}

// said is a comment without the name that it begins with.
func said(comment string) string {
	_, text, _ := strings.Cut(strings.TrimSpace(comment), " ")
	return text
}
