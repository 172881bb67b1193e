// Package upstream knows the pods behind each Kubernetes Service of the shop
// and picks one for a request: the less loaded of two random ones, passing over
// a pod that refuses connections.
package upstream
