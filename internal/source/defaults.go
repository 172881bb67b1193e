package source

import (
	"cmp"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// What a field of a ShopSource means where it is unset; the schema says the same, and fills most of it in.
const (
	defaultTimeout  = 30 * time.Minute
	defaultInterval = time.Minute
)

// Timeout is how long one build may take.
func Timeout(s *v1alpha1.ShopSourceSpec) time.Duration {
	if s.Timeout == nil {
		return defaultTimeout
	}
	return s.Timeout.Duration
}

// Interval is how often Git is asked.
func Interval(s *v1alpha1.ShopSourceSpec) time.Duration {
	if s.Interval == nil {
		return defaultInterval
	}
	return s.Interval.Duration
}

// Branch is the one whose newest commit is built.
func Branch(s *v1alpha1.ShopSourceSpec) string { return cmp.Or(s.Git.Branch, "main") }

// Dockerfile is the file to build by, relative to the context.
func Dockerfile(s *v1alpha1.ShopSourceSpec) string { return cmp.Or(s.Dockerfile, "Dockerfile") }

// TestStage is the stage that tests; "": the source has no tests.
func TestStage(s *v1alpha1.ShopSourceSpec) string {
	if s.Test.Stage == v1alpha1.NoTests {
		return ""
	}
	return cmp.Or(s.Test.Stage, "test")
}

// RefKind is the kind of the source of Flux that spec.sourceRef names.
func RefKind(s *v1alpha1.ShopSourceSpec) string { return cmp.Or(s.SourceRef.Kind, "GitRepository") }
