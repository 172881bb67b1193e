package settings

import (
	"strings"
	"testing"
	"time"
)

func read(with map[string]string) (Settings, error) {
	all := map[string]string{"SHOP": "demo", "POD_NAME": "p", "POD_NAMESPACE": "n", "POD_UID": "u"}
	for name, value := range with {
		all[name] = value
	}
	return Read(func(name string) (string, bool) { value, ok := all[name]; return value, ok })
}

func TestDefaults(t *testing.T) {
	s, err := read(nil)
	if err != nil || s.Port != 8080 || s.PreviewPort != 8081 || s.MetricsPort != 9090 || s.MaxBody != 32<<20 || s.Pinned != "" || len(s.TrustedProxies) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	// preStop sleeps 5 s before SIGTERM; the Pod has 45 s for all of it.
	if total := 5*time.Second + s.DrainDelay + s.DrainLimit; total > 40*time.Second {
		t.Errorf("draining takes up to %s of 45 s", total)
	}
}

func TestValues(t *testing.T) {
	s, err := read(map[string]string{"PORT": "80", "PINNED_RELEASE": " r1 ", "STALE_LIMIT": "90s", "ACCESS_LOG": "true", "TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8"})
	if err != nil || s.Port != 80 || s.Pinned != "r1" || s.StaleLimit != 90*time.Second || !s.AccessLog || len(s.TrustedProxies) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestTellsEverythingThatIsWrong(t *testing.T) {
	_, err := read(map[string]string{
		"SHOP": "", "PORT": "0", "DRAIN_DELAY": "5", "MAX_BODY_BYTES": "many", "ACCESS_LOG": "perhaps", "TRUSTED_PROXIES": "10.0.0.1", "STALE_LIMIT": "1s",
	})
	for _, name := range []string{"SHOP", "PORT", "DRAIN_DELAY", "MAX_BODY_BYTES", "ACCESS_LOG", "TRUSTED_PROXIES", "STALE_LIMIT"} {
		if err == nil || !strings.Contains(err.Error(), "reading "+name+":") {
			t.Errorf("nothing is said of %s: %v", name, err)
		}
	}
}

func TestUpgradesAndTheHostOfHTTP10(t *testing.T) {
	for text, want := range map[string]string{"": "websocket", "none": "", "WebSocket, foo": "websocket foo"} {
		s, err := read(map[string]string{"UPGRADES": text})
		if got := strings.Join(s.Upgrades, " "); err != nil || got != want || s.DefaultHost != "demo" {
			t.Errorf("%q: %q, host %q, %v", text, got, s.DefaultHost, err)
		}
	}
	if s, err := read(map[string]string{"DEFAULT_HOST": "shop.example"}); err != nil || s.DefaultHost != "shop.example" {
		t.Errorf("%q, %v", s.DefaultHost, err)
	}
	if _, err := read(map[string]string{"DEFAULT_HOST": "a b"}); err == nil || !strings.Contains(err.Error(), "reading DEFAULT_HOST") {
		t.Errorf("a host that is none: %v", err)
	}
}

// Load balancers give up after a minute; then nobody would see that a service is too late.
func TestAServiceIsTooLateBeforeTheLoadBalancerGivesUp(t *testing.T) {
	if s, err := read(nil); err != nil || s.ResponseHeaderTimeout >= time.Minute {
		t.Errorf("%s, %v", s.ResponseHeaderTimeout, err)
	}
}
