package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// environment is what the service is told.
type environment struct {
	shop, release, service string
	port, metricsPort      int
	drainDelay, drainLimit time.Duration
	database, prices, jwks string
	// patience, deadline and age are shortened by the tests.
	patience, deadline, age time.Duration
}

func readEnv() (environment, error) {
	e := environment{
		shop: os.Getenv("SHOP"), release: os.Getenv("SHOP_RELEASE"), service: "gadgets",
		database: os.Getenv("DATABASE_URL"), prices: os.Getenv("PRICES_URL"), jwks: os.Getenv("SHOP_JWKS"),
	}
	var errs [7]error
	e.port, errs[0] = strconv.Atoi(os.Getenv("PORT"))
	e.metricsPort, errs[1] = strconv.Atoi(os.Getenv("METRICS_PORT"))
	for n, d := range []struct {
		name, fallback string
		into           *time.Duration
	}{
		{"DRAIN_DELAY", "5s", &e.drainDelay}, {"DRAIN_LIMIT", "20s", &e.drainLimit}, {"GADGETS_PATIENCE", "15s", &e.patience},
		{"GADGETS_DEADLINE", "5s", &e.deadline}, {"GADGETS_AGE", "45s", &e.age},
	} {
		value := os.Getenv(d.name)
		if value == "" {
			value = d.fallback
		}
		*d.into, errs[n+2] = time.ParseDuration(value)
	}
	return e, errors.Join(errs[:]...)
}

// lockPath is the same for every process of one database.
func (s *server) lockPath() string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.env.database)) // never fails
	return filepath.Join(os.TempDir(), fmt.Sprintf("gadgets-%x.pid", h.Sum64()))
}

// lockFile is the fault D-07: what a process left that was killed keeps the next one from starting.
func (s *server) lockFile() error {
	if !s.breaks("D-07") {
		return nil
	}
	var pid int
	if raw, err := os.ReadFile(s.lockPath()); err == nil {
		if _, err := fmt.Sscan(string(raw), &pid); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return errors.New("a lock file of another process is there")
		}
	}
	return os.WriteFile(s.lockPath(), []byte(strconv.Itoa(os.Getpid())), 0o600)
}

func (s *server) unlockFile() {
	if s.breaks("D-07") {
		_ = os.Remove(s.lockPath())
	}
}
