// Package gitops holds what Emporium promises to Flux and Argo CD to the code that they run: Flux's server-side apply with
// kustomize-controller's options against a real API server, kstatus and CEL for the health of each reason, and Argo CD's Lua in its
// VM. It is a module of its own, so that what they depend on is no part of the operator's.
package gitops
