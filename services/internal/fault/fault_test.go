package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAFaultIsFoundByItsKindBeneathOtherErrors(t *testing.T) {
	err := fmt.Errorf("changing cart 7: %w", Stale())
	if !Is(err, StaleKind) || Is(err, NotFoundKind) || Is(errors.New("stale"), StaleKind) || Is(nil, StaleKind) {
		t.Errorf("%v is not found by its kind alone", err)
	}
}

func TestWhatCallersSentIsNotPartOfTheLoggedText(t *testing.T) {
	const private = "jane@example.org"
	for name, f := range map[string]*Fault{
		"not found":   NotFound("customer", private),
		"invalid":     Invalid("#/mail", private),
		"bad request": BadRequest("query.mail", private),
		"conflict":    Conflict("taken", private),
		"unavailable": Unavailable(private, errors.New("connection refused")),
	} {
		if strings.Contains(f.Error(), private) {
			t.Errorf("%s: %s", name, f.Error())
		}
		if !strings.Contains(f.Detail+fmt.Sprint(f.Fields), private) {
			t.Errorf("%s: the caller is not told: %+v", name, f)
		}
	}
}

func TestUnavailableKeepsItsCauseAndSaysWhenToComeBack(t *testing.T) {
	cause := errors.New("connection refused")
	f := Unavailable("The catalog does not answer right now.", cause)
	if !errors.Is(f, cause) || f.RetryAfter != time.Second || InFlight().RetryAfter == 0 || Stale().RetryAfter != 0 {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(f.Error(), "connection refused") || errors.Unwrap(Stale()) != nil {
		t.Errorf("logged as %q", f.Error())
	}
}

func TestFieldsAddUpWithoutChangingTheFirstFault(t *testing.T) {
	one := Invalid("#/a", "x")
	two, other := one.And("#/b", "y"), one.And("#/c", "z")
	if len(one.Fields) != 1 || len(two.Fields) != 2 || two.Fields[1].Pointer != "#/b" || other.Fields[1].Pointer != "#/c" {
		t.Errorf("%v %v %v", one.Fields, two.Fields, other.Fields)
	}
	if Invalid("", "x").Fields[0].Pointer != "#" {
		t.Error("without a pointer it is not the whole body")
	}
}

func TestTooManySaysWhenToComeBack(t *testing.T) {
	if f := TooMany("Slowly, please.", time.Minute); !Is(f, TooManyKind) || f.RetryAfter != time.Minute {
		t.Errorf("%+v", f)
	}
}
