// Package e2e plays the stories that only a real cluster can tell. It runs when EMPORIUM_E2E is set: go test ./... on a
// machine without a cluster must not build one.
package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

var here stage.Stage

// flags of the operator. Requests of these tests end within some seconds, so no stack need run on for half a minute when it
// has been left.
var flags = []string{"--drain-time=8s"}

func TestE2E(t *testing.T) {
	if os.Getenv("EMPORIUM_E2E") == "" {
		t.Skip("left out: set EMPORIUM_E2E=1 to play on a real cluster")
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(2 * time.Minute)
	SetDefaultEventuallyPollingInterval(500 * time.Millisecond)
	RunSpecs(t, "Emporium on a real cluster")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	log.SetLogger(GinkgoLogr)
	here, err = stage.Here(GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	here.Part = stage.Browsing
	Expect(here.Cluster(ctx)).To(Succeed())
	Expect(here.Images(ctx, "dev", "operator", "gateway")).To(Succeed())
	Expect(here.Images(ctx, "1", "tiny")).To(Succeed())
	Expect(here.Operator(ctx, flags...)).To(Succeed())
	connect()
	_, err = here.Kubectl(ctx, "delete", "namespaces", "-l", drillLabel, "--wait=false") // of a run that was broken off
	Expect(err).NotTo(HaveOccurred())
	if samplesAreAsked(GinkgoLabelFilter()) {
		openSamples(ctx)
	}
})

// until, in Unix seconds, is when EMPORIUM_E2E_UNTIL says that no spec begins any more; 0: whenever.
func until() (at int64) {
	if text := os.Getenv("EMPORIUM_E2E_UNTIL"); text != "" {
		var err error
		at, err = strconv.ParseInt(text, 10, 64)
		Expect(err).NotTo(HaveOccurred(), "EMPORIUM_E2E_UNTIL: Unix seconds, as of `date +%%s`")
	}
	return at
}

// What CI has no time for is left out by name: a skip alone is one letter.
var _ = BeforeEach(func() {
	if at := until(); at > 0 && time.Now().Unix() > at {
		fmt.Printf("LEFT OUT, since there is no time for it: %s\n", CurrentSpecReport().FullText())
		Skip("there is no time for it: EMPORIUM_E2E_UNTIL is over")
	}
})

// samplesAreAsked tells whether specs will run that play in the sample shop; drills have shops of their own.
func samplesAreAsked(filter string) bool {
	for _, label := range []string{"smoke", "release", "core", "scale", "gateway"} {
		if Label(label).MatchesLabelFilter(filter) {
			return true
		}
	}
	return false
}

// openSamples opens the sample shop, which all specs share that are no drill.
func openSamples(ctx SpecContext) {
	GinkgoHelper()
	Expect(here.SampleImages(ctx, "1")).To(Succeed())
	Expect(here.Images(ctx, "2", "storefront", "catalog")).To(Succeed())
	Expect(here.Images(ctx, "3", "storefront", "catalog")).To(Succeed())
	Expect(here.Database(ctx)).To(Succeed())
	_, err := here.Keys(ctx)
	Expect(err).NotTo(HaveOccurred())
	// An earlier visitor, such as the demo, may have left a larger shop, a pin and a stack that is kept for a way back.
	overlay(ctx, shop("release: {rollbackWindow: 0s}"))
	Expect(here.Unpin(ctx)).To(Succeed())
	Expect(here.Settled(ctx)).To(Succeed())
	Expect(here.ApplySamples(ctx)).To(Succeed())
	Expect(here.Settled(ctx)).To(Succeed())
}

// underLoad sends load while a story is told, and holds the shop to its promises.
func underLoad(ctx SpecContext, story func() []load.Switch) {
	GinkgoHelper()
	underDrill(ctx, func(load.Record) bool { return false }, story)
}

// underDrill does so where the story itself breaks something: what is injected is no broken promise. It returns all that
// the load saw.
func underDrill(ctx SpecContext, injected func(load.Record) bool, story func() []load.Switch) []load.Record {
	GinkgoHelper()
	generator, err := here.Load(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { generator.Stop() })
	switches := story()
	records := generator.Stop()
	res := load.Analyse(slices.DeleteFunc(slices.Clone(records), injected), switches)
	AddReportEntry("load", res)
	Expect(res.Requests).To(BeNumerically(">", 0))
	Expect(res.Failed+res.MixedRequests+res.StaleAfterConfirm).To(BeZero(), "%+v", res)
	Expect(res.MixedWindowMillis).To(BeNumerically("<=", 100))
	return records
}
