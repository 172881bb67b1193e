package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/gather"
	"github.com/emporium-shop/emporium/internal/view"
)

// difference is what diff shows.
type difference struct {
	From     string             `json:"from"`
	To       string             `json:"to"`
	Services []view.ServiceDiff `json:"services"`
}

func newDiff(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "diff SHOP [FROM] [TO]", Args: between(1, 3), Short: "What differs between two releases, service by service",
		Long: "Compares the release that serves with the candidate; where there is none, the one before with the one that serves. FROM and TO name others, by name, version, " +
			"or as active, candidate, previous. Contents of Secrets are not shown. Exit code 1: they differ; 0: they do not.",
		RunE: func(cmd *cobra.Command, args []string) error { return e.diff(cmd.Context(), args[0], args[1:]) },
	}
}

func (e *env) diff(ctx context.Context, name string, ends []string) error {
	shop, err := e.at(name)
	if err != nil {
		return err
	}
	objects, err := shop.reader.Shop(ctx, shop.key, gather.Matrix)
	if err != nil {
		return err
	}
	from, to, err := chosen(objects, ends)
	if err != nil {
		return err
	}
	d := difference{From: from.Name, To: to.Name, Services: view.Diff(from, to)}
	err = e.print(shown{value: d, names: []string{d.From, d.To}, text: func(out io.Writer, wide bool) error {
		if len(d.Services) == 0 {
			_, err := fmt.Fprintf(out, "%s and %s do not differ\n", d.From, d.To)
			return err
		}
		fmt.Fprintf(out, "%s to %s\n", d.From, d.To)
		return text.Diff(out, d.Services, e.look(newScreenless(out).width(), wide))
	}})
	if err == nil && len(d.Services) > 0 {
		return verdict(exitError)
	}
	return err
}

// chosen are the two releases that are compared.
func chosen(o view.Objects, ends []string) (from, to *v1alpha1.ShopRelease, err error) {
	names := []string{"active", "candidate"}
	if o.Shop.Status.Candidate == nil {
		names = []string{"previous", "active"}
	}
	if len(ends) == 1 { // what would change if that served
		names = []string{"active", ends[0]}
	}
	if len(ends) == 2 {
		names = ends
	}
	if from, err = recorded(o, names[0]); err != nil {
		return nil, nil, err
	}
	to, err = recorded(o, names[1])
	return from, to, err
}

func recorded(o view.Objects, by string) (*v1alpha1.ShopRelease, error) {
	name, err := releaseBy(o.Shop, by)
	if err != nil {
		return nil, err
	}
	for i := range o.Releases {
		if o.Releases[i].Name == name {
			return &o.Releases[i], nil
		}
	}
	for i := range o.Releases {
		if r := &o.Releases[i]; r.Spec.Version == name {
			return r, nil
		}
	}
	if len(o.Gaps) > 0 {
		return nil, fmt.Errorf("release %s of Shop %s cannot be seen: %s", name, o.Shop.Name, o.Gaps[0].Why)
	}
	return nil, fmt.Errorf("no ShopRelease of Shop %s is named %s, or has that version: kubectl -n %s get shoprel lists all", o.Shop.Name, name, o.Shop.Namespace)
}
