package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// KillPod ends the processes of a pod's containers at once, as the kernel does where memory is short: nothing is drained, nothing
// is given back, and the API learns of it from the kubelet. It works only where the pods run on this machine.
func (s Stage) KillPod(ctx context.Context, namespace, pod string) error {
	uid, err := s.Kubectl(ctx, "-n", namespace, "get", "pod", pod, "-o", "jsonpath={.metadata.uid}")
	if err != nil {
		return err
	}
	pids := processesOf(strings.TrimSpace(uid))
	if len(pids) == 0 {
		return fmt.Errorf("killing pod %s: no process of it runs on this machine", pod)
	}
	for _, pid := range pids {
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			return fmt.Errorf("killing pod %s: %w", pod, err)
		}
	}
	return nil
}

// processesOf finds them by their cgroup, which carries the pod's UID. The pause container stays: it holds the pod's address.
func processesOf(uid string) (pids []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		groups, _ := os.ReadFile(filepath.Join(folder, "cgroup"))
		name, _ := os.ReadFile(filepath.Join(folder, "comm"))
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err == nil && strings.Contains(string(groups), "pod"+uid) && strings.TrimSpace(string(name)) != "pause" {
			pids = append(pids, pid)
		}
	}
	return pids
}
