package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestTheEnvironmentIsRead(t *testing.T) {
	s := (&play{needs: []string{"catalog/v1", "psp-fake/v1"}}).service()
	cfg, err := s.read(map[string]string{
		"SHOP": "acme", "SHOP_RELEASE": "acme-1", "SHOP_VERSION": "2026.11", "IMAGE_VERSION": "7", "PORT": "", "DRAIN_DELAY": "1s",
		"CATALOG_URL": "http://catalog:8080/", "PSP_FAKE_URL": "https://psp",
	})
	if err == nil {
		err = s.serving(&cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Service != "play" || cfg.Port != 8080 || cfg.MetricsPort != 9090 || cfg.DrainDelay.Seconds() != 1 || cfg.DrainLimit.Seconds() != 20 ||
		cfg.URLs["catalog"] != "http://catalog:8080" || cfg.URLs["psp-fake"] != "https://psp" {
		t.Errorf("%+v", cfg)
	}
	if id := cfg.identity(); id.Version != "7" || id.ShopVersion != "2026.11" {
		t.Errorf("the shop's release passes for the image's version: %+v", id)
	}
}

// TestTheVersionOfTheImageIsNotInTheImage: who deploys it tells the version, else the shop's stands for it.
func TestTheVersionOfTheImageIsNotInTheImage(t *testing.T) {
	for want, told := range map[string][2]string{"7": {"7", "2026.11"}, "2026.11": {"", "2026.11"}, "dev": {"", ""}} {
		cfg, err := (&play{}).service().read(map[string]string{"IMAGE_VERSION": told[0], "SHOP_VERSION": told[1]})
		if got := cfg.identity().Version; err != nil || got != want {
			t.Errorf("IMAGE_VERSION=%q SHOP_VERSION=%q: version %q, want %q (%v)", told[0], told[1], got, want, err)
		}
	}
}

func TestAnEnvironmentThatIsWrongIsToldAtOnce(t *testing.T) {
	with := func(more ...string) map[string]string {
		return stack(append([]string{"CATALOG_URL", "http://catalog:8080", "DATABASE_URL", "postgres://x/x"}, more...)...)
	}
	for name, c := range map[string]struct {
		environment map[string]string
		want        []string
	}{
		"nothing is told":       {map[string]string{"DATABASE_URL": "postgres://x/x"}, []string{"SHOP is not set", "SHOP_RELEASE is not set", "CATALOG_URL"}},
		"no port":               {with("PORT", "http"), []string{"Port"}},
		"a port out of range":   {with("PORT", "65536"), []string{"Port"}},
		"no duration":           {with("DRAIN_DELAY", "5"), []string{"DrainDelay"}},
		"a negative duration":   {with("DRAIN_LIMIT", "-5s"), []string{"DRAIN_LIMIT"}},
		"no database":           {with("DATABASE_URL", ""), []string{"DATABASE_URL is not set"}},
		"no address":            {with("CATALOG_URL", "catalog:8080"), []string{"CATALOG_URL", "dependsOn"}},
		"another scheme":        {with("CATALOG_URL", "file:///etc"), []string{"CATALOG_URL"}},
		"no level":              {with("LOG_LEVEL", "loud"), []string{"LOG_LEVEL"}},
		"no keys":               {with("SHOP_JWKS", "x"), []string{"key set"}},
		"another service's key": {with("SHOP_SERVICE_KEY", accesstest.PrivateJWK("cart")), []string{"SHOP_SERVICE_KEY"}},
	} {
		p, err := Start(t.Context(), (&play{needs: []string{"catalog/v1"}, schema: true}).service(), Options{Environment: c.environment, Host: "127.0.0.1", Log: io.Discard})
		if err == nil {
			_ = p.Stop(context.Background())
			t.Errorf("%s: it starts", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v does not name %s", name, err, want)
			}
		}
	}
}

func TestWhatCannotBeWiredOrListenedDoesNotStart(t *testing.T) {
	p := &play{}
	bad := p.service()
	bad.New = func(context.Context, *Kit) (Parts, error) { return Parts{}, errors.New("no index") }
	if _, err := Start(t.Context(), bad, Options{Environment: stack(), Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("%v", err)
	}
	running := p.start(t, Options{})
	port := running.URL()[strings.LastIndexByte(running.URL(), ':')+1:]
	for _, name := range []string{"PORT", "METRICS_PORT"} {
		if _, err := Start(t.Context(), p.service(), Options{Environment: stack(name, port), Host: "127.0.0.1", Log: io.Discard}); err == nil {
			t.Errorf("two listen at one %s", name)
		}
	}
}

func TestCommandsThatNobodyKnowsAreRefusedWithAList(t *testing.T) {
	s := (&play{}).service()
	s.Commands = map[string]func(context.Context, func(string) string, []string) error{"nap": nil}
	for _, args := range [][]string{{"sing"}, {"migrate", "twice"}, {"openapi", "x"}} {
		var log bytes.Buffer
		if code := (command{s, stack(), io.Discard, &log}).run(t.Context(), args); code != 2 || !strings.Contains(log.String(), "serve, work, migrate, seed, openapi, version, nap") {
			t.Errorf("%v: exit %d, %s", args, code, log.String())
		}
	}
}

func TestMigrateAndSeed(t *testing.T) {
	p := &play{schema: true}
	url := pgtest.Empty(t, p.service().Schema)
	run := func(args ...string) int {
		environment := stack("DATABASE_URL", url)
		if len(args) > 1 {
			environment["SHOP_SEED"] = args[1]
		}
		return command{p.service(), environment, io.Discard, io.Discard}.run(t.Context(), args[:1])
	}
	for _, c := range []struct {
		args       []string
		code, seed int
	}{{[]string{"seed"}, 1, 1}, {[]string{"migrate"}, 0, 1}, {[]string{"migrate"}, 0, 1}, {[]string{"migrate", "sample"}, 0, 2}, {[]string{"migrate", "other"}, 0, 2}, {[]string{"seed"}, 0, 3}} {
		if code := run(c.args...); code != c.code || p.seeded != c.seed {
			t.Errorf("%v: exit %d, seeded %d times", c.args, code, p.seeded)
		}
	}
	if code := (command{(&play{}).service(), stack(), io.Discard, io.Discard}).run(t.Context(), []string{"migrate"}); code != 1 {
		t.Errorf("without data: exit %d", code)
	}
}

func TestOpenapiNeedsNoEnvironment(t *testing.T) {
	var out bytes.Buffer
	s := (&play{needs: []string{"catalog/v1"}, schema: true}).service()
	if code := (command{s, nil, &out, io.Discard}).run(t.Context(), []string{"openapi"}); code != 0 || !strings.Contains(out.String(), `"operationId": "countThings"`) || !strings.Contains(out.String(), `"title": "Play"`) {
		t.Errorf("exit %d: %s", code, out.String())
	}
}

func TestVersionAndCommandsOfItsOwn(t *testing.T) {
	var out bytes.Buffer
	s := (&play{}).service()
	var told []string
	s.Commands = map[string]func(context.Context, func(string) string, []string) error{"nap": func(_ context.Context, get func(string) string, args []string) error {
		told = append(args, get("SHOP"))
		return errors.New("cannot sleep")
	}}
	c := command{s, stack("IMAGE_VERSION", "7"), &out, io.Discard}
	if code := c.run(t.Context(), []string{"version"}); code != 0 || !strings.HasPrefix(out.String(), "play 7\n") {
		t.Errorf("exit %d: %s", code, out.String())
	}
	if code := c.run(t.Context(), []string{"nap", "1s"}); code != 1 || strings.Join(told, " ") != "1s acme" {
		t.Errorf("exit %d, told %v", code, told)
	}
}

func TestAClientIsOfADeclaredNeed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a service asks whom it does not need")
		}
	}()
	(&Kit{service: Service{Name: "play"}}).Client("catalog")
}
