package main

import (
	"context"
	"fmt"
	"io"

	"github.com/emporium-shop/emporium/test/stage"
)

// goodbye says how the shop is now, where it is, and what to try with it.
func (d *demo) goodbye(ctx context.Context, out io.Writer) {
	address, err := d.ToLook(ctx)
	if err != nil {
		address = "(" + err.Error() + ")"
	}
	kubectl, shop, registry, stop := ".cluster/bin/kubectl --kubeconfig .cluster/kubeconfig -n acme", ".cluster/bin/kubectl-shop --kubeconfig .cluster/kubeconfig -n acme", stage.LocalRegistry, "make down"
	if d.Foreign {
		kubectl, shop, registry, stop = "kubectl -n acme", ".cluster/bin/kubectl-shop -n acme", d.Registry, "kubectl delete namespace acme; kubectl delete -k config/default"
	}
	status, err := d.Told(ctx)
	if err != nil {
		status = err.Error() + "\n"
	}
	fmt.Fprintf(out, "\n$ %s status acme\n%s", shop, status)
	fmt.Fprintf(out, `
The shop runs at %[1]s
look     %[5]s status acme
         %[2]s get shop,shoprel,shopsvc
console  %[5]s console
approve  %[2]s patch shop acme --field-manager=emporium-user --type merge -p '{"spec":{"release":{"promotion":"Manual"}}}'
         then change a service; status names the release that waits:
         %[5]s promote acme
break    %[2]s patch shopsvc catalog --type merge -p '{"spec":{"image":"%[3]s/catalog:none"}}'
         the shop says what is wrong and serves on: %[5]s why acme
         heal: %[2]s patch shopsvc catalog --type merge -p '{"spec":{"image":"%[3]s/catalog:1"}}'
stop     %[4]s
`, address, kubectl, registry, stop, shop)
}
