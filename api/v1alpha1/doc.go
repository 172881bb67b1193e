// Package v1alpha1 is the API of Emporium: a Shop, the ShopServices that teams
// ship into it, and the ShopReleases that the operator cuts from them.
//
// Shop : ShopRelease : stack is to a shop what Deployment : ReplicaSet : Pods is
// to one workload.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=shop.emporium.dev
package v1alpha1
