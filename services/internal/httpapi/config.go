package httpapi

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/emporium-shop/emporium/services/internal/build"
)

// Config is what the operator tells a service about its place in a shop.
type Config struct {
	// Service is the service's name in the shop: "catalog".
	Service string
	// Shop and Release name the stack that this process is part of.
	Shop, Release string
	// Version is the version of the image.
	Version string
	// Port serves customers and probes, MetricsPort Prometheus.
	Port, MetricsPort int
	// DrainDelay is how long the service goes on accepting connections after it
	// has said that it is not ready, until every proxy has heard it.
	DrainDelay time.Duration
	// DrainLimit is how long requests in flight may take after that.
	DrainLimit time.Duration
}

// FromEnv reads the configuration out of the environment. A service that does
// not know its release must not start: it would break the record of who answered.
func FromEnv(service string) (Config, error) {
	cfg := Config{
		Service: or(os.Getenv("SHOP_SERVICE"), service),
		Shop:    os.Getenv("SHOP"),
		Release: os.Getenv("SHOP_RELEASE"),
		Version: or(os.Getenv("SHOP_VERSION"), build.Version),
	}
	var errs [6]error
	cfg.Port, errs[0] = port("PORT", 8080)
	cfg.MetricsPort, errs[1] = port("METRICS_PORT", 9090)
	cfg.DrainDelay, errs[2] = duration("DRAIN_DELAY", 5*time.Second)
	cfg.DrainLimit, errs[3] = duration("DRAIN_LIMIT", 20*time.Second)
	errs[4] = required("SHOP", cfg.Shop)
	errs[5] = required("SHOP_RELEASE", cfg.Release)
	if err := errors.Join(errs[:]...); err != nil {
		return Config{}, fmt.Errorf("reading the environment: %w", err)
	}
	return cfg, nil
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func required(name, value string) error {
	if value == "" {
		return fmt.Errorf("%s is not set", name)
	}
	return nil
}

func port(name string, fallback int) (int, error) {
	s := os.Getenv(name)
	if s == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 65535 {
		return 0, fmt.Errorf("%s is %q, not a port", name, s)
	}
	return n, nil
}

func duration(name string, fallback time.Duration) (time.Duration, error) {
	s := os.Getenv(name)
	if s == "" {
		return fallback, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s is %q, not a duration such as 5s", name, s)
	}
	return d, nil
}
