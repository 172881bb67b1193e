package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/services/conform"
)

// shopServices is what the operator tells a check of the candidate's services.
const shopServices = "SHOP_SERVICES"

// running is one entry of it.
type running struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Metrics string `json:"metrics"`
}

func (o options) targets(command string, getenv func(string) string) ([]conform.Target, error) {
	switch command {
	case "static":
		return o.one(conform.Static)
	case "run":
		if len(o.command) == 0 {
			return nil, errors.New("name the command that starts the service: conform run -- ./reviews serve")
		}
		return o.one(conform.Local)
	case "remote":
		return o.remote(getenv(shopServices))
	}
	return nil, fmt.Errorf("there is no command %q", command)
}

func (o options) one(mode conform.Mode) ([]conform.Target, error) {
	settings, err := conform.Load(o.file)
	if err != nil {
		return nil, err
	}
	return []conform.Target{{
		Mode: mode, Settings: settings, Command: o.command, Postgres: o.postgres, Long: o.long, Quick: o.quick, Only: o.rules(),
	}}, nil
}

// remote takes the service of the flags, or those that the operator names. What
// conform.json would say of them is found out by asking them.
func (o options) remote(services string) ([]conform.Target, error) {
	var all []running
	switch {
	case o.address != "":
		all = []running{{o.service, o.address, o.metrics}}
	case services == "":
		return nil, errors.New("name a service by -service and -url, or several in " + shopServices + `: [{"name":"catalog","url":"http://…:8080","metrics":"http://…:9090"}]`)
	default:
		if err := json.Unmarshal([]byte(services), &all); err != nil {
			return nil, fmt.Errorf("reading %s: %w", shopServices, err)
		}
	}
	leftOut := strings.Split(o.except, ",")
	all = slices.DeleteFunc(all, func(s running) bool { return slices.Contains(leftOut, s.Name) && s.Name != "" })
	if len(all) == 0 {
		return nil, errors.New(shopServices + " names no service: a run that checks nothing proves nothing")
	}
	var out []conform.Target
	for _, s := range all {
		if s.Name == "" || s.URL == "" {
			return nil, fmt.Errorf("a service needs a name and an address, got %q and %q", s.Name, s.URL)
		}
		out = append(out, conform.Target{
			Mode: conform.Remote, Settings: &conform.Settings{Service: s.Name},
			URL: address(s.URL), Metrics: address(s.Metrics), Long: o.long, Quick: o.quick, Only: o.rules(),
		})
	}
	return out, nil
}

// address takes "host:9090" and "http://host:9090/" alike, and the path of the metrics away.
func address(s string) string {
	if s == "" {
		return ""
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	return strings.TrimSuffix(strings.TrimSuffix(s, "/"), "/metrics")
}
