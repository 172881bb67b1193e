package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/gather"
	"github.com/emporium-shop/emporium/internal/view"
)

func newStatus(e *env) *cobra.Command {
	var watch, all bool
	cmd := &cobra.Command{
		Use: "status [SHOP]", Args: between(0, 1), Short: "What serves, what comes, what it waits for, and what to type",
		Long: "Shows a shop: its services in the stack that serves, in the candidate and in the one before; what is waited for; the next command. " +
			"Without a name all shops of the namespace, one line each.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return e.list(cmd.Context(), all, watch)
			}
			if all {
				return usage("-A lists all shops: leave the name out, or -A")
			}
			return e.status(cmd.Context(), args[0], watch)
		},
		ValidArgsFunction: e.completes(0),
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "Show each change, until Ctrl-C")
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "List the shops of all namespaces")
	return cmd
}

func (e *env) status(ctx context.Context, name string, watch bool) error {
	shop, err := e.at(name)
	if err != nil {
		return err
	}
	var objects view.Objects
	p := picture{
		read: func(ctx context.Context) (err error) {
			objects, err = shop.reader.Shop(ctx, shop.key, gather.Matrix)
			return err
		},
		draw: func(out io.Writer, width int) error {
			objects.Now = e.clock.Now()
			v := view.Of(objects)
			here := e.to(out)
			return here.print(shown{value: v, names: []string{shopName(v.Name)}, text: func(out io.Writer, wide bool) error {
				return text.Status(out, v, e.look(width, wide))
			}})
		},
	}
	if watch {
		return e.watched(ctx, shop, p)
	}
	if err := p.read(ctx); err != nil {
		return err
	}
	return p.draw(e.Out, newScreenless(e.Out).width())
}

// watched draws until Ctrl-C.
func (e *env) watched(ctx context.Context, shop *at, p picture) error {
	ctx, cancel := context.WithCancel(ctx)
	changed, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- (&gather.Watcher{API: shop.api}).Shop(ctx, shop.key, false, changed)
		cancel() // it may not be watched, and nothing would be heard of it
	}()
	err := e.redraw(ctx, changed, p)
	interrupted := ctx.Err() != nil
	cancel()
	if watch := <-ended; err == nil && watch != nil && !(interrupted && isCanceled(watch)) {
		err = watch
	}
	return err
}

// shopList is what a list is in JSON.
type shopList struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Items      []view.Shop `json:"items"`
}

// views are the shops of a namespace, or of all; nothing but the Shops is read for it.
func (e *env) views(ctx context.Context, at *at, all bool) ([]view.Shop, error) {
	namespace := at.key.Namespace
	if all {
		namespace = ""
	}
	shops, err := at.reader.Shops(ctx, namespace)
	if err != nil {
		return nil, err
	}
	out := make([]view.Shop, len(shops))
	for i := range shops {
		out[i] = view.Of(view.Objects{Shop: &shops[i], Now: e.clock.Now(), Gaps: []view.Gap{{
			Kind: "all but the Shop", Namespace: shops[i].Namespace, Why: "a list reads the Shops alone; name one to see more"}}})
	}
	return out, nil
}

func (e *env) list(ctx context.Context, all, watch bool) error {
	if watch {
		return usage("-w watches one shop: name it")
	}
	at, err := e.at("")
	if err != nil {
		return err
	}
	views, err := e.views(ctx, at, all)
	if err != nil {
		return err
	}
	var names []string
	for _, v := range views {
		names = append(names, shopName(v.Name))
	}
	list := shopList{APIVersion: view.APIVersion, Kind: "ShopList", Items: views}
	return e.print(shown{value: list, names: names, text: func(out io.Writer, wide bool) error {
		if len(views) == 0 {
			return e.none(at, all)
		}
		return text.List(out, views, e.look(newScreenless(out).width(), wide))
	}})
}
