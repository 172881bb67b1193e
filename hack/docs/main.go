// Command docs writes the table of services in services/README.md, and the reference of the API. What that says is what is served:
// descriptions, defaults, bounds and rules come from the CRDs in config/crd/bases, the
// order of fields and the names of Kubernetes' own types from the Go types.
//
//	go run ./hack/docs
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func main() {
	file := flag.String("o", "docs/reference/api.md", "file to write")
	flag.Parse()
	if err := write(*file); err != nil {
		fmt.Fprintln(os.Stderr, "writing the reference:", err)
		os.Exit(1)
	}
	if err := writeSchema(); err != nil {
		fmt.Fprintln(os.Stderr, "writing the schema of kubectl shop's JSON:", err)
		os.Exit(1)
	}
	text, err := withServices(".")
	if err == nil {
		err = os.WriteFile(servicesPage, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "writing the table of services:", err)
		os.Exit(1)
	}
}

// write leaves the file as it is when the reference cannot be made.
func write(file string) error {
	text, err := reference(".")
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// kind is one of the API's kinds, with the Go types of its parts.
type kind struct {
	plural       string
	spec, status reflect.Type
}

// kinds in the order in which a reader meets them.
func kinds() []kind {
	return []kind{
		{"shops", reflect.TypeFor[v1alpha1.ShopSpec](), reflect.TypeFor[v1alpha1.ShopStatus]()},
		{"shopservices", reflect.TypeFor[v1alpha1.ShopServiceSpec](), reflect.TypeFor[v1alpha1.ShopServiceStatus]()},
		{"shopreleases", reflect.TypeFor[v1alpha1.ShopReleaseSpec](), reflect.TypeFor[v1alpha1.ShopReleaseStatus]()},
		{"shopsources", reflect.TypeFor[v1alpha1.ShopSourceSpec](), reflect.TypeFor[v1alpha1.ShopSourceStatus]()},
	}
}

func reference(root string) (string, error) {
	var p page
	p.begin()
	w := walker{told: map[reflect.Type]string{}}
	for _, k := range kinds() {
		file := filepath.Join(root, "config/crd/bases", v1alpha1.GroupVersion.Group+"_"+k.plural+".yaml")
		crd, err := readCRD(file)
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", file, err)
		}
		p.kind(crd)
		for _, part := range []struct {
			name string
			of   reflect.Type
		}{{"spec", k.spec}, {"status", k.status}} {
			rows, err := w.part(crd, part.name, part.of)
			if err != nil {
				return "", fmt.Errorf("looking at %s of %s: %w", part.name, crd.kind, err)
			}
			p.fields(crd.kind, part.name, rows)
		}
		p.rules(crd)
	}
	words, err := readConstants(filepath.Join(root, "api/v1alpha1"))
	if err != nil {
		return "", err
	}
	p.constants(words)
	return p.String(), nil
}
