package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metafields "k8s.io/apimachinery/pkg/fields"
	metalabels "k8s.io/apimachinery/pkg/labels"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/admit"
	"github.com/emporium-shop/emporium/services/gateway/internal/follow"
	"github.com/emporium-shop/emporium/services/gateway/internal/health"
	"github.com/emporium-shop/emporium/services/gateway/internal/http1"
	"github.com/emporium-shop/emporium/services/gateway/internal/metrics"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/report"
	"github.com/emporium-shop/emporium/services/gateway/internal/serve"
	"github.com/emporium-shop/emporium/services/gateway/internal/settings"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
	"github.com/emporium-shop/emporium/services/gateway/internal/watch"
)

// doorway is all parts of a running front door.
type doorway struct {
	set      settings.Settings
	log      *slog.Logger
	registry *prometheus.Registry

	current   *table.Current
	directory *upstream.Directory
	reporter  *report.Reporter
	watch     *watch.Watch
	tables    *follow.Follower
	slices    *follow.Follower
	health    *health.Health

	direct          *http1.Client
	public, preview *proxy.Front
	bodies          *proxy.Budget
}

func newDoorway(set settings.Settings, c clients, log *slog.Logger) *doorway {
	d := &doorway{set: set, log: log, registry: prometheus.NewRegistry()}
	requests, state := metrics.NewRequests(d.registry), metrics.NewState(d.registry, time.Now)
	d.watch = watch.New(time.Now, func() { d.reporter.Changed() })
	d.current = table.New(set.Pinned, time.Now, log, d.watch.Looked, d.reportSwap, requests.Swapped, state.Looked)
	d.directory = upstream.NewDirectory(time.Now, d.current.EndpointsChanged)
	d.current.Upstreams = d.directory
	id := report.Identity{Shop: set.Shop, Pod: set.Pod, Namespace: set.Namespace, UID: set.UID}
	d.reporter = report.New(c.leases, id, d.report, time.Now, log)
	d.reporter.RenewEvery = report.RenewEvery(set.StaleLimit)
	d.tables = follow.New(c.configMaps, follow.Selection{
		Fields: metafields.OneTermEqualSelector("metadata.name", frontdoor.TableName(set.Shop)).String(),
	}, &corev1.ConfigMap{}, table.NewStore(d.current, log), time.Now)
	d.slices = follow.New(c.slices, follow.Selection{
		Labels: metalabels.Set{frontdoor.LabelShop: set.Shop}.String(),
	}, &discoveryv1.EndpointSlice{}, d.directory, time.Now)
	d.health = &health.Health{
		TableSynced: d.tables.Synced, EndpointsSynced: d.slices.Synced, AccountUnknown: d.reporter.AccountUnknown,
		HasTable:    func() bool { return d.current.Load() != nil },
		Watches:     []health.Watch{{Name: "table", Broken: d.tables.Broken}, {Name: "endpoints", Broken: d.slices.Broken}},
		LastContact: d.reporter.LastContact, StaleLimit: set.StaleLimit, Now: time.Now,
	}
	if set.Pinned != "" {
		d.health.Routable = func() bool { return d.current.Load().Routed() != "" }
	}
	d.fronts(requests)
	d.observe()
	return d
}

func (d *doorway) report() frontdoor.Report { return d.watch.Into(d.current.Report()) }

// reportSwap comes first among those that take time: the operator waits for it.
func (d *doorway) reportSwap(sight table.Sight, _ *table.Compiled) {
	if sight == table.Swapped || sight == table.Confirmed {
		d.reporter.Changed()
	}
}

func (d *doorway) fronts(requests *metrics.Requests) {
	pods := proxy.TransportOptions{
		DialTimeout: d.set.DialTimeout, ResponseHeaderTimeout: d.set.ResponseHeaderTimeout,
		IdleTimeout: d.set.UpstreamIdleTimeout, IdlePerPod: int(d.set.UpstreamIdleConns),
		SilenceTimeout: d.set.SilenceTimeout,
	}
	d.direct = proxy.NewDirect(pods, time.Now)
	d.bodies = proxy.NewBudget(d.set.MaxHeld)
	o := proxy.Options{
		Tables: d.current, Upstreams: d.directory, Recorder: requests, Watch: d.watch,
		Transport: proxy.NewTransport(pods), Direct: d.direct,
		Attempts: int(d.set.UpstreamAttempts), MaxBody: d.set.MaxBody, TrustedProxies: d.set.TrustedProxies,
		BodyTimeout: d.set.BodyTimeout, PodTimeout: d.set.ResponseHeaderTimeout, WriteTimeout: d.set.WriteTimeout,
		MaxInFlight: d.set.MaxInFlight, MaxUpgraded: d.set.MaxUpgraded, Bodies: d.bodies,
		Rules:    admit.Rules{Upgrades: d.set.Upgrades, DefaultHost: d.set.DefaultHost},
		Draining: d.health.Draining, Now: time.Now, Log: d.log, AccessLog: d.set.AccessLog,
	}
	d.public, d.preview = proxy.New(table.Active, o), proxy.New(table.Preview, o)
}

func (d *doorway) observe() {
	d.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics.RegisterContact(d.registry, d.reporter.LastContact)
	metrics.RegisterFlag(d.registry, "emporium_frontdoor_table_confirmed", "0 while the endpoints of the release that is routed to are not known.", d.current.IsConfirmed)
	metrics.RegisterFlag(d.registry, "emporium_frontdoor_account_unknown", "1 while the Kubernetes API does not know this replica's account.", d.reporter.AccountUnknown)
	metrics.RegisterNumber(d.registry, "emporium_frontdoor_held_body_bytes_left", "Memory that is left for bodies that are held; at 0 small bodies stream as large ones do.", d.bodies.Left)
	for _, w := range d.health.Watches {
		metrics.RegisterFlag(prometheus.WrapRegistererWith(prometheus.Labels{"kind": w.Name}, d.registry), "emporium_frontdoor_watch_broken", "1 while changes are not heard of.",
			func() bool { since, _ := w.Broken(); return !since.IsZero() })
	}
	metrics.RegisterEndpoints(d.registry, d.current, func(name string) int { return d.directory.Pool(name).Len() })
}

// run serves until ctx ends. What follows the API outlives the draining: a
// replica that finishes its work still confirms a switch.
func (d *doorway) run(ctx context.Context) error {
	doors, err := d.open()
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	for _, part := range []func(context.Context){d.tables.Run, d.slices.Run, d.reporter.Run, d.watch.Run, d.direct.Run} {
		group.Go(func() error { part(background); return nil })
	}
	group.Go(func() error { return serve.Run(background, doors[2:], d.lights(), d.log) })
	group.Go(func() error {
		defer stop()
		return serve.Run(ctx, doors[:2], d.drain(), d.log)
	})
	return group.Wait()
}

func (d *doorway) drain() serve.Drain {
	inFlight := func() int64 { return d.public.InFlight() + d.preview.InFlight() }
	begin := func() {
		d.log.Info("Draining", "delay", d.set.DrainDelay.String(), "limit", d.set.DrainLimit.String())
		d.health.Drain()
	}
	return serve.Drain{Begin: begin, Delay: d.set.DrainDelay, Limit: d.set.DrainLimit, InFlight: inFlight}
}

// lights is the end of the metrics port: the last one out.
func (d *doorway) lights() serve.Drain {
	return serve.Drain{Begin: func() {}, Limit: time.Second, InFlight: func() int64 { return 0 }}
}

// portNames are labels of metrics, in the order in which open listens.
var portNames = [...]string{"public", "preview", "metrics"}

// open listens on the public port, the preview port and the metrics port, in this order.
func (d *doorway) open() (doors []serve.Door, err error) {
	own := http.NewServeMux()
	own.Handle("GET /metrics", promhttp.HandlerFor(d.registry, promhttp.HandlerOpts{}))
	d.health.Register(own)
	limits := serve.Limits{
		ReadHeaderTimeout: d.set.ReadHeaderTimeout, IdleTimeout: d.set.IdleTimeout, WriteTimeout: d.set.WriteTimeout,
		UpgradeIdleTimeout: d.set.UpgradeIdleTimeout, MaxHeaderBytes: int(d.set.MaxHeader),
		MaxConnections: int(d.set.MaxConnections), MaxStreams: int(d.set.MaxStreams),
	}
	ports := []int64{d.set.Port, d.set.PreviewPort, d.set.MetricsPort}
	for i, handler := range []http.Handler{d.public, d.preview, own} {
		listener, err := net.Listen("tcp", ":"+strconv.FormatInt(ports[i], 10))
		if err != nil {
			return nil, fmt.Errorf("listening on port %d: %w", ports[i], err)
		}
		connections := serve.Limited(listener, limits)
		metrics.RegisterNumber(prometheus.WrapRegistererWith(prometheus.Labels{"port": portNames[i]}, d.registry), "emporium_frontdoor_connections",
			"Connections of clients, idle ones included.", func() int64 { return int64(connections.Len()) })
		doors = append(doors, serve.Door{Server: serve.NewServer(handler, limits, d.log), Listener: connections})
	}
	return doors, nil
}
