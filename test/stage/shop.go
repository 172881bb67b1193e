package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
)

// look is how often the shop is looked at while something is waited for.
const look = 200 * time.Millisecond

// Status reads the shop.
func (s Stage) Status(ctx context.Context) (v1alpha1.Shop, error) {
	var shop v1alpha1.Shop
	out, err := s.Kubectl(ctx, "-n", Shop, "get", "shop", Shop, "-o", "json")
	if err != nil {
		return shop, err
	}
	return shop, json.Unmarshal([]byte(out), &shop)
}

// Ready waits until what the spec asks for is what serves.
func (s Stage) Ready(ctx context.Context) error {
	_, err := s.Kubectl(ctx, "-n", Shop, "wait", "--for=condition=Ready", "shop/"+Shop, "--timeout=180s")
	return err
}

// Switched waits for a confirmed switch that was written after a moment.
func (s Stage) Switched(ctx context.Context, since time.Time) (v1alpha1.SwitchRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		shop, err := s.Status(ctx)
		if last := shop.Status.LastSwitch; err == nil && last != nil && last.WrittenAt.After(since) && last.ConfirmedAt != nil {
			return *last, nil
		}
		select {
		case <-ctx.Done():
			return v1alpha1.SwitchRecord{}, fmt.Errorf("waiting for a confirmed switch: %w; the shop says %v", ctx.Err(), shop.Status.Conditions)
		case <-tick.C:
		}
	}
}

// Seen is a switch as the analysis of load wants it.
func Seen(r v1alpha1.SwitchRecord) load.Switch {
	seen := load.Switch{From: r.From, To: r.To, WrittenAt: r.WrittenAt.Time}
	if r.ConfirmedAt != nil {
		seen.ConfirmedAt = r.ConfirmedAt.Time
	}
	return seen
}

// Address is the URL of the front door. The pod network of hack/cluster is reached from the host.
func (s Stage) Address(ctx context.Context) (string, error) {
	if s.Foreign {
		shop, err := s.Status(ctx)
		if err == nil && shop.Status.Address == "" {
			err = fmt.Errorf("finding the shop's address: the status names none")
		}
		return httpURL(shop.Status.Address), err
	}
	ip, err := s.Kubectl(ctx, "-n", Shop, "get", "service", Shop, "-o", "jsonpath={.spec.clusterIP}")
	return httpURL(strings.TrimSpace(ip)), err
}

func httpURL(address string) string {
	if strings.Contains(address, "://") {
		return strings.TrimSuffix(address, "/")
	}
	return "http://" + address
}

var writes = regexp.MustCompile(`(?m)^emporium_api_writes_total\{[^}]*\} ([0-9.e+]+)$`)

// Writes sums the writes that the operator made since its pods began.
func (s Stage) Writes(ctx context.Context) (int, error) {
	pods, err := s.Kubectl(ctx, "-n", System, "get", "pods", "-l", "app.kubernetes.io/name=emporium", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[*].metadata.name}")
	if err != nil {
		return 0, err
	}
	total := 0
	for _, pod := range strings.Fields(pods) {
		text, err := s.Kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+System+"/pods/"+pod+":8080/proxy/metrics")
		if err != nil {
			return 0, err
		}
		total += sumWrites(text)
	}
	return total, nil
}

func sumWrites(metrics string) (total int) {
	for _, found := range writes.FindAllStringSubmatch(metrics, -1) {
		n, _ := strconv.ParseFloat(found[1], 64)
		total += int(n)
	}
	return total
}
