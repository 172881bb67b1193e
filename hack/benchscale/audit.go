package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// auditPolicy lets the API server write down each request, without what it holds.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`

// audit is the API server's log of who asked it for what: the operator's own counters tell methods
// and what it writes of shops, not its reads, its events and its watches.
type audit struct{ log, policy string }

func newAudit(work string) (*audit, error) {
	a := &audit{log: filepath.Join(work, "audit.log"), policy: filepath.Join(work, "audit.yaml")}
	if err := os.WriteFile(a.policy, []byte(auditPolicy), 0o600); err != nil {
		return nil, fmt.Errorf("writing the audit policy: %w", err)
	}
	return a, nil
}

// size is how much there is of the log; a nil audit has none.
func (a *audit) size() int64 {
	if a == nil {
		return 0
	}
	info, err := os.Stat(a.log)
	if err != nil {
		return 0 // nothing was asked yet
	}
	return info.Size()
}

// since counts what the operator asked after an earlier size.
func (a *audit) since(offset int64) (map[string]int, error) {
	if a == nil {
		return nil, nil
	}
	data, err := os.ReadFile(a.log)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1] // the last line may be in the middle of being written
	return asked(whole[min(offset, int64(len(whole))):])
}

// entry is what is read of a line of the log.
type entry struct {
	Stage      string `json:"stage"`
	Verb       string `json:"verb"`
	UserAgent  string `json:"userAgent"`
	RequestURI string `json:"requestURI"`
	Object     struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
}

// asked counts the operator's requests by verb and resource.
func asked(log []byte) (map[string]int, error) {
	out := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(log))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("reading a line of the audit log: %w", err)
		}
		if strings.HasPrefix(e.UserAgent, operatorName+"/") && e.begun() {
			out[e.String()]++
		}
	}
	return out, lines.Err()
}

// begun tells one line of each request: that of a watch is written when it begins, since it ends with the operator.
func (e entry) begun() bool {
	if e.Verb == "watch" {
		return e.Stage == "ResponseStarted"
	}
	return e.Stage == "ResponseComplete" || e.Stage == "Panic"
}

func (e entry) String() string {
	what := e.Object.Resource
	switch {
	case what == "":
		what, _, _ = strings.Cut(e.RequestURI, "?")
	case e.Object.Subresource != "":
		what += "/" + e.Object.Subresource
	}
	if strings.Contains(e.RequestURI, "dryRun=") {
		what += " (dry run)"
	}
	return e.Verb + " " + what
}
