package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// logging is which pods' logs are asked for.
type logging struct {
	*env
	by, service, job  string
	frontDoor, follow bool
	since             time.Duration
	tail              int64
}

func newLogs(e *env) *cobra.Command {
	l := &logging{env: e}
	cmd := &cobra.Command{
		Use: "logs SHOP", Args: between(1, 1), Short: "The logs of a stack's pods, each line with its pod",
		Long: "Prints the logs of the pods of one stack together, each line behind the name of its pod. Without --by it is the stack that serves.",
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&l.by, "by", "active", "Of which stack: active, candidate, previous, or the name of a release")
	f.StringVar(&l.service, "service", "", "Of this service alone")
	f.StringVar(&l.job, "job", "", "Of Jobs in place of services: migration or check")
	f.BoolVar(&l.frontDoor, "front-door", false, "Of the front door in place of services")
	f.BoolVarP(&l.follow, "follow", "f", false, "Go on with what is written from now on, also of pods that start later")
	f.DurationVar(&l.since, "since", 0, "Only what is younger than this, as 10m")
	f.Int64Var(&l.tail, "tail", -1, "At most this many lines of each pod; -1: all")
	return cmd
}

func (l *logging) run(ctx context.Context, name string) error {
	if l.frontDoor && (l.job != "" || l.service != "") || (l.job != "" && l.service != "") {
		return usage("--front-door, --job and --service name different pods: use one of them")
	}
	shop, err := l.at(name)
	if err != nil {
		return err
	}
	live, err := shop.reader.Alone(ctx, shop.key)
	if err != nil {
		return err
	}
	selector, err := l.selector(live)
	if err != nil {
		return err
	}
	config, err := l.config()
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 200, 400 // a request a pod
	pods, err := corev1client.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making the client of the logs: %w", err)
	}
	s := &streams{pods: pods.Pods(live.Namespace), shop: live.Name, out: l.Out, seen: map[string]bool{}}
	s.options = corev1.PodLogOptions{Follow: l.follow}
	if l.since > 0 {
		s.options.SinceSeconds = ptr.To(max(1, int64(l.since.Seconds())))
	}
	if l.tail >= 0 {
		s.options.TailLines = &l.tail
	}
	return s.run(ctx, shop.api, client.InNamespace(live.Namespace), client.MatchingLabelsSelector{Selector: selector})
}

// selector selects the pods by what the flags say.
func (l *logging) selector(shop *v1alpha1.Shop) (labels.Selector, error) {
	want := labels.Set{frontdoor.LabelShop: shop.Name}
	if l.frontDoor {
		want[frontdoor.LabelComponent] = frontdoor.ComponentFrontDoor
		return want.AsSelector(), nil
	}
	release, err := releaseBy(shop, l.by)
	if err != nil {
		return nil, err
	}
	want[frontdoor.LabelRelease] = release
	switch l.job {
	case "":
		want[frontdoor.LabelComponent] = "service"
	case frontdoor.ComponentMigration, frontdoor.ComponentCheck:
		want[frontdoor.LabelComponent] = l.job
	default:
		return nil, usage("--job=%s is no kind of Job: use migration or check", l.job)
	}
	if l.service != "" {
		want[frontdoor.LabelService] = l.service
	}
	return want.AsSelector(), nil
}

// releaseBy is the release of a role, or of a name.
func releaseBy(shop *v1alpha1.Shop, by string) (string, error) {
	release := map[string]string{}
	if s := shop.Status; s.Active != nil {
		release["active"] = s.Active.Release
	}
	if s := shop.Status; s.Candidate != nil {
		release["candidate"] = s.Candidate.Release
	}
	if s := shop.Status; s.Previous != nil {
		release["previous"] = s.Previous.Release
	}
	switch by {
	case "active", "candidate", "previous":
		if release[by] == "" {
			return "", fmt.Errorf("shop %s has no %s release: %s: %s", shop.Name, by, saying(shop).Reason, saying(shop).Message)
		}
		return release[by], nil
	}
	return by, nil
}

// streams merges logs, line by line.
type streams struct {
	pods    corev1client.PodInterface
	shop    string
	options corev1.PodLogOptions

	mu   sync.Mutex
	out  io.Writer
	wg   sync.WaitGroup
	seen map[string]bool
	errs []error
}

func (s *streams) run(ctx context.Context, api client.WithWatch, options ...client.ListOption) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var list corev1.PodList
	if err := api.List(ctx, &list, options...); err != nil {
		return fmt.Errorf("listing the pods of Shop %s: %w", s.shop, err)
	}
	for i := range list.Items {
		s.begin(ctx, &list.Items[i])
	}
	if s.options.Follow {
		if err := s.later(ctx, api, list.ResourceVersion, options...); err != nil {
			cancel()
			s.wg.Wait()
			return err
		}
	}
	if s.wg.Wait(); len(s.seen) == 0 {
		return fmt.Errorf("no pod of Shop %s that is asked for has started; kubectl shop tree %s --pods shows which there are", s.shop, s.shop)
	}
	return errors.Join(s.errs...)
}

// later begins with pods that start later.
func (s *streams) later(ctx context.Context, api client.WithWatch, version string, options ...client.ListOption) error {
	options = append(options, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: version}})
	watch, err := api.Watch(ctx, &corev1.PodList{}, options...)
	if err != nil {
		return fmt.Errorf("watching the pods of Shop %s: %w", s.shop, err)
	}
	defer watch.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, more := <-watch.ResultChan():
			if !more {
				return fmt.Errorf("the API server ended the watch of the pods of Shop %s: begin again", s.shop)
			}
			if pod, is := event.Object.(*corev1.Pod); is {
				s.begin(ctx, pod)
			}
		}
	}
}

// begin with the containers of a pod that have started.
func (s *streams) begin(ctx context.Context, pod *corev1.Pod) {
	for _, c := range pod.Status.ContainerStatuses {
		key := fmt.Sprintf("%s/%s/%d", pod.UID, c.Name, c.RestartCount)
		if (c.State.Running == nil && c.State.Terminated == nil) || s.seen[key] {
			continue
		}
		s.seen[key] = true
		prefix := strings.TrimPrefix(pod.Name, s.shop+"-")
		if len(pod.Spec.Containers) > 1 {
			prefix += "/" + c.Name
		}
		s.wg.Add(1)
		go func() {
			defer s.wg.Done()
			if err := s.copy(ctx, pod.Name, c.Name, prefix); err != nil && ctx.Err() == nil {
				s.failed(pod.Name, err)
			}
		}()
	}
}

func (s *streams) failed(pod string, err error) {
	if apierrors.IsNotFound(err) { // it is gone with its log: that is what pods do
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, fmt.Errorf("reading the log of pod %s: %w", pod, err))
}

func (s *streams) copy(ctx context.Context, pod, container, prefix string) error {
	options := s.options
	options.Container = container
	log, err := s.pods.GetLogs(pod, &options).Stream(ctx)
	if err != nil {
		return err
	}
	defer log.Close()
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.write(prefix, line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *streams) write(prefix, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s | %s\n", prefix, strings.TrimSuffix(line, "\n"))
}
