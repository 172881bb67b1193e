package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// completes offers the names of shops, and then those of the shop's releases where the command takes one. Whatever goes wrong,
// nothing is offered: nobody reads errors of a completion.
func (e *env) completes(releases int) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), 3*time.Second)
		defer cancel()
		var offered []string
		switch {
		case len(args) == 0:
			offered = e.shopNames(ctx)
		case len(args) <= releases:
			offered = e.releaseNames(ctx, args[0])
		}
		var out []string
		for _, o := range offered {
			if strings.HasPrefix(o, typed) {
				out = append(out, o)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func (e *env) shopNames(ctx context.Context) (out []string) {
	at, err := e.at("")
	if err != nil {
		return nil
	}
	shops, err := at.reader.Shops(ctx, at.key.Namespace)
	if err != nil {
		return nil
	}
	for i := range shops {
		out = append(out, shops[i].Name)
	}
	return out
}

func (e *env) releaseNames(ctx context.Context, shop string) (out []string) {
	at, err := e.at(shop)
	if err != nil {
		return nil
	}
	var list v1alpha1.ShopReleaseList
	if err := at.api.List(ctx, &list, client.InNamespace(at.key.Namespace)); err != nil {
		return nil
	}
	for i := range list.Items {
		if list.Items[i].Spec.Shop == shop {
			out = append(out, list.Items[i].Name)
		}
	}
	return out
}
