package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// server is a kube-apiserver with its etcd on loopback, and nothing else of Kubernetes.
type server struct {
	env        *envtest.Environment
	config     *rest.Config
	kubeconfig string
	scheme     *runtime.Scheme
	// api reads and writes everything; kube is faster for what is built in.
	api  client.Client
	kube kubernetes.Interface
	// audit of who asked for what; nil: it is not written, since it costs the API server time.
	audit *audit
}

// startServer starts it with the binaries of hack/cluster and the CRDs of a checkout.
func startServer(root, checkout, work string, audit *audit) (*server, error) {
	s := &server{audit: audit, scheme: runtime.NewScheme(), kubeconfig: filepath.Join(work, "kubeconfig")}
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s.scheme); err != nil {
			return nil, err
		}
	}
	s.env = &envtest.Environment{
		BinaryAssetsDirectory: filepath.Join(root, ".cluster", "bin"),
		CRDDirectoryPaths:     []string{filepath.Join(checkout, "config", "crd", "bases")}, ErrorIfCRDPathMissing: true,
	}
	// A Service of every service of a thousand shops needs an address.
	s.env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/12")
	if audit != nil {
		s.env.ControlPlane.GetAPIServer().Configure().Set("audit-log-path", audit.log).Set("audit-policy-file", audit.policy)
	}
	s.env.ControlPlane.Etcd = &envtest.Etcd{}
	s.env.ControlPlane.Etcd.Configure().Enable("unsafe-no-fsync")
	config, err := s.env.Start()
	if err != nil {
		return nil, fmt.Errorf("starting the API server: %w", err)
	}
	if err := s.connect(config); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) connect(config *rest.Config) (err error) {
	config.QPS = -1 // who measures waits for nobody
	s.config = config
	if err := os.WriteFile(s.kubeconfig, s.env.KubeConfig, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	if s.api, err = client.New(config, client.Options{Scheme: s.scheme}); err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	builtIn := rest.CopyConfig(config)
	builtIn.ContentType = runtime.ContentTypeProtobuf
	if s.kube, err = kubernetes.NewForConfig(builtIn); err != nil {
		return fmt.Errorf("connecting to the API server: %w", err)
	}
	return nil
}

func (s *server) stop() {
	if err := s.env.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the API server:", err)
	}
}

var cpuSeconds = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`)

// cpu is the CPU time that the API server has taken, with what this program asked of it.
func (s *server) cpu(ctx context.Context) (float64, error) {
	text, err := s.kube.Discovery().RESTClient().Get().AbsPath("/metrics").SetHeader("Accept", "text/plain").DoRaw(ctx)
	if err != nil {
		return 0, fmt.Errorf("asking the API server for its CPU time: %w", err)
	}
	found := cpuSeconds.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("asking the API server for its CPU time: its metrics do not say it")
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
