package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// Config is what the environment says.
type Config struct {
	// Service is the service's name in the shop: "catalog".
	Service string `env:"SHOP_SERVICE"`
	// Shop and Release name the stack that this process is part of. A service that
	// does not know its release must not serve: it would break the record of who answered.
	Shop    string `env:"SHOP"`
	Release string `env:"SHOP_RELEASE"`
	// ShopVersion is what the shop calls its release, ImageVersion the version of
	// this program's image. The image does not know it, or a commit that changes
	// nothing would make another image: who deploys it tells, or else the shop's
	// version stands for it, and "dev" where there is none.
	ShopVersion  string `env:"SHOP_VERSION"`
	ImageVersion string `env:"IMAGE_VERSION"`
	// Port serves customers and probes, MetricsPort Prometheus and pprof.
	Port        uint16 `env:"PORT" envDefault:"8080"`
	MetricsPort uint16 `env:"METRICS_PORT" envDefault:"9090"`
	// DrainDelay is how long the service goes on accepting connections after it
	// has said that it is not ready, until every proxy has heard it.
	DrainDelay time.Duration `env:"DRAIN_DELAY" envDefault:"5s"`
	// DrainLimit is how long requests in flight, and then workers, may take after that.
	DrainLimit time.Duration `env:"DRAIN_LIMIT" envDefault:"20s"`
	// LogLevel is debug, info, warn or error.
	LogLevel string `env:"LOG_LEVEL"`
	// DatabaseURL is required by a service that owns data. PoolMax bounds the
	// connections of the process; 0 takes postgres' default.
	DatabaseURL string `env:"DATABASE_URL"`
	PoolMax     int32  `env:"DB_POOL_MAX"`
	// EventsURL is where NATS is, for the workers of a service that has events.
	EventsURL string `env:"EVENTS_URL"`
	// InFlight bounds the requests at a time; 0 takes what the service says.
	InFlight int `env:"MAX_IN_FLIGHT"`
	// ServiceKey is the private key of the service's own tokens, as a JSON Web
	// Key; without it the service shows none to others.
	ServiceKey string `env:"SHOP_SERVICE_KEY"`
	// Seed is "sample" where the command migrate fills an empty schema with sample data.
	Seed string `env:"SHOP_SEED"`

	// URLs are the addresses of the services among Needs, by name.
	URLs map[string]string `env:"-"`
	// Get reads any other variable.
	Get func(string) string `env:"-"`
}

// read reads the configuration of a service out of an environment. All that is
// wrong is told at once.
func (s Service) read(environment map[string]string) (Config, error) {
	cfg := Config{URLs: map[string]string{}, Get: func(name string) string { return environment[name] }}
	errs := []error{env.ParseWithOptions(&cfg, env.Options{Environment: withoutEmpty(environment)})}
	if cfg.Service == "" {
		cfg.Service = s.Name
	}
	cfg.ImageVersion = imageVersion(cfg.ImageVersion, cfg.ShopVersion)
	if cfg.DrainDelay < 0 || cfg.DrainLimit < 0 {
		errs = append(errs, errors.New("DRAIN_DELAY and DRAIN_LIMIT must not be negative"))
	}
	if s.Schema.Name != "" && cfg.DatabaseURL == "" {
		errs = append(errs, errors.New("DATABASE_URL is not set"))
	}
	if err := errors.Join(errs...); err != nil {
		return Config{}, fmt.Errorf("reading the environment: %w", err)
	}
	return cfg, nil
}

// serving reads what only a process needs that serves or works.
func (s Service) serving(cfg *Config) error {
	var errs []error
	for name, value := range map[string]string{"SHOP": cfg.Shop, "SHOP_RELEASE": cfg.Release} {
		if value == "" {
			errs = append(errs, errors.New(name+" is not set"))
		}
	}
	for _, name := range append(s.needs(), names(s.Knows)...) {
		variable := URLVariable(name)
		if cfg.Get(variable) == "" && !slices.Contains(s.needs(), name) {
			continue
		}
		u, err := url.Parse(cfg.Get(variable))
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			errs = append(errs, fmt.Errorf("%s must be the http or https address of %s: is it among dependsOn?", variable, name))
			continue
		}
		cfg.URLs[name] = strings.TrimRight(u.String(), "/")
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("reading the environment: %w", err)
	}
	return nil
}

// working reads what only a process needs that runs its workers.
func (s Service) working(cfg Config) error {
	if s.hasEvents() && cfg.EventsURL == "" {
		return errors.New("reading the environment: EVENTS_URL is not set: nats://nats:4222")
	}
	return nil
}

// URLVariable is where the operator writes the address of a service: CATALOG_URL.
func URLVariable(service string) string {
	return strings.ToUpper(strings.ReplaceAll(service, "-", "_")) + "_URL"
}

// imageVersion is what a service says of its image: what it was told of it, or else of the shop.
func imageVersion(image, shop string) string { return cmp.Or(image, shop, "dev") }

func (c Config) identity() httpapi.Identity {
	return httpapi.Identity{Service: c.Service, Shop: c.Shop, Release: c.Release, Version: c.ImageVersion, ShopVersion: c.ShopVersion}
}

// withoutEmpty makes a variable that is set to nothing one that is not set, as
// Kubernetes and people mean it.
func withoutEmpty(environment map[string]string) map[string]string {
	set := map[string]string{}
	for name, value := range environment {
		if value != "" {
			set[name] = value
		}
	}
	return set
}

// environment is the process's own.
func environment() map[string]string {
	all := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	return all
}
