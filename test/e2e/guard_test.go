package e2e

import (
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// guard gives its verdict after 60 requests: two seconds of the load here.
const (
	guard       = "release: {guard: {window: 1m, maxErrorPercent: 1, minRequests: 60}}"
	minRequests = 60
)

// forbidden lets the cart come as a role of the database that may read and not write: it is ready, and every request that
// makes a cart, one in twenty of the load, is answered with 500: 5 % errors. Its migration would not be
// allowed either. It is another cart in each drill: one that was rejected is not shipped again.
func forbidden() string {
	return fmt.Sprintf("migration: null, env: [{name: DATABASE_URL, value: 'postgres://reader:sample-reader@postgres:5432/shop?sslmode=disable'}, {name: DRILL, value: '%d'}]", time.Now().UnixNano())
}

const makeReader = `CREATE ROLE reader LOGIN PASSWORD 'sample-reader';
GRANT CONNECT ON DATABASE shop TO reader;
GRANT USAGE ON SCHEMA cart TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA cart TO reader;`

func psql(ctx SpecContext, statements string) {
	GinkgoHelper()
	_, err := here.KubectlWith(ctx, statements, "-n", stage.Shop, "exec", "-i", "postgres-0", "--",
		"sh", "-c", `PGPASSWORD="$POSTGRES_PASSWORD" psql -X -q -v ON_ERROR_STOP=1 -U postgres -d shop`)
	Expect(err).NotTo(HaveOccurred())
}

// injected tells the errors that a drill makes on purpose from broken promises.
func injected(release string, r load.Record) bool {
	return r.Err == nil && r.Status == http.StatusInternalServerError && r.Release == release && r.Path == "/api/cart"
}

var _ = Describe("The guard", Label("release", "core"), func() {
	BeforeEach(func(ctx SpecContext) {
		psql(ctx, makeReader)
		DeferCleanup(psql, "DROP OWNED BY reader; DROP ROLE reader;")
	})

	It("goes back from a release that answers with errors, and lets a corrected one through", func(ctx SpecContext) {
		home := begin(ctx)
		drillGuard(ctx, home, func(there, back load.Switch, changed []string) []load.Switch {
			corrected := moves(ctx, changed...)
			Expect(corrected.From).To(Equal(home))
			says(ctx, "True", "RollbackWindow", serves(corrected.To, home))
			return []load.Switch{there, back, corrected}
		})
	})

	// Its stack still runs, as after any way back; yet it is no release that served well before.
	It("watches a release again that is retried by deleting its ShopRelease", func(ctx SpecContext) {
		home := begin(ctx)
		drillGuard(ctx, home, func(there, back load.Switch, _ []string) []load.Switch {
			again := movesWhen(ctx, func() {
				_, err := here.Kubectl(ctx, "-n", stage.Shop, "delete", "shoprel", there.To)
				Expect(err).NotTo(HaveOccurred())
			})
			Expect(again.To).To(Equal(there.To), "it is tried again")
			return []load.Switch{there, back, again, wayBack(ctx, again)}
		})
	})
})

// drillGuard releases a cart that may not write, waits until the guard went back, and goes on as told. changed is the same
// release without the fault.
func drillGuard(ctx SpecContext, home string, then func(there, back load.Switch, changed []string) []load.Switch) {
	GinkgoHelper()
	var told []load.Switch
	ours := func(r load.Record) bool { return injected(told[0].To, r) }
	records := underDrill(ctx, ours, func() []load.Switch {
		changed := []string{next(), shop(guard)}
		there := moves(ctx, append(changed, shopService("cart", forbidden()))...)
		Expect(there.From).To(Equal(home))
		back := wayBack(ctx, there)
		Consistently(func() string { return look(ctx).Active }, 10*time.Second, time.Second).Should(Equal(home), "though the services ask for the other")
		told = then(there, back, changed)
		return told
	})
	took := told[1].ConfirmedAt.Sub(due(records, told[0]))
	AddReportEntry("from enough requests for a verdict to the confirmed way back", took)
	Expect(took).To(BeNumerically("<=", 10*time.Second))
}

// wayBack waits until the guard went back from a switch, and checks what it says of it.
func wayBack(ctx SpecContext, there load.Switch) load.Switch {
	GinkgoHelper()
	record, err := here.Switched(ctx, there.WrittenAt)
	Expect(err).NotTo(HaveOccurred())
	Expect(record).To(And(HaveField("From", there.To), HaveField("To", there.From)))
	row := says(ctx, "False", "GuardBroken", And(
		MatchRegexp(`^release %s broke the guard: \d+ of \d+ responses were errors \(\d+\.\d %%, at most 1 %% may be\)`, there.To),
		HaveSuffix(fmt.Sprintf("; change the services, or try it again: kubectl -n acme annotate shoprelease %s shop.emporium.dev/rejected-", there.To))))
	Expect(row.Active).To(Equal(there.From))
	return stage.Seen(record)
}

// due is when the load had seen enough for a verdict on a switch: as many requests as the guard asks for, more than 1 % of them errors.
func due(records []load.Record, there load.Switch) time.Time {
	answered, errors := 0, 0
	for _, r := range records {
		if r.Release != there.To || r.Start.Before(there.WrittenAt) {
			continue
		}
		answered++
		if r.Status >= http.StatusInternalServerError {
			errors++
		}
		if answered >= minRequests && errors*100 > answered {
			return r.Answered
		}
	}
	return time.Time{}
}
