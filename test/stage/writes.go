package stage

import (
	"context"
	"regexp"
	"strconv"
	"strings"
)

var (
	writes   = regexp.MustCompile(`(?m)^emporium_api_writes_total\{([^}]*)\} ([0-9.e+]+)$`)
	statuses = regexp.MustCompile(`verb="status"`)
)

// Writes sums the writes that the operator made since its pods began.
func (s Stage) Writes(ctx context.Context) (int, error) {
	all, _, err := s.counted(ctx)
	return all, err
}

// Changes sums those of them that are no report of what the operator sees.
func (s Stage) Changes(ctx context.Context) (int, error) {
	all, reports, err := s.counted(ctx)
	return all - reports, err
}

func (s Stage) counted(ctx context.Context) (all, reports int, err error) {
	pods, err := s.Kubectl(ctx, "-n", System, "get", "pods", "-l", "app.kubernetes.io/name=emporium", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[*].metadata.name}")
	if err != nil {
		return 0, 0, err
	}
	for _, pod := range strings.Fields(pods) {
		text, err := s.Kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+System+"/pods/"+pod+":8080/proxy/metrics")
		if err != nil {
			return 0, 0, err
		}
		more, told := sumWrites(text)
		all, reports = all+more, reports+told
	}
	return all, reports, nil
}

// sumWrites counts all writes, and those of statuses among them.
func sumWrites(metrics string) (all, reports int) {
	for _, found := range writes.FindAllStringSubmatch(metrics, -1) {
		n, _ := strconv.ParseFloat(found[2], 64)
		all += int(n)
		if statuses.MatchString(found[1]) {
			reports += int(n)
		}
	}
	return all, reports
}
