package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// tenancy is what the operator may look at.
type tenancy struct {
	namespaces    []string
	probeAnywhere bool
}

func (t *tenancy) bind(flags *flag.FlagSet) {
	flags.Func("namespaces", "namespaces to care for, separated by commas; it then reads and writes nothing elsewhere, and needs only Roles (config/namespaced). Unset: every namespace", t.set)
	flags.BoolVar(&t.probeAnywhere, "probe-anywhere", false, "let a shop's probeAddress name any host, also one of the operator's own network; "+
		"unset: the addresses of the shop's Gateways, and Services in their namespaces and the shop's")
}

func (t *tenancy) set(list string) error {
	t.namespaces = nil
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); len(validation.IsDNS1123Label(name)) > 0 {
			return fmt.Errorf("%q is no name of a namespace; write --namespaces=acme,bazaar", name)
		}
		if !slices.Contains(t.namespaces, name) {
			t.namespaces = append(t.namespaces, name)
		}
	}
	return nil
}
