package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of every kind here.
	GroupVersion = schema.GroupVersion{Group: "shop.emporium.dev", Version: "v1alpha1"}
	// SchemeGroupVersion is the name under which generated code looks for GroupVersion.
	SchemeGroupVersion = GroupVersion
	// SchemeBuilder collects the functions that add the kinds to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme adds the kinds to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&Shop{}, &ShopList{},
		&ShopService{}, &ShopServiceList{},
		&ShopRelease{}, &ShopReleaseList{},
		&ShopSource{}, &ShopSourceList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
