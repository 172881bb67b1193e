package stage

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// Row is the line that `kubectl get shop -o wide` prints, column by column.
type Row struct {
	Ready, Status, Active, Candidate, Services, Message string
}

// Row reads what a user sees of a shop.
func (s Stage) Row(ctx context.Context, namespace, shop string) (Row, error) {
	out, err := s.Kubectl(ctx, "-n", namespace, "get", "shop", shop, "-o", "wide")
	if err != nil {
		return Row{}, err
	}
	return readRow(out)
}

var heading = regexp.MustCompile(`\S+`)

// readRow cuts the line where the header's columns begin: cells hold spaces and may be empty.
func readRow(table string) (Row, error) {
	header, line, found := strings.Cut(strings.TrimRight(table, "\n"), "\n")
	if !found || strings.Contains(line, "\n") {
		return Row{}, fmt.Errorf("reading a header and one line of %q", table)
	}
	cells := map[string]string{}
	begins := heading.FindAllStringIndex(header, -1)
	for i, at := range begins {
		end := len(line)
		if i+1 < len(begins) {
			end = min(end, begins[i+1][0])
		}
		cells[header[at[0]:at[1]]] = strings.TrimSpace(line[min(at[0], end):end])
	}
	return Row{
		Ready: cells["READY"], Status: cells["STATUS"], Active: cells["ACTIVE"], Candidate: cells["CANDIDATE"],
		Services: cells["SERVICES"], Message: cells["MESSAGE"],
	}, nil
}
