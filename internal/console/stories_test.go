package console_test

import (
	"testing"

	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

// The page of a shop as the real operator brought it into each state.
func TestEveryStateAsTheOperatorMakesIt(t *testing.T) {
	stories, err := viewtest.Stories()
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range viewtest.Reasons(stories) {
		t.Run(string(reason), func(t *testing.T) {
			o := stories[reason]
			d := open(t, o)
			d.now = o.Now
			d.signIn(t, goodToken)
			w := d.get("/shops/" + o.Shop.Namespace + "/" + o.Shop.Name)
			wants(t, w, 200, string(reason))
			wellFormed(t, string(reason), w.Body.String())
		})
	}
}
