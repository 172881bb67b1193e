// Package build makes the cluster's binaries from the modules pinned under components, once per user and version:
// they are kept in a cache that all checkouts share, and linked into the state folder.
package build

import "strings"

// Component is a program built from its own small module, so that its dependencies are pinned and kept apart from ours.
type Component struct {
	// Name is its folder under components.
	Name string
	// Module is the module whose version counts, as required in its go.mod.
	Module string
	// Binaries maps the name of each binary to its package.
	Binaries map[string]string
	// Version makes the linker flags that tell the binary its version.
	Version func(version string) string
	// Tags are the build tags, separated by commas.
	Tags string
	// Takes says how long a first build takes on two cores.
	Takes string
}

// BuildKit builds the images whose Dockerfiles need more than a go build. It is no part of a cluster.
// Without the tag its containers would run without the system call filter.
var BuildKit = Component{
	Name: "buildkit", Module: "github.com/moby/buildkit", Takes: "two minutes", Tags: "seccomp",
	Version: func(version string) string { return " -X github.com/moby/buildkit/version.Version=" + version },
	Binaries: map[string]string{
		"buildctl":  "github.com/moby/buildkit/cmd/buildctl",
		"buildkitd": "github.com/moby/buildkit/cmd/buildkitd",
	},
}

// RootlessKit gives a BuildKit in a pod a user namespace, and Registry is where that one pushes to. They are no part of a cluster either.
var (
	RootlessKit = Component{
		Name: "rootlesskit", Module: "github.com/rootless-containers/rootlesskit/v3", Takes: "15 seconds",
		Binaries: map[string]string{"rootlesskit": "github.com/rootless-containers/rootlesskit/v3/cmd/rootlesskit"},
	}
	Registry = Component{
		Name: "registry", Module: "github.com/distribution/distribution/v3", Takes: "a minute",
		Version: func(version string) string {
			return " -X github.com/distribution/distribution/v3/version.version=" + version
		},
		Binaries: map[string]string{"registry": "github.com/distribution/distribution/v3/cmd/registry"},
	}
)

// Flux's controllers that read Git and apply what is there, for the proof of GitOps. They are no part of a cluster either.
var (
	FluxSource = Component{
		Name: "flux-source-controller", Module: "github.com/fluxcd/source-controller", Takes: "some minutes",
		Binaries: map[string]string{"source-controller": "github.com/fluxcd/source-controller"},
	}
	FluxKustomize = Component{
		Name: "flux-kustomize-controller", Module: "github.com/fluxcd/kustomize-controller", Takes: "some minutes",
		Binaries: map[string]string{"kustomize-controller": "github.com/fluxcd/kustomize-controller"},
	}
)

// ArgoCD is all of Argo CD in one program, which is what its name says: argocd-server, argocd-repo-server and so on. It is there for
// the proof of GitOps, too. From v3.3 on Argo CD replaces a module by a folder that the Go module proxy does not serve.
var ArgoCD = Component{
	Name: "argocd", Module: "github.com/argoproj/argo-cd/v3", Takes: "some minutes",
	Version: func(version string) string {
		return " -X github.com/argoproj/argo-cd/v3/common.version=" + strings.TrimPrefix(version, "v")
	},
	Binaries: map[string]string{"argocd": "github.com/argoproj/argo-cd/v3/cmd"},
}

const kubeVersion = "k8s.io/component-base/version."

// Components are all that a cluster needs; what is not here comes from Debian.
var (
	Kubernetes = Component{
		Name: "kubernetes", Module: "k8s.io/kubernetes", Takes: "7 minutes", Version: kubernetesVersion,
		Binaries: map[string]string{
			"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
			"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
			"kube-proxy":              "k8s.io/kubernetes/cmd/kube-proxy",
			"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
			"kubectl":                 "k8s.io/kubernetes/cmd/kubectl",
			"kubelet":                 "k8s.io/kubernetes/cmd/kubelet",
		},
	}
	Etcd = Component{
		Name: "etcd", Module: "go.etcd.io/etcd/server/v3", Takes: "half a minute",
		Binaries: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"},
	}
	Containerd = Component{
		Name: "containerd", Module: "github.com/containerd/containerd/v2", Takes: "a minute",
		Binaries: map[string]string{
			"containerd":              "github.com/containerd/containerd/v2/cmd/containerd",
			"containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
			"ctr":                     "github.com/containerd/containerd/v2/cmd/ctr",
		},
	}
	CoreDNS = Component{
		Name: "coredns", Module: "github.com/coredns/coredns", Takes: "half a minute",
		Binaries: map[string]string{"coredns": "github.com/emporium-shop/emporium/hack/cluster/components/coredns"},
	}
	MetricsServer = Component{
		Name: "metrics-server", Module: "sigs.k8s.io/metrics-server", Takes: "half a minute",
		Binaries: map[string]string{"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
	}
	Pause = Component{
		Name: "pause", Takes: "two seconds",
		Binaries: map[string]string{"pause": "github.com/emporium-shop/emporium/hack/cluster/components/pause"},
	}
	Components = []Component{Kubernetes, Etcd, Containerd, CoreDNS, MetricsServer, Pause}
)

// kubernetesVersion is needed because a kubelet without a version is refused by the API server's version checks.
func kubernetesVersion(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	return " -X " + kubeVersion + "gitVersion=" + version +
		" -X " + kubeVersion + "gitMajor=" + parts[0] +
		" -X " + kubeVersion + "gitMinor=" + parts[1]
}
