// Package settings reads what the front door is told by its environment.
package settings

import (
	"errors"
	"net/netip"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Settings are all settings. README.md lists the variables with their defaults.
type Settings struct {
	// Shop, Pod, Namespace and UID say who this replica is. Required.
	Shop, Pod, Namespace string
	UID                  types.UID

	// Pinned is the release that this front door routes to, whichever is active.
	// Empty, the default: it follows the table.
	Pinned string

	// Port is the public one, PreviewPort shows the candidate, MetricsPort has
	// metrics and health.
	Port, PreviewPort, MetricsPort int64

	// DrainDelay is how long the replica goes on serving after SIGTERM, until
	// every load balancer has heard that it is not ready.
	DrainDelay time.Duration
	// DrainLimit is how long what is in flight may take after that.
	DrainLimit time.Duration
	// StaleLimit is how long the replica stays ready without seeing the API.
	StaleLimit time.Duration

	MaxBody, MaxHeader             int64
	ReadHeaderTimeout, IdleTimeout time.Duration

	// BodyTimeout and WriteTimeout are how long a client may send, or read, nothing.
	BodyTimeout, WriteTimeout, UpgradeIdleTimeout time.Duration
	// MaxConnections, MaxUpgraded, MaxInFlight and MaxStreams are how many of each there
	// may be at once; MaxHeld is the memory for bodies in bytes.
	MaxConnections, MaxUpgraded, MaxInFlight, MaxStreams, MaxHeld int64

	DialTimeout, ResponseHeaderTimeout, UpstreamIdleTimeout, SilenceTimeout time.Duration
	UpstreamIdleConns, UpstreamAttempts                                     int64

	TrustedProxies []netip.Prefix
	// Upgrades are the protocols, in lower case, that a client may change to.
	Upgrades []string
	// DefaultHost stands in for the Host that an HTTP/1.0 request need not have.
	DefaultHost string
	AccessLog   bool
}

// Read reads the settings; lookup is os.LookupEnv. It tells of everything that
// is wrong at once.
func Read(lookup func(string) (string, bool)) (Settings, error) {
	e := &env{lookup: lookup}
	s := Settings{
		Shop: e.required("SHOP"), Pod: e.required("POD_NAME"), Namespace: e.required("POD_NAMESPACE"),
		UID: types.UID(e.required("POD_UID")), Pinned: e.get("PINNED_RELEASE"),

		Port:        e.number("PORT", 8080, 1, 65535),
		PreviewPort: e.number("PREVIEW_PORT", 8081, 1, 65535),
		MetricsPort: e.number("METRICS_PORT", 9090, 1, 65535),

		DrainDelay: e.duration("DRAIN_DELAY", 5*time.Second, 0, time.Minute),
		DrainLimit: e.duration("DRAIN_LIMIT", 20*time.Second, time.Second, 10*time.Minute),
		StaleLimit: e.duration("STALE_LIMIT", 3*time.Minute, 30*time.Second, time.Hour),

		MaxBody:           e.number("MAX_BODY_BYTES", 32<<20, 1<<10, 10<<30),
		MaxHeader:         e.number("MAX_HEADER_BYTES", 64<<10, 4<<10, 1<<20),
		ReadHeaderTimeout: e.duration("READ_HEADER_TIMEOUT", 10*time.Second, time.Second, time.Minute),
		IdleTimeout:       e.duration("IDLE_TIMEOUT", 75*time.Second, time.Second, time.Hour),

		BodyTimeout:        e.duration("BODY_TIMEOUT", 30*time.Second, time.Second, time.Hour),
		WriteTimeout:       e.duration("WRITE_TIMEOUT", time.Minute, time.Second, time.Hour),
		UpgradeIdleTimeout: e.duration("UPGRADE_IDLE_TIMEOUT", time.Hour, time.Minute, 24*time.Hour),
		MaxConnections:     e.number("MAX_CONNECTIONS", 16384, 16, 1<<20),
		MaxUpgraded:        e.number("MAX_UPGRADED", 1024, 1, 1<<20),
		MaxInFlight:        e.number("MAX_IN_FLIGHT", 4096, 16, 1<<20),
		MaxStreams:         e.number("HTTP2_MAX_STREAMS", 100, 1, 10000),
		MaxHeld:            e.number("MAX_HELD_BYTES", 32<<20, 1<<20, 10<<30),

		DialTimeout:           e.duration("UPSTREAM_DIAL_TIMEOUT", 2*time.Second, 50*time.Millisecond, 30*time.Second),
		ResponseHeaderTimeout: e.duration("UPSTREAM_RESPONSE_TIMEOUT", 55*time.Second, time.Second, time.Hour),
		SilenceTimeout:        e.duration("UPSTREAM_SILENCE_TIMEOUT", 5*time.Second, 500*time.Millisecond, time.Minute),
		UpstreamIdleTimeout:   e.duration("UPSTREAM_IDLE_TIMEOUT", 4*time.Second, 100*time.Millisecond, 10*time.Minute),
		UpstreamIdleConns:     e.number("UPSTREAM_IDLE_CONNS", 256, 1, 65536),
		UpstreamAttempts:      e.number("UPSTREAM_ATTEMPTS", 3, 1, 10),

		TrustedProxies: e.prefixes("TRUSTED_PROXIES"),
		Upgrades:       e.words("UPGRADES", "websocket"),
		DefaultHost:    e.host("DEFAULT_HOST", e.get("SHOP")),
		AccessLog:      e.flag("ACCESS_LOG", false),
	}
	return s, errors.Join(e.errs...)
}
