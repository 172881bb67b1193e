package conform

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func metricsRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "M-01", Title: "GET /metrics at METRICS_PORT answers Prometheus text", Level: Must, Modes: running, check: metricsAreText},
		{ID: "M-02", Title: "http_server_request_duration_seconds is a histogram by route, method and status", Level: Must, Modes: running, check: durationsAreThere},
		{ID: "M-03", Title: "No path makes a time series: 1,000 random ones add none", Level: Must, Modes: running, check: pathsMakeNoSeries},
		{ID: "M-04", Title: "No method that a caller makes up makes a time series", Level: Must, Modes: running, check: methodsMakeNoSeries},
		{ID: "M-05", Title: "http_server_active_requests and build_info are there", Level: Should, Modes: running, check: gaugesAreThere},
	}
}

type families map[string]*dto.MetricFamily

const durations = "http_server_request_duration_seconds"

// replicas is how often a service that runs is asked for its metrics: each time on a connection of its
// own, so that of two replicas both are seen in 15 of 16 runs.
const replicas = 5

// scrape reads the metrics, of a service that runs those of several replicas as one.
func (c *Case) scrape(ctx context.Context) (families, *Answer, error) {
	f, a, err := c.scrapeOne(ctx)
	for n := 1; n < replicas && err == nil && c.Mode == Remote; n++ {
		var more families
		if more, a, err = c.scrapeOne(ctx); err == nil {
			f.add(more)
		}
	}
	return f, a, err
}

func (f families) add(more families) {
	for name, family := range more {
		if f[name] == nil {
			f[name] = family
			continue
		}
		f[name].Metric = append(f[name].Metric, family.GetMetric()...)
	}
}

// scrapeOne reads the metrics of one replica. The text is the one that Prometheus itself reads.
func (c *Case) scrapeOne(ctx context.Context) (families, *Answer, error) {
	if c.Metrics == "" {
		return nil, nil, unseen("the address of the metrics is not known")
	}
	a := c.ask(ctx, "GET", "/metrics", at(c.Metrics), anonymous(), alone())
	if err := a.want(200); err != nil {
		return nil, a, err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	f, err := parser.TextToMetricFamilies(bytes.NewReader(a.Body))
	if err != nil {
		return nil, a, fmt.Errorf("/metrics is no Prometheus text: %w", err)
	}
	return f, a, nil
}

// scraped makes a rule undecided where M-01 or M-02 fails for it.
func (c *Case) scraped(ctx context.Context) (families, error) {
	f, _, err := c.scrape(ctx)
	if err != nil {
		return nil, unseen("there are no metrics: see M-01")
	}
	return f, nil
}

func metricsAreText(ctx context.Context, c *Case) error {
	f, a, err := c.scrape(ctx)
	if err != nil {
		return err
	}
	if kind := a.mediaType(); kind != "text/plain" && kind != "application/openmetrics-text" {
		return fmt.Errorf("/metrics is %q", kind)
	}
	if len(f) == 0 {
		return fmt.Errorf("/metrics is empty")
	}
	return nil
}

func durationsAreThere(ctx context.Context, c *Case) error {
	for range replicas { // each replica has had a request
		c.ask(ctx, "GET", "/conform/"+newID(), alone())
	}
	f, err := c.scraped(ctx)
	if err != nil {
		return err
	}
	family := f[durations]
	if family == nil || family.GetType() != dto.MetricType_HISTOGRAM {
		return fmt.Errorf("%s is not there, or no histogram", durations)
	}
	for _, m := range family.GetMetric() {
		var names []string
		for _, label := range m.GetLabel() {
			names = append(names, label.GetName())
		}
		slices.Sort(names)
		if text := strings.Join(names, " "); text != "method route status" {
			return fmt.Errorf("its labels are %s, not method route status", text)
		}
	}
	return nil
}

// series are all label sets there are, as texts.
func (f families) series() map[string]bool {
	out := map[string]bool{}
	for name, family := range f {
		for _, m := range family.GetMetric() {
			var parts []string
			for _, label := range m.GetLabel() {
				parts = append(parts, label.GetName()+"="+label.GetValue())
			}
			slices.Sort(parts)
			out[name+"{"+strings.Join(parts, ",")+"}"] = true
		}
	}
	return out
}

// values are those that each label of each metric has.
func (f families) values() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for name, family := range f {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				at := name + " " + label.GetName()
				if out[at] == nil {
					out[at] = map[string]bool{}
				}
				out[at][label.GetValue()] = true
			}
		}
	}
	return out
}

// added are the values that one label came to have while requests were sent, of the label that has most of them.
func (c *Case) added(ctx context.Context, send func(n int)) (at string, values []string, err error) {
	for n := range 3 { // what the first of their kind makes is no growth
		send(-1 - n)
	}
	before, err := c.scraped(ctx)
	if err != nil {
		return "", nil, err
	}
	for n := range c.Paths {
		send(n)
	}
	after, err := c.scraped(ctx)
	if err != nil {
		return "", nil, err
	}
	was := before.values()
	for name, now := range after.values() {
		maps.DeleteFunc(now, func(value string, _ bool) bool { return was[name][value] })
		if len(now) > len(values) {
			at, values = name, slices.Sorted(maps.Keys(now))
		}
	}
	return at, values, nil
}

func pathsMakeNoSeries(ctx context.Context, c *Case) error {
	paths := []string{"/conform/"}
	if c.Settings.Read != "" && !strings.Contains(c.Settings.Read, "{") {
		cut := strings.LastIndexByte(c.Settings.Read, '/')
		paths = append(paths, c.Settings.Read[:cut+1])
	} else if c.Settings.Create != nil {
		paths = append(paths, c.Settings.Create.path()+"/")
	}
	label, added, err := c.added(ctx, func(n int) {
		c.ask(ctx, "GET", paths[(n+len(paths)*2)%len(paths)]+newID(), quiet())
	})
	if err != nil {
		return err
	}
	// A route may be new once, to a replica that was not asked before; an id in a label is new each time.
	if len(added) > 10 {
		return fmt.Errorf("%d paths made %d values of %s: %s", c.Paths, len(added), label, strings.Join(added[:3], " "))
	}
	return nil
}

// unknownMethods is how the methods begin that nobody knows.
const unknownMethods = "CONFORM"

func methodsMakeNoSeries(ctx context.Context, c *Case) error {
	c.looked++
	for n := range 3 {
		c.ask(ctx, unknownMethods+string(rune('A'+n)), "/conform/x", quiet())
	}
	f, err := c.scraped(ctx)
	if err != nil {
		return err
	}
	for name := range f.series() {
		if strings.Contains(name, "="+unknownMethods) {
			return fmt.Errorf("a method that was made up stands in %s", name)
		}
	}
	return nil
}

func gaugesAreThere(ctx context.Context, c *Case) error {
	f, err := c.scraped(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{"http_server_active_requests", "build_info"} {
		if family := f[name]; family == nil || family.GetType() != dto.MetricType_GAUGE {
			return fmt.Errorf("%s is not there, or no gauge", name)
		}
	}
	return nil
}
