package resources

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// RoutingTable renders the ConfigMap that holds an encoded routing table.
func RoutingTable(shop *v1alpha1.Shop, data string) Object {
	labels := ShopLabels(shop.Name)
	labels[frontdoor.LabelComponent] = ComponentTable
	return corev1ac.ConfigMap(frontdoor.TableName(shop.Name), shop.Namespace).WithLabels(labels).
		WithOwnerReferences(Owner(shop)).WithData(map[string]string{frontdoor.TableKey: data})
}
