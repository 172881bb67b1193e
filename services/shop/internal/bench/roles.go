package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/emporium-shop/emporium/services/cart"
	"github.com/emporium-shop/emporium/services/catalog"
	"github.com/emporium-shop/emporium/services/checkout"
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events/natsserver"
	"github.com/emporium-shop/emporium/services/inventory"
	"github.com/emporium-shop/emporium/services/notifications"
	"github.com/emporium-shop/emporium/services/orders"
	"github.com/emporium-shop/emporium/services/payments"
	"github.com/emporium-shop/emporium/services/pricing"
	"github.com/emporium-shop/emporium/services/promotions"
	pspfake "github.com/emporium-shop/emporium/services/psp-fake"
	"github.com/emporium-shop/emporium/services/shipping"
	"github.com/emporium-shop/emporium/services/tax"
)

// roleVariable makes this program one of the processes that it starts: a service by
// its name, with its workers, or NATS.
const (
	roleVariable = "BENCH_ORDERS_ROLE"
	natsRole     = "nats"
	natsFolder   = "BENCH_ORDERS_NATS"
)

// services are those that an order needs.
func services() []app.Service {
	return []app.Service{
		cart.Service(), catalog.Service(), checkout.Service(), inventory.Service(), notifications.Service(), orders.Service(),
		payments.Service(), pricing.Service(), promotions.Service(), pspfake.Service(), shipping.Service(), tax.Service(),
	}
}

// play is a role until it is told to end.
func play(role string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := playing(ctx, role); err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

func playing(ctx context.Context, role string) error {
	if role == natsRole {
		s, err := natsserver.Start(os.Getenv(natsFolder))
		if err != nil {
			return err
		}
		defer s.Stop()
		fmt.Println(s.URL())
		<-ctx.Done()
		return nil
	}
	for _, one := range services() {
		if one.Name != role {
			continue
		}
		p, err := app.Start(ctx, one, app.Options{Environment: environment(), Host: "127.0.0.1", Inline: true})
		if err != nil {
			return err
		}
		<-ctx.Done()
		return p.Stop(context.WithoutCancel(ctx))
	}
	return fmt.Errorf("there is no role %s", role)
}

func environment() map[string]string {
	all := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}
