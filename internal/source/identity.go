package source

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const (
	// inputsLength is how many hexadecimal digits stand for what of a spec ends in a build.
	inputsLength = 10
	shortCommit  = 8
	// nameHash keeps the names of Jobs within 63 characters, with the 30 of a source, and those of their pods.
	nameHash = 5
)

// inputs are what of a spec ends in a build. Whose names Secrets have, when Git is asked and how much memory
// the engine gets change no image, so they are no part of it.
type inputs struct {
	URL, Path, Dockerfile, Target string
	Stage                         string
	Services                      []testService
	TestArgs, Args                []v1alpha1.BuildArg
	Image                         string
	Provenance                    bool
	SBOM                          string
	Signed                        bool
	// Ref is left out where there is none: what was built before it was known is not built again.
	Ref string `json:",omitempty"`
}

type testService struct {
	Name, Image string
	Port        int32
	Args        []string
	Env         []v1alpha1.BuildArg
}

// Inputs is a hash of what of the spec ends in a build: the same commit is built anew when it changes.
func Inputs(s *v1alpha1.ShopSourceSpec) string {
	in := inputs{
		URL: s.Git.URL, Path: s.Path, Dockerfile: Dockerfile(s), Target: s.Target,
		Stage: TestStage(s), TestArgs: sorted(s.Test.Args), Args: sorted(s.Args), Image: s.Image, Signed: s.Sign != nil,
	}
	if r := s.SourceRef; r != nil {
		in.Ref = RefKind(s) + "/" + r.Name
	}
	for _, t := range s.Test.Services {
		in.Services = append(in.Services, testService{t.Name, t.Image, t.Port, t.Args, sorted(t.Env)})
	}
	slices.SortFunc(in.Services, func(a, b testService) int { return strings.Compare(a.Name, b.Name) })
	if a := s.Attest; a != nil {
		in.Provenance, in.SBOM = a.Provenance == nil || *a.Provenance, a.SBOMGenerator
	}
	return hash(in)[:inputsLength]
}

// sorted: the order of a list that is keyed by names says nothing.
func sorted(args []v1alpha1.BuildArg) []v1alpha1.BuildArg {
	return slices.SortedFunc(slices.Values(args), func(a, b v1alpha1.BuildArg) int { return strings.Compare(a.Name, b.Name) })
}

func hash(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encoding the inputs of a build: %v", err)) // strings and numbers: it cannot fail
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// JobName names the Job of an attempt at a commit.
func JobName(name, uid, commit, inputs string, attempt int32) string {
	return fmt.Sprintf("%s-%s-%s", name, short(commit), hash([]any{uid, commit, inputs, attempt})[:nameHash])
}

func short(commit string) string { return commit[:min(len(commit), shortCommit)] }

// SlotOf is the slot of a source among those of its shop: always the same, so that it finds its cache.
func SlotOf(name string, slots int32) int32 {
	if slots <= 1 {
		return 0
	}
	sum := sha256.Sum256([]byte(name))
	return (int32(sum[0])<<8 | int32(sum[1])) % slots
}
