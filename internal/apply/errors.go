package apply

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// ForeignError says that an object of a name that the shop needs belongs to somebody else.
type ForeignError struct{ Kind, Name string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s %s exists and is not this shop's: it is left as it is; rename or delete it, or rename the shop", e.Kind, e.Name)
}

// GoingError says that an object of the shop is being deleted and cannot be made anew until it is gone.
type GoingError struct {
	Kind, Name string
	Finalizers []string
}

func (e *GoingError) Error() string {
	held := ""
	if len(e.Finalizers) > 0 {
		held = ": its finalizers hold it, " + strings.Join(e.Finalizers, ", ")
	}
	return fmt.Sprintf("%s %s is being deleted, and is made anew when it is gone%s", e.Kind, e.Name, held)
}

// RefusedError says that Kubernetes refused an object: a quota, an admission rule, a bad value.
type RefusedError struct {
	Kind, Name string
	Err        error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("Kubernetes refused %s %s: %v", e.Kind, e.Name, e.Err)
}

func (e *RefusedError) Unwrap() error { return e.Err }

// refused tells a refusal, which stands until somebody changes something, from a failure.
func refused(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsRequestEntityTooLargeError(err)
}
