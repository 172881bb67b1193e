package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/gather"
	"github.com/emporium-shop/emporium/internal/view"
)

// past is what history shows.
type past struct {
	Steps    []view.Step    `json:"steps"`
	Releases []view.Release `json:"releases"`
}

func newHistory(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "history SHOP [RELEASE]", Args: between(1, 2), Short: "Which release served when, let by whom, and why",
		Long: "Shows the switches of a shop, newest first, and the releases that are kept. With -o wide the steps between them, too. With a release only what is about it.",
		RunE: func(cmd *cobra.Command, args []string) error { return e.history(cmd.Context(), args[0], args[1:]) },
	}
}

func (e *env) history(ctx context.Context, name string, of []string) error {
	shop, err := e.at(name)
	if err != nil {
		return err
	}
	objects, err := shop.reader.Shop(ctx, shop.key, gather.Matrix)
	if err != nil {
		return err
	}
	v := view.Of(objects)
	p := past{Steps: v.History, Releases: v.Releases}
	if len(of) == 1 {
		release, err := recorded(objects, of[0])
		if err != nil {
			return err
		}
		p = about(p, release.Name)
	}
	var names []string
	for _, r := range p.Releases {
		names = append(names, "shoprelease.shop.emporium.dev/"+r.Name)
	}
	return e.print(shown{value: p, names: names, text: func(out io.Writer, wide bool) error {
		if len(p.Steps) == 0 {
			_, err := fmt.Fprintln(out, "nothing is known to have happened")
			return err
		}
		return text.History(out, p.Steps, e.look(newScreenless(out).width(), wide))
	}})
}

func about(p past, release string) (out past) {
	for _, s := range p.Steps {
		if s.Release == release || s.From == release || s.To == release {
			out.Steps = append(out.Steps, s)
		}
	}
	for _, r := range p.Releases {
		if r.Name == release {
			out.Releases = append(out.Releases, r)
		}
	}
	return out
}
