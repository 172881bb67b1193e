package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/admit"
	"github.com/emporium-shop/emporium/services/gateway/internal/metrics"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
	"github.com/emporium-shop/emporium/services/gateway/internal/upstream"
	"github.com/emporium-shop/emporium/services/gateway/internal/watch"
)

// ours is the front door as it runs: routing, balancing over two pods, validation,
// metrics, a trace, and the counts of an open guard.
func ours(pods []string) (http.Handler, error) {
	log, counts := slog.New(slog.DiscardHandler), watch.New(time.Now, func() {})
	requests, directory := metrics.NewRequests(prometheus.NewRegistry()), upstream.NewDirectory(time.Now)
	current := table.New("", time.Now, log, counts.Looked, requests.Swapped)
	if err := route(current); err != nil {
		return nil, err
	}
	for i, pod := range pods {
		s, err := slice(i, pod)
		if err != nil {
			return nil, err
		}
		directory.Set(s)
	}
	return proxy.New(table.Active, proxy.Options{
		Tables: current, Upstreams: directory, Recorder: requests, Watch: counts,
		Transport: proxy.NewTransport(limitsOfPods), Direct: proxy.NewDirect(limitsOfPods, time.Now),
		Attempts: 3, MaxBody: 32 << 20, BodyTimeout: 30 * time.Second, PodTimeout: time.Minute, WriteTimeout: time.Minute,
		Bodies: proxy.NewBudget(32 << 20), Rules: admit.Rules{Upgrades: []string{"websocket"}},
		Draining: func() bool { return false }, Now: time.Now, Log: log,
	}), nil
}

func route(current *table.Current) error {
	data, err := frontdoor.Table{
		Shop: "demo", Active: "a", Switch: &frontdoor.Switch{At: time.Now()},
		Guard: &frontdoor.Guard{Until: time.Now().Add(time.Hour), Slow: time.Second},
		Releases: []frontdoor.Release{{Name: "a", Routes: []frontdoor.Route{
			{Path: "/", Service: "web", Upstream: "web-a"}, {Path: "/api/cart", Service: "cart", Upstream: "cart-a"},
		}}},
	}.Encode()
	if err != nil {
		return err
	}
	return current.Apply(data)
}

func slice(i int, address string) (*discoveryv1.EndpointSlice, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseInt(portText, 10, 32)
	if err != nil {
		return nil, err
	}
	name, number := frontdoor.PortName, int32(port)
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("web-", i), Labels: map[string]string{discoveryv1.LabelServiceName: "web-a"}},
		Ports:      []discoveryv1.EndpointPort{{Name: &name, Port: &number}},
		Endpoints:  []discoveryv1.Endpoint{{Addresses: []string{host}}},
	}, nil
}
