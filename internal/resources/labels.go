package resources

import (
	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// FieldManager is the operator's name in managedFields.
const FieldManager = "emporium"

// LabelManagedBy and ManagedBy mark what the operator wrote.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedBy      = "emporium"
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelPartOf    = "app.kubernetes.io/part-of"
	// ComponentTable marks the ConfigMap that holds the routing table.
	ComponentTable = "routing-table"
)

// ShopLabels returns the labels of everything that the operator writes for a shop.
func ShopLabels(shop string) map[string]string {
	return map[string]string{
		labelInstance:       shop,
		labelPartOf:         shop,
		LabelManagedBy:      ManagedBy,
		frontdoor.LabelShop: shop,
	}
}

// stackLabels are those of everything that belongs to one release.
func (r rendering) stackLabels(shop, release string) map[string]string {
	l := ShopLabels(shop)
	if l[frontdoor.LabelRelease] = release; r.instanceIsRelease {
		l[labelInstance] = release
	}
	return l
}

func (r rendering) serviceLabels(shop, service, release string) map[string]string {
	l := r.stackLabels(shop, release)
	l[labelName] = service
	l[frontdoor.LabelComponent] = "service"
	l[frontdoor.LabelService] = service
	return l
}

// jobLabels leave out the label of the service, by which its Service would send the
// Job's pods requests.
func (r rendering) jobLabels(shop, component, name, release string) map[string]string {
	l := r.stackLabels(shop, release)
	l[labelName] = name
	l[frontdoor.LabelComponent] = component
	l[frontdoor.LabelJob] = name
	return l
}

// serviceSelector is the part of the labels that selects pods: it never changes.
func serviceSelector(shop, service, release string) map[string]string {
	return map[string]string{
		frontdoor.LabelShop:    shop,
		frontdoor.LabelService: service,
		frontdoor.LabelRelease: release,
	}
}

func frontDoorLabels(shop *v1alpha1.Shop) map[string]string {
	l := ShopLabels(shop.Name)
	l[labelName] = "gateway"
	l[frontdoor.LabelComponent] = frontdoor.ComponentFrontDoor
	return l
}

func frontDoorSelector(shop *v1alpha1.Shop) map[string]string {
	return map[string]string{
		frontdoor.LabelShop:      shop.Name,
		frontdoor.LabelComponent: frontdoor.ComponentFrontDoor,
	}
}
