package source

import (
	"regexp"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// A clone that fails because the network or the Git host is away says nothing about the commit: it is told as GitUnreachable
// and tried again, later each time. The operator's own question to Git may succeed meanwhile, as it asks from another place.

var (
	// fetchFailed begins what BuildKit says where git could not fetch the context.
	fetchFailed = regexp.MustCompile(`^failed to solve: [^\n]*failed to (fetch remote|update submodules for) [^\n]*git stderr:`)
	// away is what git, curl and ssh say where nobody answers, or ends in the middle. A refusal (401, 403, 404, a key that is not
	// taken, a commit that is not there) is none of it: it is the same the next time.
	away = regexp.MustCompile(`(?i)could ?n[o']t resolve host|name resolution|could not resolve hostname|failed to connect to|couldn't connect|connection (refused|reset|timed out|closed)|` +
		`(operation|connect(ion)?) timed out|timeout was reached|no route to host|network is unreachable|empty reply from server|early eof|hung up unexpectedly|` +
		`unexpected disconnect|returned error: (408|429|5[0-9][0-9])|gnutls_handshake\(\) failed|ssl_error_syscall|transfer closed|rpc failed; (curl|http 5)`)
)

// clonePauses is how long is waited before each further attempt at a commit that could not be fetched.
var clonePauses = []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute}

// mostClones is how many Jobs a commit gets that cannot be fetched.
var mostClones = int32(len(clonePauses) + 1)

// hostAway tells whether a step ended since the repository could not be fetched, for the network or its host.
func hostAway(output string) bool {
	said := lastErrors(output)
	return fetchFailed.MatchString(said) && away.MatchString(said) && !strings.Contains(said, commandFailed)
}

// lastErrors is buildctl's error with the lines below it, which are git's own; "": there is none. Output of a RUN cannot be
// mistaken for it, for each of its lines begins with a number.
func lastErrors(output string) string {
	text := "\n" + clean(output)
	const mark = "\nerror: failed to solve: "
	i := strings.LastIndex(text, mark)
	if i < 0 {
		return ""
	}
	return text[i+len("\nerror: "):]
}

// pause is after how long a commit that could not be fetched is tried again. Clocks that differ let it wait no longer.
func (p *planner) pause() time.Duration {
	f := p.st.Failed
	if f.Reason != v1alpha1.ReasonGitUnreachable {
		return 0
	}
	pause := clonePauses[min(int((f.Attempts-1)%mostClones), len(clonePauses)-1)]
	left := f.At.Add(pause).Sub(p.now)
	if left > pause {
		return 0
	}
	return max(0, left)
}
