package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/httpstream" //nolint:staticcheck // SPDY dialers of client-go 0.37 still have the deprecated type
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/cli/text"
)

func newPreview(e *env) *cobra.Command {
	port := 0
	cmd := &cobra.Command{
		Use: "preview SHOP", Args: between(1, 1), Short: "Reach the candidate at its preview from this machine",
		Long: "Forwards a port of this machine to the preview, and says which release answers there. Mind that the candidate uses the same database as what serves: " +
			"an order that you place in the preview is an order.",
		RunE: func(cmd *cobra.Command, args []string) error { return e.preview(cmd.Context(), args[0], port) },
	}
	cmd.Flags().IntVar(&port, "port", 8001, "Port of 127.0.0.1; 0: any that is free")
	return cmd
}

func (e *env) preview(ctx context.Context, name string, port int) error {
	shop, err := e.at(name)
	if err != nil {
		return err
	}
	live, err := shop.reader.Alone(ctx, shop.key)
	if err != nil {
		return err
	}
	if live.Status.PreviewAddress == "" {
		return fmt.Errorf("shop %s has no candidate that could be tried: %s: %s", name, saying(live).Reason, saying(live).Message)
	}
	service, inside := serviceOf(live.Status.PreviewAddress)
	if !inside {
		_, err := fmt.Fprintf(e.Out, "the preview is open at %s: no port has to be forwarded\n", text.Clean(live.Status.PreviewAddress))
		return err
	}
	pod, to, err := endpoint(ctx, shop.api, types.NamespacedName{Namespace: live.Namespace, Name: service})
	if err != nil {
		return err
	}
	return e.forward(ctx, pod, port, to)
}

// serviceOf is the Service that an address within the cluster names: http://acme-preview.acme.svc.
func serviceOf(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	parts := strings.Split(u.Hostname(), ".")
	return parts[0], len(parts) >= 3 && parts[2] == "svc"
}

// endpoint is a ready pod behind a Service, and its port.
func endpoint(ctx context.Context, api client.Reader, key types.NamespacedName) (*corev1.Pod, int32, error) {
	service := &corev1.Service{}
	if err := api.Get(ctx, key, service); err != nil {
		return nil, 0, fmt.Errorf("reading Service %s of the preview: %w", key.Name, err)
	}
	var pods corev1.PodList
	if err := api.List(ctx, &pods, client.InNamespace(key.Namespace), client.MatchingLabels(service.Spec.Selector)); err != nil {
		return nil, 0, fmt.Errorf("listing the pods behind Service %s: %w", key.Name, err)
	}
	for i := range pods.Items {
		if pod := &pods.Items[i]; ready(pod) && len(service.Spec.Ports) > 0 {
			if port := portOf(pod, service.Spec.Ports[0].TargetPort); port > 0 {
				return pod, port, nil
			}
		}
	}
	return nil, 0, fmt.Errorf("no pod behind Service %s is ready: kubectl shop why %s says why", key.Name, strings.TrimSuffix(key.Name, "-preview"))
}

func ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && pod.DeletionTimestamp.IsZero()
		}
	}
	return false
}

func portOf(pod *corev1.Pod, target intstr.IntOrString) int32 {
	if target.Type == intstr.Int {
		return target.IntVal
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == target.StrVal {
				return p.ContainerPort
			}
		}
	}
	return 0
}

// forward until ctx ends.
func (e *env) forward(ctx context.Context, pod *corev1.Pod, port int, to int32) error {
	dialer, err := e.dialer(pod)
	if err != nil {
		return err
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddressesWithContext(ctx, dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("%d:%d", port, to)}, ready, io.Discard, e.Err)
	if err != nil {
		return fmt.Errorf("forwarding port %d to pod %s: %w", port, pod.Name, err)
	}
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case err := <-ended:
		return fmt.Errorf("forwarding port %d to pod %s: %w", port, pod.Name, err)
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return fmt.Errorf("forwarding to pod %s: %w", pod.Name, err)
	}
	e.answers(ctx, fmt.Sprintf("http://127.0.0.1:%d/", ports[0].Local))
	if err := <-ended; err != nil && ctx.Err() == nil {
		return fmt.Errorf("forwarding to pod %s: %w", pod.Name, err)
	}
	return nil
}

// answers says which release answers, by its first answer.
func (e *env) answers(ctx context.Context, address string) {
	fmt.Fprintf(e.Out, "%s is the preview; Ctrl-C ends it\n", address)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		fmt.Fprintf(e.Err, "asking %s: %v\n", address, err)
		return
	}
	here := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := here.Do(request)
	if err != nil {
		fmt.Fprintf(e.Err, "asking %s: %v\n", address, err)
		return
	}
	defer answer.Body.Close()
	release := answer.Header.Get("X-Shop-Release")
	if release == "" {
		release = "no release: its candidate is gone, or not ready any more"
	}
	fmt.Fprintf(e.Out, "%d from %s\n", answer.StatusCode, text.Clean(release))
}

// dialer speaks WebSockets, and SPDY with what is before the API server and knows none.
func (e *env) dialer(pod *corev1.Pod) (httpstream.Dialer, error) {
	config, err := e.config()
	if err != nil {
		return nil, err
	}
	core, err := corev1client.NewForConfig(rest.CopyConfig(config))
	if err != nil {
		return nil, fmt.Errorf("making the client of the port: %w", err)
	}
	address := core.RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, fmt.Errorf("making the connection of the port: %w", err)
	}
	byWebSocket, err := portforward.NewSPDYOverWebsocketDialer(address, config)
	if err != nil {
		return nil, fmt.Errorf("making the connection of the port: %w", err)
	}
	bySPDY := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	return portforward.NewFallbackDialer(byWebSocket, bySPDY, func(err error) bool { return !errors.Is(err, context.Canceled) }), nil
}
