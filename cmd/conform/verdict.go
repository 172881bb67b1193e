package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/emporium-shop/emporium/services/conform"
)

// terminationLog is where Kubernetes finds why a container ended; elsewhere it is not there.
const terminationLog = "/dev/termination-log"

// verdict says on the standard error which services do not keep the contract, a sentence each. The last
// line is one sentence for all: what a status, a chat message or a person who scrolls down sees.
func (o options) verdict(errs io.Writer, record string, reports []conform.Report) int {
	var failed []string
	for _, r := range reports {
		if err := r.OK(o.strict); err != nil {
			failed = append(failed, err.Error())
			fmt.Fprintln(errs, "conform:", err)
		}
	}
	if len(failed) == 0 {
		return 0
	}
	sentence := failed[0]
	if len(failed) > 1 {
		sentence = fmt.Sprintf("%d of %d services do not keep the contract (%s): %s", len(failed), len(reports), names(failed), failed[0])
		fmt.Fprintln(errs, "conform:", sentence)
	}
	if file, err := os.OpenFile(record, os.O_WRONLY|os.O_TRUNC, 0); err == nil { //nolint:gosec // Kubernetes makes it
		_, _ = file.WriteString(sentence) // it stands in the log, too
		_ = file.Close()
	}
	return 1
}

// names are the services of sentences that begin with them.
func names(sentences []string) string {
	out := make([]string, len(sentences))
	for n, s := range sentences {
		out[n], _, _ = strings.Cut(s, ":")
	}
	return strings.Join(out, ", ")
}
