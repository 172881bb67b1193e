package resources

import (
	"encoding/json"
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// CheckedService is one element of SHOP_SERVICES, the JSON array in which a check finds every service
// of the candidate whose pods run before the switch.
type CheckedService struct {
	// Name of the ShopService.
	Name string `json:"name"`
	// URL of its port within the cluster, and Metrics that of /metrics, both without a path.
	URL     string `json:"url"`
	Metrics string `json:"metrics"`
}

// servicesToCheck is empty for a release whose Services have no port for metrics.
func servicesToCheck(rel *v1alpha1.ShopRelease) string {
	if look, _ := renderingOf(rel); !look.askedByChecks {
		return ""
	}
	out := []CheckedService{}
	for _, s := range rel.Spec.Services {
		if s.Activation == v1alpha1.ActivationWithTraffic {
			continue
		}
		host := release.ObjectName(rel.Spec.Shop, s.Name, rel.Spec.Revision)
		out = append(out, CheckedService{s.Name, fmt.Sprintf("http://%s:%d", host, s.Port), fmt.Sprintf("http://%s:%d", host, s.MetricsPort)})
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic(fmt.Sprintf("encoding the services of %s: %v", rel.Name, err)) // strings can be encoded
	}
	return string(b)
}
