package git

import (
	"regexp"
	"slices"
	"strings"
)

// Ref is a name of the server and what it stands for. What an annotated tag points at is a Ref of its
// own, whose name ends in ^{}.
type Ref struct{ Name, Hash string }

// Head is what a branch says.
type Head struct {
	// Commit is its hash: 40 hexadecimal digits, or 64 in a repository of SHA-256.
	Commit string
	// Version is the highest semantic version among the tags at the commit, as the tag is written, else the
	// commit's first 12 digits. It fits as a tag of an image.
	Version string
}

const (
	headRefs = "refs/heads/"
	tagRefs  = "refs/tags/"
	peeled   = "^{}"
	// shortHash is how many digits of a commit make a version: unique in repositories of millions of objects.
	shortHash = 12
)

var hashForm = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// isHash reports whether s names an object: zeros stand for none.
func isHash(s string) bool { return hashForm.MatchString(s) && strings.Trim(s, "0") != "" }

// HeadOf returns what a branch says by the refs of its server, in any order.
func HeadOf(refs []Ref, branch string) (Head, error) {
	at := slices.IndexFunc(refs, func(r Ref) bool { return r.Name == headRefs+branch })
	if at < 0 {
		return Head{}, noBranch(refs, branch)
	}
	commit := refs[at].Hash
	return Head{Commit: commit, Version: versionOf(tagsAt(refs, commit), commit)}, nil
}

// tagsAt returns the tags that point at a commit, themselves or by what they annotate.
func tagsAt(refs []Ref, commit string) []string {
	target := map[string]string{}
	for _, r := range refs {
		tag, ok := strings.CutPrefix(r.Name, tagRefs)
		name, annotates := strings.CutSuffix(tag, peeled)
		if _, known := target[name]; ok && (annotates || !known) {
			target[name] = r.Hash
		}
	}
	var at []string
	for tag, points := range target {
		if points == commit {
			at = append(at, tag)
		}
	}
	return at
}

// mostBranches is how many branches a sentence names.
const mostBranches = 5

// noBranch says what is there instead of a branch.
func noBranch(refs []Ref, branch string) error {
	var there []string
	for _, r := range refs {
		if name, ok := strings.CutPrefix(r.Name, headRefs); ok && checkBranch(name) == nil {
			there = append(there, name)
		}
	}
	if len(there) == 0 {
		return refuse(EmptyRepository, "the repository has no branch yet: push branch %s", branch)
	}
	slices.SortFunc(there, likelyFirst)
	more := ""
	if len(there) > mostBranches {
		there, more = there[:mostBranches], " and others"
	}
	return refuse(BranchNotFound, "the repository has no branch %s: push it, or let spec.git.branch be one of those that are there (%s%s)",
		branch, strings.Join(there, ", "), more)
}

// likely reports whether most repositories call their first branch so: it is worth its place in a sentence.
func likely(branch string) bool { return branch == "main" || branch == "master" }

func likelyFirst(a, b string) int {
	if likely(a) != likely(b) {
		if likely(a) {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}
