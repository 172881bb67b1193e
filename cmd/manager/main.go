// Command manager is the Emporium operator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	runtimego "runtime"
	"strings"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // the image holds this program alone: whom to trust, unless SSL_CERT_FILE or SSL_CERT_DIR says so
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/probe"
	"github.com/emporium-shop/emporium/internal/registry"
)

// version of the image, set by the Dockerfile.
var version = "dev"

type options struct {
	metricsAddress, healthAddress string
	pprofAddress                  string
	leaderElect                   bool
	frontDoorImage                string
	tenancy                       tenancy
	workers                       int
	qps                           float64
	burst                         int
	drainTime                     time.Duration
	resolveImages                 bool
	plainHTTP                     []string
	sources                       sourceOptions
	zap                           zap.Options
}

func parse() options {
	var o options
	flag.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080", "address of /metrics; 0 turns it off")
	flag.StringVar(&o.healthAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	flag.StringVar(&o.pprofAddress, "pprof-bind-address", "0", "address of /debug/pprof, for example 127.0.0.1:6060; 0: none. Who can reach it can make the operator work: never open it to others")
	flag.BoolVar(&o.leaderElect, "leader-elect", false, "let only one of several replicas work")
	bindFrontDoorImage(flag.CommandLine, &o.frontDoorImage)
	o.tenancy.bind(flag.CommandLine)
	o.sources.bind(flag.CommandLine)
	flag.IntVar(&o.workers, "workers", 4, "how many shops are looked at at the same time; one that is slow then holds up no other")
	flag.Float64Var(&o.qps, "kube-api-qps", 200, "requests a second to the Kubernetes API, on average; -1: as many as it takes")
	flag.IntVar(&o.burst, "kube-api-burst", 400, "requests to the Kubernetes API at once; a release of 20 services makes some 100")
	flag.DurationVar(&o.drainTime, "drain-time", observe.DefaultDrainTime, "how long the stack of a release runs on after the last replica of the front door left it, for requests that are still in flight in it")
	flag.BoolVar(&o.resolveImages, "resolve-images", true, "ask registries, for a second at most, what the tags of a new release name, and record the digests; "+
		"false: never, for nodes that have images which no registry has, or has under another digest")
	flag.Func("plain-http-registries", "registries, host:port separated by commas, that are asked without TLS for digests and signatures, as those within the cluster; they are sent no credentials. Unset: none", func(list string) error {
		o.plainHTTP = strings.Split(list, ",")
		return nil
	})
	o.zap.BindFlags(flag.CommandLine)
	flag.Parse()
	return o
}

func main() {
	o := parse()
	if o.pprofAddress == "0" {
		runtimego.MemProfileRate = 0 // nobody asks for a profile, and sampling costs a megabyte
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.zap)))
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		ctrl.Log.Error(err, "running the operator")
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.frontDoorImage == "" {
		return fmt.Errorf("neither %s nor --front-door-image is set: name the gateway's image, for example emporium.local/gateway:dev", envFrontDoorImage)
	}
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	config := ctrl.GetConfigOrDie()
	config.QPS, config.Burst = float32(o.qps), o.burst
	progress := &controllers.Progress{Now: time.Now}
	config.Wrap(progress.Transport)
	gatewayAPI, err := controllers.ServesGatewayAPI(config)
	if err != nil {
		return err
	}
	caches := controllers.Within(controllers.CacheOptions(), o.tenancy.namespaces)
	if gatewayAPI {
		controllers.HoldRoutes(&caches)
	}
	ctrl.Log.Info("starting Emporium", "version", version, "gatewayAPI", gatewayAPI, "namespaces", o.tenancy.namespaces)
	lock, err := leaderLock(config)
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                              scheme,
		Cache:                               caches,
		Metrics:                             metricsserver.Options{BindAddress: o.metricsAddress},
		HealthProbeBindAddress:              o.healthAddress,
		PprofBindAddress:                    o.pprofAddress,
		LeaderElection:                      o.leaderElect,
		LeaderElectionID:                    leaderElectionID,
		LeaderElectionReleaseOnCancel:       true,
		LeaderElectionResourceLockInterface: lock,
		LeaseDuration:                       ptr.To(leaseDuration),
		RenewDeadline:                       ptr.To(renewDeadline),
		RetryPeriod:                         ptr.To(retryPeriod),
	})
	if err != nil {
		return fmt.Errorf("making the manager: %w", err)
	}
	if err := errors.Join(mgr.AddReadyzCheck("ping", healthz.Ping), mgr.AddHealthzCheck("progress", progress.Check)); err != nil {
		return fmt.Errorf("adding the health checks: %w", err)
	}
	return reconciler(ctx, mgr, o, progress, gatewayAPI)
}

func reconciler(ctx context.Context, mgr ctrl.Manager, o options, progress *controllers.Progress, gatewayAPI bool) error {
	sourceOptions := controllers.Within(controllers.SourceCacheOptions(), o.tenancy.namespaces)
	sourceOptions.Scheme, sourceOptions.Mapper = mgr.GetScheme(), mgr.GetRESTMapper()
	sources, err := cache.New(mgr.GetConfig(), sourceOptions)
	if err != nil {
		return fmt.Errorf("making the cache of ConfigMaps and Secrets: %w", err)
	}
	if err := mgr.Add(sources); err != nil {
		return fmt.Errorf("adding the cache of ConfigMaps and Secrets: %w", err)
	}
	m := controllers.NewMetrics(metrics.Registry)
	metrics.Registry.MustRegister(controllers.NewShopMetrics(mgr.GetClient()))
	r := &controllers.ShopReconciler{
		Reader: &observe.Reader{
			Cache: mgr.GetClient(), Configs: &observe.Configs{Metadata: sources, Live: mgr.GetAPIReader(), Copies: mgr.GetClient()},
			GatewayAPI: gatewayAPI, Prober: &probe.Prober{Asker: probe.HTTP{Anywhere: o.tenancy.probeAnywhere}, Now: time.Now},
			Signatures: &registry.Checker{Verifier: registry.NewHTTP(false, o.plainHTTP...), Live: mgr.GetAPIReader(), Now: time.Now},
			DrainTime:  o.drainTime, Namespaces: o.tenancy.namespaces, ProbeAnywhere: o.tenancy.probeAnywhere,
		},
		Writer:         &apply.Writer{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Writes: m.Writes, Images: images(mgr, o), Now: time.Now},
		Metrics:        m,
		Recorder:       mgr.GetEventRecorder("emporium"),
		FrontDoorImage: o.frontDoorImage,
		Now:            time.Now,
		Progress:       progress,
		Workers:        o.workers,
	}
	if err := r.Setup(ctx, mgr, sources); err != nil {
		return fmt.Errorf("setting the reconciler up: %w", err)
	}
	if err := o.sources.setUp(ctx, mgr, sources, r); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// images returns nil where registries are not to be asked.
func images(mgr ctrl.Manager, o options) apply.Images {
	if !o.resolveImages {
		return nil
	}
	return &registry.Resolver{Registry: registry.NewHTTP(false, o.plainHTTP...), Live: mgr.GetAPIReader(), Now: time.Now}
}
