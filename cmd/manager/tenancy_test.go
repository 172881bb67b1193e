package main

import (
	"flag"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/emporium-shop/emporium/controllers"
)

func parsed(args ...string) (tenancy, error) {
	var t tenancy
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	t.bind(flags)
	return t, flags.Parse(args)
}

func TestNamespacesLimitTheCaches(t *testing.T) {
	for args, want := range map[string]map[string]cache.Config{
		"":                               nil,
		"--namespaces=acme":              {"acme": {}},
		"--namespaces=acme, bazaar,acme": {"acme": {}, "bazaar": {}},
	} {
		var list []string
		if args != "" {
			list = []string{args}
		}
		got, err := parsed(list...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, controllers.Within(cache.Options{}, got.namespaces).DefaultNamespaces); diff != "" {
			t.Errorf("%q: -want +got:\n%s", args, diff)
		}
	}
}

func TestAListOfNamespacesThatCannotBeOneIsRefused(t *testing.T) {
	for _, args := range []string{"--namespaces=", "--namespaces=acme,", "--namespaces=*", "--namespaces=Acme"} {
		if got, err := parsed(args); err == nil {
			t.Errorf("%s is taken as %v: an operator that was told to care for little would care for everything", args, got.namespaces)
		}
	}
}
