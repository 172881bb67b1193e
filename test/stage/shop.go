package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
)

// look is how often the cluster is looked at while something is waited for. Each look starts a kubectl, whose CPU
// the pods that are waited for then lack.
const look = time.Second

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
	var last v1alpha1.Shop
	err := s.watch(ctx, func(shop v1alpha1.Shop) bool {
		last = shop
		record := shop.Status.LastSwitch
		return record != nil && record.WrittenAt.After(since) && record.ConfirmedAt != nil
	})
	if err != nil {
		return v1alpha1.SwitchRecord{}, fmt.Errorf("waiting for a confirmed switch: %w; the shop says %v", err, last.Status.Conditions)
	}
	return *last.Status.LastSwitch, nil
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
	return s.urlOf(ctx, Shop, func(status v1alpha1.ShopStatus) string { return status.Address })
}

// Preview is the URL at which a ready candidate is tried.
func (s Stage) Preview(ctx context.Context) (string, error) {
	return s.urlOf(ctx, Shop+"-preview", func(status v1alpha1.ShopStatus) string { return status.PreviewAddress })
}

func (s Stage) urlOf(ctx context.Context, service string, told func(v1alpha1.ShopStatus) string) (string, error) {
	if s.Foreign {
		shop, err := s.Status(ctx)
		if address := told(shop.Status); err != nil || outside(address) {
			return httpURL(address), err
		}
		return s.forward(ctx, service)
	}
	ip, err := s.Kubectl(ctx, "-n", Shop, "get", "service", service, "-o", "jsonpath={.spec.clusterIP}")
	return httpURL(strings.TrimSpace(ip)), err
}

// outside tells whether an address is more than a name within the cluster.
func outside(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() != "" && !strings.HasSuffix(u.Hostname(), ".svc")
}

// ToLook says where a person finds the shop.
func (s Stage) ToLook(ctx context.Context) (string, error) {
	if !s.Foreign {
		return s.Address(ctx)
	}
	shop, err := s.Status(ctx)
	if err != nil || outside(shop.Status.Address) {
		return shop.Status.Address, err
	}
	return fmt.Sprintf("http://localhost:8080 after: kubectl -n %s port-forward service/%s 8080:http", Shop, Shop), nil
}

func httpURL(address string) string {
	if strings.Contains(address, "://") {
		return strings.TrimSuffix(address, "/")
	}
	return "http://" + address
}
