package frontdoor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// TableKey is the one key of the ConfigMap that holds the table.
	TableKey = "table.json"
	// TableSchema is the version of the table's JSON. A replica that reads a
	// greater one keeps its last table: it must not guess.
	TableSchema = 1
)

// TableName names the ConfigMap that holds the routing table of a shop.
func TableName(shop string) string { return shop + "-front-door" }

// Table says which release customers reach and which one the preview port shows.
type Table struct {
	Schema int `json:"schema"`
	// Shop is the name of the shop that the table belongs to.
	Shop string `json:"shop"`
	// Active is the release that answers on the public port. Empty: none yet,
	// and the front door answers 503.
	Active string `json:"active,omitempty"`
	// Preview is the release that answers on the preview port. Empty: 503 there.
	Preview string `json:"preview,omitempty"`
	// Switch tells of the write that made Active active. Nil before the first.
	Switch *Switch `json:"switch,omitempty"`
	// Guard asks each replica to report what it counted since the switch. Nil: none.
	Guard *Guard `json:"guard,omitempty"`
	// Releases holds the routes of Active and Preview, and of every other running
	// release that a pinned front door may serve, each once.
	Releases []Release `json:"releases,omitempty"`
}

// Switch is the record of one switch. Its time identifies it: a replica that
// reports it routes by that switch or a later one.
type Switch struct {
	// At is when the operator wrote the switch, by the operator's clock.
	At time.Time `json:"at"`
	// From is the release that was active before. Empty at the first switch.
	From string `json:"from,omitempty"`
	// FromUID is the UID of the ShopRelease From: one that is deleted and cut anew is another. Empty: not known.
	FromUID string `json:"fromUID,omitempty"`
}

// Guard asks for counts of the active release. It is written with the switch and
// stays until the next one, so that its end needs no write.
type Guard struct {
	// Until is when nobody asks any more.
	Until time.Time `json:"until"`
	// Slow is the time after which a response counts as slow; 0: none does.
	Slow time.Duration `json:"slow,omitempty"`
}

// Open tells whether counts are asked for.
func (g *Guard) Open(now time.Time) bool { return g != nil && now.Before(g.Until) }

// Release is one release as the front door sees it.
type Release struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Routes holds the public path prefixes of all its services.
	Routes []Route `json:"routes"`
}

// Route sends a path prefix to an upstream.
type Route struct {
	// Path is a prefix that matches whole segments: /api/cart matches /api/cart
	// and /api/cart/7, not /api/cartoon. The longest match wins.
	Path string `json:"path"`
	// Service is the name of the ShopService, for metrics and logs.
	Service string `json:"service"`
	// Upstream is the name of the Kubernetes Service of this release, in the
	// shop's namespace; its port is the one named PortName.
	Upstream string `json:"upstream"`
}

// PortName names the port of every service's Kubernetes Service that speaks HTTP.
const PortName = "http"

// Encode returns the table as it is stored. Equal tables give equal bytes.
func (t Table) Encode() (string, error) {
	t.Schema = TableSchema
	t.Releases = sortedReleases(t.Releases)
	if err := t.Validate(); err != nil {
		return "", err
	}
	b, err := json.Marshal(t)
	return string(b), err
}

// Decode reads a stored table and checks it.
func Decode(data string) (Table, error) {
	var t Table
	dec := json.NewDecoder(bytes.NewBufferString(data))
	if err := dec.Decode(&t); err != nil {
		return Table{}, fmt.Errorf("decoding the routing table: %w", err)
	}
	if t.Schema > TableSchema {
		return Table{}, fmt.Errorf("the routing table has schema %d, this program knows up to %d: update the front-door image", t.Schema, TableSchema)
	}
	return t, t.Validate()
}

// Hash identifies the stored bytes of a table.
func Hash(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:8])
}

// Validate tells whether a table can be routed by: the releases it names are
// there, and each has distinct absolute paths with upstreams.
func (t Table) Validate() error {
	var errs []error
	for _, named := range []string{t.Active, t.Preview} {
		if _, ok := t.Release(named); named != "" && !ok {
			errs = append(errs, fmt.Errorf("the table names release %q but has no routes for it", named))
		}
	}
	for _, r := range t.Releases {
		errs = append(errs, r.validate()...)
	}
	return errors.Join(errs...)
}

func (r Release) validate() (errs []error) {
	seen := map[string]bool{}
	for _, route := range r.Routes {
		switch {
		case !strings.HasPrefix(route.Path, "/"):
			errs = append(errs, fmt.Errorf("release %s: path %q does not begin with /", r.Name, route.Path))
		case route.Upstream == "":
			errs = append(errs, fmt.Errorf("release %s: path %s has no upstream", r.Name, route.Path))
		case seen[route.Path]:
			errs = append(errs, fmt.Errorf("release %s: path %s stands there twice", r.Name, route.Path))
		}
		seen[route.Path] = true
	}
	return errs
}

// Release returns the release of that name.
func (t Table) Release(name string) (Release, bool) {
	i := slices.IndexFunc(t.Releases, func(r Release) bool { return r.Name == name })
	if i < 0 {
		return Release{}, false
	}
	return t.Releases[i], true
}

func sortedReleases(in []Release) []Release {
	out := slices.Clone(in)
	for i := range out {
		out[i].Routes = slices.Clone(out[i].Routes)
		slices.SortFunc(out[i].Routes, func(a, b Route) int { return strings.Compare(a.Path, b.Path) })
	}
	slices.SortFunc(out, func(a, b Release) int { return strings.Compare(a.Name, b.Name) })
	return out
}
