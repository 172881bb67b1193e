package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/gather"
	"github.com/emporium-shop/emporium/internal/view"
)

func newWhy(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "why SHOP|SERVICE", Args: between(1, 1), Short: "What is wrong: from the shop to the cause, who owns it, and what to do",
		Long: "Leads from the shop, or from one service of it, to the cause of what is wrong, and says who holds the object that has to change. Exit code 1: something is wrong; 0: nothing is.",
		RunE: func(cmd *cobra.Command, args []string) error { return e.why(cmd.Context(), args[0]) },
	}
}

func (e *env) why(ctx context.Context, name string) error {
	shop, err := e.at(name)
	if err != nil {
		return err
	}
	service, err := shop.orOf(ctx)
	if err != nil {
		return err
	}
	objects, err := shop.reader.Shop(ctx, shop.key, gather.Whole)
	if err != nil {
		return err
	}
	chain := view.Why(objects, service)
	err = e.print(shown{value: chain, names: []string{shopName(chain.Shop)}, text: func(out io.Writer, wide bool) error {
		return text.Why(out, chain, e.look(newScreenless(out).width(), wide))
	}})
	if err == nil && chain.Wrong {
		return verdict(exitError)
	}
	return err
}

// orOf takes the name for that of a service, where no shop has it, and makes the key that of its shop.
func (s *at) orOf(ctx context.Context) (service string, err error) {
	if _, err = s.reader.Alone(ctx, s.key); !apierrors.IsNotFound(err) {
		return "", err
	}
	svc := &v1alpha1.ShopService{}
	if s.api.Get(ctx, s.key, svc) != nil {
		return "", fmt.Errorf("there is no ShopService %s either: %w", s.key.Name, err)
	}
	s.key = types.NamespacedName{Namespace: s.key.Namespace, Name: svc.Spec.Shop}
	return svc.Name, nil
}
