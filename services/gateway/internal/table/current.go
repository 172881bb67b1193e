package table

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Sight is what came of looking at the ConfigMap.
type Sight string

const (
	// Swapped: requests that arrive from now on are routed by a new table.
	Swapped Sight = "swapped"
	// Same: the ConfigMap holds the table that is routed by.
	Same Sight = "same"
	// Rejected: the ConfigMap's table cannot be used, the last one stays.
	Rejected Sight = "rejected"
	// Missing: the ConfigMap is not there, the last table stays.
	Missing Sight = "missing"
	// Waiting: the ConfigMap's table is good, and the endpoints of its release are not
	// known yet: the last one stays for a moment.
	Waiting Sight = "waiting"
	// Confirmed: all endpoints of the release are known by now.
	Confirmed Sight = "confirmed"
)

// Watcher hears of every look at the ConfigMap, with the table that is routed
// by (nil before the first). Calls come one at a time.
type Watcher func(Sight, *Compiled)

// Upstreams tells how many pods a Kubernetes Service has, and whether it is known at all.
type Upstreams interface {
	Pods(service string) (pods int, known bool)
}

// Current is the table that this replica routes by.
type Current struct {
	// Upstreams are asked before a release is routed to. Set it before the first table;
	// nil: whatever a table names is taken for known.
	Upstreams Upstreams

	table  atomic.Pointer[Compiled]
	report atomic.Pointer[frontdoor.Report]

	pinned   string
	writing  sync.Mutex // one writer at a time; readers never wait
	now      func() time.Time
	log      *slog.Logger
	watchers []Watcher

	next        *next       // guarded by writing
	unconfirmed atomic.Bool // written under writing
}

// New returns a Current without a table. A pinned release is routed to whatever the
// tables say; empty: none is. now is the clock that AppliedAt is read from.
func New(pinned string, now func() time.Time, log *slog.Logger, watchers ...Watcher) *Current {
	c := &Current{pinned: pinned, now: now, log: log, watchers: watchers}
	c.report.Store(&frontdoor.Report{})
	return c
}

// Load returns the table of this moment; nil before the first.
func (c *Current) Load() *Compiled { return c.table.Load() }

// Report says which table the replica routes by, and since when.
func (c *Current) Report() frontdoor.Report { return *c.report.Load() }

// Apply routes by the stored table as soon as its release can serve. A table that cannot
// be used is refused as a whole: what serves goes on serving.
func (c *Current) Apply(data string) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	hash := frontdoor.Hash(data)
	if last := c.table.Load(); last != nil && last.Hash == hash {
		c.drop()
		c.tell(Same)
		return nil
	}
	if c.next != nil && c.next.table.Hash == hash {
		return nil
	}
	compiled, err := Compile(data, c.pinned)
	if err != nil {
		c.tell(Rejected)
		return fmt.Errorf("taking over the routing table: %w", err)
	}
	c.drop()
	c.next = &next{table: compiled}
	if !c.advance() {
		c.wait()
	}
	return nil
}

// Gone says that the ConfigMap is not there. The last table stays: deleting an
// object by mistake must not close the shop.
func (c *Current) Gone() {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.tell(Missing)
	if last := c.table.Load(); last != nil {
		c.log.Warn("Keeping the last routing table: its ConfigMap is gone", "table", last.Hash)
	}
}

// swap moves the pointer first and reads the clock after it. So every request
// that arrives after AppliedAt is routed by this table, and the operator may
// take AppliedAt as a promise.
func (c *Current) swap(next *Compiled) {
	last := c.report.Load()
	c.table.Store(next)
	report := c.reportOf(next, *last)
	c.report.Store(&report)
	c.log.Info("Routing by a new table", "table", next.Hash, "active", report.Active,
		"preview", next.Source.Preview, "before", last.Active, "confirmed", !c.unconfirmed.Load())
	c.tell(Swapped)
}

// reportOf keeps the time of a switch that was already routed by: a candidate
// that appears in preview changes the table, not the switch. A new switch is not confirmed
// while it is not known where the pods of its release are.
func (c *Current) reportOf(t *Compiled, last frontdoor.Report) frontdoor.Report {
	r := frontdoor.Report{TableHash: t.Hash, Active: t.Routed()}
	before := last.Confirms(t.Source.Switch) && last.Active == r.Active
	c.unconfirmed.Store(!before && len(c.unknown(t)) > 0)
	if t.Source.Switch == nil || c.unconfirmed.Load() {
		return r
	}
	r.Switch, r.AppliedAt = t.Source.Switch.At, last.AppliedAt
	if !before {
		r.AppliedAt = c.now()
	}
	return r
}

func (c *Current) tell(s Sight) {
	for _, watcher := range c.watchers {
		watcher(s, c.table.Load())
	}
}
