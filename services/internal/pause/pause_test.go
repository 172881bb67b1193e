package pause

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPauseIsAsLongAsItIsOrEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !For(t.Context(), time.Hour) || time.Since(began) != time.Hour {
			t.Errorf("an hour took %s", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began = time.Now()
		if For(ctx, time.Hour) || time.Since(began) != time.Minute {
			t.Errorf("a context of a minute ended the pause after %s", time.Since(began))
		}
		if For(ctx, time.Hour) {
			t.Error("it waited without a context")
		}
	})
}
