package gitops

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// The four ways in which tools see an object: kstatus, Flux where Git approves, Flux where people approve, Argo CD.
const (
	fine     = "Current Current Current Healthy"
	working  = "InProgress InProgress InProgress Progressing"
	broken   = "Failed Failed Failed Degraded"
	approval = "InProgress InProgress Current Suspended"
	stopped  = "InProgress InProgress InProgress Suspended"
)

// seen says, by reason, how tools see an object that has it.
type seen map[v1alpha1.Reason]string

var shops = seen{
	v1alpha1.ReasonInstalling: working, v1alpha1.ReasonSettling: working, v1alpha1.ReasonBuilding: working, v1alpha1.ReasonMigrating: working,
	v1alpha1.ReasonStarting: working, v1alpha1.ReasonChecking: working, v1alpha1.ReasonSwitching: working,
	v1alpha1.ReasonWaitingForRollbackWindow: working, v1alpha1.ReasonApplyFailed: working, v1alpha1.ReasonDegraded: working,
	v1alpha1.ReasonAwaitingPromotion: approval,
	v1alpha1.ReasonPaused:            stopped,
	v1alpha1.ReasonServing:           fine, v1alpha1.ReasonRollbackWindow: fine,
	v1alpha1.ReasonStartDeadlineExceeded: broken, v1alpha1.ReasonMigrationFailed: broken, v1alpha1.ReasonCheckFailed: broken,
	v1alpha1.ReasonGuardBroken: broken, v1alpha1.ReasonInvalidServices: broken, v1alpha1.ReasonQuotaExceeded: broken,
	v1alpha1.ReasonRollbackRefused: broken, v1alpha1.ReasonFrontDoorUnavailable: broken, v1alpha1.ReasonForeignObject: broken,
	v1alpha1.ReasonSignatureMissing: broken,
	// Both tools look at the deletion before they ask an expression.
	v1alpha1.ReasonDeleting: "Terminating InProgress InProgress Progressing",
}

var services = seen{
	v1alpha1.ReasonServing: fine, v1alpha1.ReasonDegraded: working, v1alpha1.ReasonNotReleased: working, v1alpha1.ReasonReleasing: working,
	v1alpha1.ReasonAwaitingPromotion: approval, // of the shop; the service is Releasing
	v1alpha1.ReasonPaused:            stopped,
	v1alpha1.ReasonUnknownShop:       broken, v1alpha1.ReasonNotAllowed: broken, v1alpha1.ReasonInvalidServices: broken,
	v1alpha1.ReasonStartDeadlineExceeded: broken, v1alpha1.ReasonMigrationFailed: broken, v1alpha1.ReasonCheckFailed: broken,
	v1alpha1.ReasonGuardBroken: broken, v1alpha1.ReasonQuotaExceeded: broken, v1alpha1.ReasonSignatureMissing: broken,
}

var candidates = seen{
	v1alpha1.ReasonStarting: working, v1alpha1.ReasonMigrating: working, v1alpha1.ReasonChecking: working,
	v1alpha1.ReasonWaitingForRollbackWindow: working, v1alpha1.ReasonApplyFailed: working,
	v1alpha1.ReasonAwaitingPromotion: stopped, v1alpha1.ReasonPaused: stopped,
	v1alpha1.ReasonCheckFailed: broken, v1alpha1.ReasonMigrationFailed: broken,
}

var releases = seen{
	v1alpha1.ReasonServing: fine, v1alpha1.ReasonSwitching: fine, v1alpha1.ReasonRollbackWindow: fine,
	v1alpha1.ReasonRetired:     "InProgress Current Current Healthy", // history: kstatus has no word for it
	v1alpha1.ReasonGuardBroken: "InProgress Failed Failed Degraded",
	v1alpha1.ReasonDegraded:    "InProgress InProgress InProgress Degraded",
}

var builds = seen{
	v1alpha1.ReasonUpToDate: fine, v1alpha1.ReasonQueued: working, v1alpha1.ReasonBuilding: working, v1alpha1.ReasonGitUnreachable: working,
	v1alpha1.ReasonApplyFailed: working, v1alpha1.ReasonPaused: stopped,
	v1alpha1.ReasonBuildFailed: broken, v1alpha1.ReasonTestsFailed: broken, v1alpha1.ReasonPushFailed: broken, v1alpha1.ReasonOutOfMemory: broken,
	v1alpha1.ReasonEngineLost: broken, v1alpha1.ReasonTimedOut: broken, v1alpha1.ReasonInvalidSource: broken,
}

// of is one table with what makes its objects.
type of struct {
	name string
	seen seen
	make func(*testing.T, v1alpha1.Reason) *unstructured.Unstructured
}

var tables = []of{
	{"Shop", shops, shopSaying}, {"ShopService", services, serviceSaying}, {"candidate", candidates, candidateSaying},
	{"ShopRelease", releases, releaseSaying}, {"ShopSource", builds, sourceSaying},
}

func TestEachReasonHasItsHealth(t *testing.T) {
	for _, table := range tables {
		for reason, want := range table.seen {
			t.Run(table.name+"/"+string(reason), func(t *testing.T) {
				u := table.make(t, reason)
				if got := judged(t, u).String(); got != want {
					t.Errorf("got %s, want %s; its status:\n%v", got, want, u.Object["status"])
				}
			})
		}
	}
}

func TestAShopThatServesNobodyIsDegraded(t *testing.T) {
	want := "InProgress InProgress InProgress Degraded"
	if got := judged(t, closedShop(t)).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestAChangeThatNobodySawIsNotHealthy: what the status says is of the spec before.
func TestAChangeThatNobodySawIsNotHealthy(t *testing.T) {
	for _, table := range tables {
		for reason, want := range table.seen {
			if want != fine {
				continue
			}
			u := table.make(t, reason)
			u.SetGeneration(u.GetGeneration() + 1)
			if got := judged(t, u).String(); got != working {
				t.Errorf("%s %s: got %s, want %s", table.name, reason, got, working)
			}
		}
	}
}

// TestANewObjectIsNotHealthy: the schemas give it an observedGeneration that is none.
func TestANewObjectIsNotHealthy(t *testing.T) {
	for _, table := range tables {
		for reason := range table.seen {
			u := table.make(t, reason)
			u.SetDeletionTimestamp(nil)
			u.Object["status"] = map[string]any{"observedGeneration": int64(-1)}
			if got := judged(t, u).String(); got != working {
				t.Errorf("%s: got %s, want %s", table.name, got, working)
			}
		}
	}
}

// TestNoReasonIsForgotten: who adds a reason says here how tools see it.
func TestNoReasonIsForgotten(t *testing.T) {
	known := map[string]bool{
		// Of the condition ImagesPinned, which no tool asks for.
		"Pinned": true, "UnresolvedTags": true, "ImagesDiffer": true,
	}
	for _, table := range tables {
		for reason := range table.seen {
			known[string(reason)] = true
		}
	}
	n := 0
	for _, reason := range reasons(t) {
		n++
		if !known[reason] {
			t.Errorf("no table here says how tools see an object with reason %s", reason)
		}
	}
	if n < 40 {
		t.Errorf("only %d reasons were found in api/v1alpha1/conditions.go", n)
	}
}

// reasons are the constants of type Reason, read from their source.
func reasons(t *testing.T) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../api/v1alpha1/conditions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, value)
		return true
	})
	return out
}
