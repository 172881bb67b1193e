package act

import (
	"context"
	"errors"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// attempts is how often an act is judged anew because the Shop was changed in between: the operator writes its status.
const attempts = 8

// Person acts with the rights of one person.
type Person struct {
	// API as the person, without a cache: what is judged is what is written on.
	API client.Client
	// Now is the API server's time; it stamps a retry.
	Now func() time.Time
}

// Act reads the Shop, judges the request, and writes on what was read: where the Shop has changed in between it is judged anew.
func (p *Person) Act(ctx context.Context, r Request) (Result, error) {
	var err error
	for range attempts {
		var result Result
		if result, err = p.try(ctx, r); err == nil {
			return result, nil
		}
		if !changedMeanwhile(err) {
			break
		}
	}
	return Result{}, explain(err, r)
}

func (p *Person) try(ctx context.Context, r Request) (Result, error) {
	live, shop, err := p.read(ctx, r.Shop)
	if err != nil {
		return Result{}, err
	}
	what, err := p.judge(ctx, shop, r)
	if err != nil {
		return Result{}, err
	}
	if what.already {
		return Result{Done: what.done, Release: what.release}, nil
	}
	if what.says {
		if err := p.attribute(ctx, shop, &what, r); err != nil {
			return Result{}, err
		}
	}
	warning, err := p.write(ctx, live, what, r)
	if err != nil {
		return Result{}, err
	}
	return Result{Done: what.done, Changed: true, Release: what.release, Warning: sentences(warning, what.warning)}, nil
}

// read returns the Shop twice: as it is, with fields that this program does not know, and as we know it.
func (p *Person) read(ctx context.Context, key types.NamespacedName) (*unstructured.Unstructured, *v1alpha1.Shop, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Shop"))
	if err := p.API.Get(ctx, key, live); err != nil {
		return nil, nil, fmt.Errorf("reading Shop %s in namespace %s: %w", key.Name, key.Namespace, err)
	}
	shop := &v1alpha1.Shop{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, shop); err != nil {
		return nil, nil, fmt.Errorf("understanding Shop %s in namespace %s: %w", key.Name, key.Namespace, err)
	}
	return live, shop, nil
}

// releases of the shop.
func (p *Person) releases(ctx context.Context, shop *v1alpha1.Shop) ([]v1alpha1.ShopRelease, error) {
	var list v1alpha1.ShopReleaseList
	if err := p.API.List(ctx, &list, client.InNamespace(shop.Namespace)); err != nil {
		return nil, fmt.Errorf("listing the releases of Shop %s in namespace %s: %w", shop.Name, shop.Namespace, err)
	}
	return ofShop(list.Items, shop.Name), nil
}

func (p *Person) judge(ctx context.Context, shop *v1alpha1.Shop, r Request) (intent, error) {
	switch r.Verb {
	case "pause":
		return judgePause(shop), nil
	case "resume":
		return judgeResume(shop), nil
	case "unpin":
		return judgeUnpin(shop), nil
	}
	releases, err := p.releases(ctx, shop)
	if err != nil {
		return intent{}, err
	}
	switch r.Verb {
	case "promote":
		return judgePromote(shop, releases, r)
	case "rollback":
		return judgeRollback(shop, releases, r)
	case "retry":
		return judgeRetry(shop, releases, r, p.Now())
	}
	return intent{}, fmt.Errorf("there is no act %q: promote, rollback, unpin, retry, pause and resume are", r.Verb)
}

// attribute says who acts, and why, in the same write. The API server is asked who that is: names in kubeconfigs are of no account.
func (p *Person) attribute(ctx context.Context, shop *v1alpha1.Shop, what *intent, r Request) error {
	review := &authenticationv1.SelfSubjectReview{}
	if err := p.API.Create(ctx, review); err != nil && !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) {
		return fmt.Errorf("asking the API server who you are: %w", err)
	}
	what.notes = map[string]any{v1alpha1.AnnotationActedOn: what.pin}
	for name, value := range map[string]string{v1alpha1.AnnotationBy: review.Status.UserInfo.Username, v1alpha1.AnnotationBecause: r.Because} {
		if value != "" || shop.Annotations[name] != "" { // what is empty speaks no more of somebody else
			what.notes[name] = value
		}
	}
	return nil
}

// changedMeanwhile tells a write on what is not there any more from a field that another holds: both are conflicts.
func changedMeanwhile(err error) bool {
	return apierrors.IsConflict(err) && !heldByOthers(err)
}

// explain says what an error of the API server means for the act.
func explain(err error, r Request) error {
	if refused := (*Refusal)(nil); errors.As(err, &refused) {
		return refused
	}
	if apierrors.IsForbidden(err) {
		return &Refusal{Code: Forbidden, Message: fmt.Sprintf(
			"you may not %s Shop %s in namespace %s: %v; ask who administers the namespace for the role emporium-admin, or for the verb that is named",
			r.Verb, r.Shop.Name, r.Shop.Namespace, err)}
	}
	if changedMeanwhile(err) {
		return fmt.Errorf("shop %s in namespace %s was changed by somebody each of %d times while this was written; try again: %w", r.Shop.Name, r.Shop.Namespace, attempts, err)
	}
	return err
}

var _ Actor = &Person{}
