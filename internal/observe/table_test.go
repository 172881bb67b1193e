package observe

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

const a, b, c = "acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"

var (
	epoch = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	later = epoch.Add(time.Hour)
)

func acme() *v1alpha1.Shop {
	return &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme", UID: "acme-uid"}}
}

func owned() []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(acme(), v1alpha1.GroupVersion.WithKind("Shop"))}
}

// stored is the routing table of a shop as somebody finds it.
func stored(data string, change ...func(*corev1.ConfigMap)) *corev1.ConfigMap {
	cm := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme-front-door", OwnerReferences: owned()},
		Data:       map[string]string{frontdoor.TableKey: data},
	}
	for _, f := range change {
		f(cm)
	}
	return cm
}

func TestTheRoutingTableIsReadWhoeverTouchedIt(t *testing.T) {
	const good = `{"schema":1,"shop":"acme","active":"acme-aaaaaaaa","releases":[{"name":"acme-aaaaaaaa","routes":[]}]}`
	strip := func(cm *corev1.ConfigMap) { cm.OwnerReferences = nil }
	other := func(cm *corev1.ConfigMap) { cm.OwnerReferences[0].UID = "another-shop" }
	applied := func(cm *corev1.ConfigMap) { cm.Annotations = map[string]string{AnnotationApplied: "0123"} }
	own := func(cm *corev1.ConfigMap) { cm.Data = map[string]string{"motd": "hello"} }
	for name, c := range map[string]struct {
		cached, live *corev1.ConfigMap
		active       string
		there        bool
	}{
		"as the operator wrote it":                          {stored(good), stored(good), a, true},
		"its label is gone, so that the cache has it not":   {nil, stored(good), a, true},
		"its owner is gone":                                 {stored(good, strip), stored(good, strip), a, true},
		"its owner and its label are gone":                  {nil, stored(good, strip), a, true},
		"it was deleted":                                    {nil, nil, "", false},
		"its content cannot be read: it is written over":    {stored("{"), stored("{"), "", true},
		"neither content nor owner are left":                {stored("{", strip, applied), nil, "", true},
		"what a person keeps under this name is left alone": {nil, stored("", strip, own), "", false},
		"it is of a newer operator":                         {stored(`{"schema":99,"shop":"acme"}`), nil, "", true},
		"it names a release without routes":                 {stored(`{"schema":1,"shop":"acme","active":"x"}`), nil, "", true},
		"another shop controls an object of this name":      {stored(good, other), stored(good, other), "", false},
		"a table of another shop that nobody controls":      {stored(strings.ReplaceAll(good, `"acme"`, `"bazaar"`), strip), nil, "", false},
		"somebody else's ConfigMap, read past the cache":    {nil, stored(good, other), "", false},
		"another shop's, whose content cannot be read, too": {stored("{", other), nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Reader{Cache: holding(c.cached), Configs: &Configs{Live: holding(c.live)}}
			w := &World{Shop: acme()}
			if err := r.readTable(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			if w.Observed.Table.Active != c.active || (w.Table != nil) != c.there {
				t.Errorf("active %q and its object there %t, want %q and %t", w.Observed.Table.Active, w.Table != nil, c.active, c.there)
			}
		})
	}
}

func holding(cm *corev1.ConfigMap) client.Client {
	builder := fake.NewClientBuilder()
	if cm != nil {
		builder = builder.WithObjects(cm.DeepCopy())
	}
	return builder.Build()
}

// says is what a replica of the front door reports in its Lease.
func says(active string, at time.Time, counts bool) coordinationv1.Lease {
	r := frontdoor.Report{Active: active, Switch: at}
	if counts {
		r.Counts = &frontdoor.Counts{}
	}
	return coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: r.Annotations()}}
}

func unreadableReport() coordinationv1.Lease {
	return coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{
		frontdoor.AnnotationActive: b, frontdoor.AnnotationSwitch: "yesterday",
	}}}
}

// lost is a shop whose table is lost: what runs, and what its status says served last.
type lost struct {
	runs       []string
	candidates []string
	pin        string
	status     string
	from       string
	switched   time.Time
	leases     []coordinationv1.Lease
	guard      bool
	// table is there, and may be an old one; records are there of what does not run.
	table   *frontdoor.Table
	records []string
}

func (l lost) world() *World {
	w := &World{Shop: acme(), Releases: map[string]*v1alpha1.ShopRelease{}}
	w.Observed.Stacks = map[string]plan.Stack{}
	if l.table != nil {
		w.Observed.Table = *l.table
	}
	for _, name := range l.records {
		w.Releases[name] = &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: name}}
		w.Observed.Releases = append(w.Observed.Releases, plan.Release{Name: name})
	}
	for _, name := range l.runs {
		w.Observed.Stacks[name] = plan.Stack{"cart": {}}
		w.Observed.Releases = append(w.Observed.Releases, plan.Release{Name: name})
	}
	for _, name := range l.candidates {
		w.Observed.Stacks[name] = plan.Stack{"cart": {}}
		w.Observed.Releases = append(w.Observed.Releases, plan.Release{Name: name, CandidateSince: epoch})
	}
	w.Shop.Spec.Release.Active = l.pin
	if l.status != "" {
		w.Shop.Status.Active = &v1alpha1.ReleaseRef{Release: l.status}
	}
	if !l.switched.IsZero() {
		w.Shop.Status.LastSwitch = &v1alpha1.SwitchRecord{From: l.from, To: l.status, WrittenAt: metav1.NewMicroTime(l.switched)}
	}
	if l.guard {
		w.Observed.Policy.Guard = &plan.Guard{Window: time.Minute, MaxLatencyP99: time.Second}
	}
	return w
}

func TestALostTableIsRebuiltFromWhatReplicasAndRecordsSay(t *testing.T) {
	switchOf := func(at time.Time, from string) *frontdoor.Switch { return &frontdoor.Switch{At: at, From: from} }
	for name, c := range map[string]struct {
		lost lost
		want frontdoor.Table
	}{
		"nothing served yet":                                         {lost{}, frontdoor.Table{}},
		"only a candidate runs":                                      {lost{candidates: []string{b}}, frontdoor.Table{}},
		"a replica reports what it routes to":                        {lost{runs: []string{a}, leases: []coordinationv1.Lease{says(a, epoch, false)}}, frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}},
		"of two replicas the newest switch wins":                     {lost{runs: []string{a, b}, leases: []coordinationv1.Lease{says(b, later, false), says(a, epoch, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"the order of the replicas does not matter":                  {lost{runs: []string{a, b}, leases: []coordinationv1.Lease{says(a, epoch, false), says(b, later, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"a release without a stack is not gone back to":              {lost{runs: []string{a}, leases: []coordinationv1.Lease{says(c, later, false), says(a, epoch, false)}}, frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}},
		"a report that cannot be read is left out":                   {lost{runs: []string{a, b}, leases: []coordinationv1.Lease{unreadableReport(), says(a, epoch, false)}}, frontdoor.Table{Active: a, Switch: switchOf(epoch, b)}},
		"what replicas say counts more than the status":              {lost{runs: []string{a, b}, status: a, switched: epoch, leases: []coordinationv1.Lease{says(b, later, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"without replicas, the status":                               {lost{runs: []string{a, b}, status: b, switched: later, from: a}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"a status whose release does not run is left out":            {lost{runs: []string{a}, status: c}, frontdoor.Table{Active: a}},
		"without either, the only stack that served":                 {lost{runs: []string{a}, candidates: []string{b}}, frontdoor.Table{Active: a}},
		"of two stacks that served, the one that is pinned":          {lost{runs: []string{a, b}, pin: b}, frontdoor.Table{Active: b}},
		"a pin does not overrule what replicas say":                  {lost{runs: []string{a, b}, pin: b, leases: []coordinationv1.Lease{says(a, epoch, false)}}, frontdoor.Table{Active: a, Switch: switchOf(epoch, b)}},
		"the release before is the one of the status":                {lost{runs: []string{a, b}, status: a, from: c, switched: epoch, leases: []coordinationv1.Lease{says(a, epoch.Add(300*time.Nanosecond), false)}}, frontdoor.Table{Active: a, Switch: switchOf(epoch.Add(300*time.Nanosecond), c)}},
		"a status of an earlier switch does not say what was before": {lost{runs: []string{a, b}, status: b, from: c, switched: epoch, leases: []coordinationv1.Lease{says(b, later, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"of two other stacks nobody knows which one was before":      {lost{runs: []string{a, b, c}, leases: []coordinationv1.Lease{says(b, later, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, "")}},
		"a candidate was not before":                                 {lost{runs: []string{a}, candidates: []string{b}, leases: []coordinationv1.Lease{says(a, epoch, false)}}, frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}},
		"the guard goes on where counts were asked for":              {lost{runs: []string{a, b}, guard: true, leases: []coordinationv1.Lease{says(b, later, true)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a), Guard: &frontdoor.Guard{Until: later.Add(time.Minute), Slow: time.Second}}},
		"no guard appears where nobody asked for counts":             {lost{runs: []string{a, b}, guard: true, leases: []coordinationv1.Lease{says(b, later, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"counts of a replica that is behind ask for nothing":         {lost{runs: []string{a, b}, guard: true, leases: []coordinationv1.Lease{says(a, epoch, true), says(b, later, false)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"all that ran is gone, and the status says what served":      {lost{records: []string{a}, status: a, switched: epoch, from: b}, frontdoor.Table{Active: a, Switch: switchOf(epoch, b)}},
		"beside a candidate that runs, too":                          {lost{records: []string{a}, candidates: []string{c}, status: a, switched: epoch, from: b}, frontdoor.Table{Active: a, Switch: switchOf(epoch, b)}},
		"nothing is made again of which there is no record":          {lost{status: a, switched: epoch}, frontdoor.Table{}},
		"a table from a backup, which replicas took up": {lost{table: &frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}, runs: []string{b}, status: b, from: c, switched: later, leases: []coordinationv1.Lease{says(a, epoch, false)}},
			frontdoor.Table{Active: b, Switch: switchOf(later, c)}},
		"one whose stack runs still": {lost{table: &frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}, runs: []string{a, b}, status: b, from: a, switched: later, leases: []coordinationv1.Lease{says(a, epoch, false)}},
			frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"replicas that did not take it up know more": {lost{table: &frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}, runs: []string{b}, status: b, from: c, switched: later, leases: []coordinationv1.Lease{says(b, later, false)}},
			frontdoor.Table{Active: b, Switch: switchOf(later, c)}},
		"a status that is behind overrules no table":       {lost{table: &frontdoor.Table{Active: b, Switch: switchOf(later, a)}, runs: []string{a, b}, status: a, switched: epoch}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
		"a release that does not run overrules none":       {lost{table: &frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}, runs: []string{a}, status: b, switched: later}, frontdoor.Table{Active: a, Switch: switchOf(epoch, "")}},
		"a shop that asks for no guard any more gets none": {lost{runs: []string{a, b}, leases: []coordinationv1.Lease{says(b, later, true)}}, frontdoor.Table{Active: b, Switch: switchOf(later, a)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.lost.world()
			recoverTable(w, c.lost.leases)
			if diff := cmp.Diff(c.want, w.Observed.Table); diff != "" || w.Observed.Unknown != "" {
				t.Errorf("the table (-want +got):\n%s\nunknown: %q", diff, w.Observed.Unknown)
			}
		})
	}
}

func TestAStackWithoutARecordServedSinceNothingSaysThatItIsACandidate(t *testing.T) {
	w := lost{runs: []string{a}}.world()
	w.Observed.Releases = nil
	if recoverTable(w, nil); w.Observed.Table.Active != a {
		t.Errorf("active %q, want %s", w.Observed.Table.Active, a)
	}
}

func TestWhereNobodyKnowsWhichOfTwoStacksServesTheWayOutIsTold(t *testing.T) {
	w := lost{runs: []string{b, a}}.world()
	recoverTable(w, []coordinationv1.Lease{says(c, epoch, false)})
	if w.Observed.Table.Active != "" {
		t.Errorf("%s was guessed", w.Observed.Table.Active)
	}
	for _, part := range []string{"ConfigMap acme-front-door", "[acme-aaaaaaaa acme-bbbbbbbb]", "set spec.release.active to the one that shall serve"} {
		if !strings.Contains(w.Observed.Unknown, part) {
			t.Errorf("the sentence lacks %q: %s", part, w.Observed.Unknown)
		}
	}
}

func TestATableThatNamesAReleaseIsNeverOverruled(t *testing.T) {
	w := lost{runs: []string{a, b}}.world()
	w.Observed.Table = frontdoor.Table{Active: a}
	if recoverTable(w, []coordinationv1.Lease{says(b, later, true)}); w.Observed.Table.Active != a || w.Observed.Unknown != "" {
		t.Errorf("active %q, unknown %q", w.Observed.Table.Active, w.Observed.Unknown)
	}
}

func TestAReleaseThatIsCutAnewAfterATableWasRebuiltIsNotTheOneThatServed(t *testing.T) {
	w := lost{runs: []string{a, b}}.world()
	for i := range w.Observed.Releases {
		w.Observed.Releases[i].UID = "of " + w.Observed.Releases[i].Name
	}
	if recoverTable(w, []coordinationv1.Lease{says(b, later, false)}); w.Observed.Table.Switch.FromUID != "of "+a {
		t.Errorf("the switch came from %q of UID %q", w.Observed.Table.Switch.From, w.Observed.Table.Switch.FromUID)
	}
}

func TestARecordThatIsAdoptedHasItsGateway(t *testing.T) {
	for kind, services := range map[v1alpha1.FrontDoorType]int{v1alpha1.FrontDoorGatewayAPI: 1, v1alpha1.FrontDoorManaged: 0} {
		w := &World{Shop: acme(), Releases: map[string]*v1alpha1.ShopRelease{}, reader: &Reader{}}
		w.Shop.Spec.FrontDoor = v1alpha1.FrontDoor{Type: kind, Managed: v1alpha1.ManagedFrontDoor{Replicas: 3}, GatewayAPI: &v1alpha1.GatewayAPIFrontDoor{}}
		w.Adopt(&v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: a}})
		got := w.Observed.Releases[0].Services
		if len(got) != services || (services == 1 && (got[0].Name != v1alpha1.GatewayService || got[0].Scale.Min != 3)) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}
