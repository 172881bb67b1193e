package stage

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// forward lets kubectl forward a port of this machine to a Service of the shop, and returns its URL. It ends with the context.
// All requests then arrive at one replica of the front door.
func (s Stage) forward(ctx context.Context, service string) (string, error) {
	cmd := exec.CommandContext(ctx, s.kubectl(), "-n", Shop, "port-forward", "service/"+service, ":http")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("forwarding a port to %s: %w", service, err)
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("forwarding a port to %s: %w", service, err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("forwarding a port to %s: %w: %s", service, cmd.Wait(), strings.TrimSpace(errs.String()))
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines) // "Handling connection": it waits until somebody reads that
		_ = cmd.Wait()
	}()
	address, said := forwarded(first)
	if !said {
		return "", fmt.Errorf("forwarding a port to %s: kubectl says %q", service, strings.TrimSpace(first))
	}
	return address, nil
}

// forwarded reads "Forwarding from 127.0.0.1:40123 -> 8080".
func forwarded(line string) (string, bool) {
	rest, said := strings.CutPrefix(line, "Forwarding from ")
	address, _, there := strings.Cut(rest, " -> ")
	return "http://" + address, said && there
}
