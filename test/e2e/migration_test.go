package e2e

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

const migration = "migration: {args: [migrate], deadline: 30s}"

// misdirected lets the cart's migration find no database: nobody listens at that port. It waits for one until its deadline.
const misdirected = "env: [{name: DATABASE_URL, value: 'postgres://cart:sample-cart@postgres:5433/shop?sslmode=disable'}]"

var _ = Describe("A migration that fails", Label("release"), func() {
	It("stops the release before any of its pods, is named with its Job, and a corrected manifest goes through", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			changed := []string{next(), shopService("catalog", migration)}
			overlay(ctx, append(changed, shopService("cart", migration+", "+misdirected))...)
			row := says(ctx, "False", "MigrationFailed", ContainSubstring("the migration of cart"))
			Expect(row.Active).To(Equal(home))
			failed := job(ctx, "migration", "cart", row.Candidate)
			Expect(row.Message).To(Equal(fmt.Sprintf(
				"release %s: the migration of cart (job/%[2]s) failed (it did not end within its deadline): `kubectl -n acme logs job/%[2]s` says why; delete the Job to run it again, or change the services", row.Candidate, failed)))
			why, err := here.Kubectl(ctx, "-n", stage.Shop, "logs", "job/"+failed)
			Expect(err).NotTo(HaveOccurred())
			Expect(why).To(ContainSubstring("5433"))
			// The cart depends on the catalog, whose migration therefore came first.
			Expect(field(ctx, "job/"+job(ctx, "migration", "catalog", row.Candidate), ".status.succeeded")).To(Equal("1"))
			Expect(listed(ctx, "pods", "shop.emporium.dev/service,shop.emporium.dev/release="+row.Candidate)).To(BeEmpty())
			Expect(deployments(ctx, row.Candidate)).To(BeEmpty())

			there := moves(ctx, append(changed, shopService("cart", migration))...)
			says(ctx, "True", "RollbackWindow", serves(there.To, home))
			Expect(field(ctx, "shoprel/"+there.To, ".status.migrations[*].state")).To(Equal("Succeeded Succeeded Succeeded"), "of cart, catalog and reviews")
			Eventually(func() []string { return listed(ctx, "jobs", "shop.emporium.dev/release="+row.Candidate) }).Should(BeEmpty(), "those of the release that was given up")
			return []load.Switch{there}
		})
	})

	It("is healed by a revert", func(ctx SpecContext) {
		home := begin(ctx)
		underLoad(ctx, func() []load.Switch {
			overlay(ctx, next(), shopService("cart", migration+", "+misdirected))
			candidate := says(ctx, "False", "MigrationFailed", ContainSubstring("the migration of cart")).Candidate
			overlay(ctx)
			says(ctx, "True", "Serving", "release "+home+" serves")
			Eventually(func() []string {
				return listed(ctx, "jobs,pods", "shop.emporium.dev/shop="+stage.Shop+",shop.emporium.dev/release="+candidate)
			}).Should(BeEmpty())
			return nil
		})
	})
})
