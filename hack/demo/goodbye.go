package main

import (
	"context"
	"fmt"
	"io"

	"github.com/emporium-shop/emporium/test/stage"
)

// goodbye says where the shop is and what to try with it.
func (d *demo) goodbye(ctx context.Context, out io.Writer) {
	address, err := d.ToLook(ctx)
	if err != nil {
		address = "(" + err.Error() + ")"
	}
	kubectl, registry, stop := ".cluster/bin/kubectl --kubeconfig .cluster/kubeconfig -n acme", stage.LocalRegistry, "make down"
	if d.Foreign {
		kubectl, registry, stop = "kubectl -n acme", d.Registry, "kubectl delete namespace acme; kubectl delete -k config/default"
	}
	fmt.Fprintf(out, `
The shop runs at %[1]s
look     %[2]s get shop,shoprel,shopsvc
approve  %[2]s patch shop acme --type merge -p '{"spec":{"release":{"promotion":"Manual"}}}'
         then change a service, and name the waiting release:
         %[2]s patch shop acme --type merge -p '{"spec":{"release":{"active":"<release>"}}}'
break    %[2]s patch shopsvc catalog --type merge -p '{"spec":{"image":"%[3]s/catalog:none"}}'
         the shop says what is wrong and serves on; heal: %[2]s patch shopsvc catalog --type merge -p '{"spec":{"image":"%[3]s/catalog:1"}}'
stop     %[4]s
`, address, kubectl, registry, stop)
}
