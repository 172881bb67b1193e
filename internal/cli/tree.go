package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/gather"
	"github.com/emporium-shop/emporium/internal/view"
)

func newTree(e *env) *cobra.Command {
	var release string
	var pods bool
	cmd := &cobra.Command{
		Use: "tree SHOP", Args: between(1, 1), Short: "The objects of a shop: front door, stacks, services, Jobs",
		RunE: func(cmd *cobra.Command, args []string) error { return e.tree(cmd.Context(), args[0], release, pods) },
	}
	cmd.Flags().StringVar(&release, "release", "", "Of this release alone: its name, or active, candidate or previous")
	cmd.Flags().BoolVar(&pods, "pods", false, "Show pods, too")
	return cmd
}

func (e *env) tree(ctx context.Context, name, release string, pods bool) error {
	shop, err := e.at(name)
	if err != nil {
		return err
	}
	objects, err := shop.reader.Shop(ctx, shop.key, gather.Whole)
	if err != nil {
		return err
	}
	if release != "" {
		if release, err = releaseBy(objects.Shop, release); err != nil {
			return err
		}
	}
	root := view.Tree(objects, release, pods)
	return e.print(shown{value: root, names: []string{shopName(name)}, text: func(out io.Writer, wide bool) error {
		return text.Tree(out, root, e.look(newScreenless(out).width(), wide))
	}})
}
