package conform

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// decide runs one rule with the check over an empty world.
func decide(mode Mode, modes []Mode, long bool, check func(context.Context, *Case) error) Result {
	w := &world{Target: Target{Mode: mode, Settings: &Settings{Service: "x"}}}
	return judge(context.Background(), w, Rule{ID: "E-01", Modes: modes, Long: long, check: check}, nil)
}

func saw(err error) func(context.Context, *Case) error {
	return func(_ context.Context, c *Case) error {
		c.sees()
		return err
	}
}

func TestARuleIsNeverPassedUnseen(t *testing.T) {
	unlooked := func(context.Context, *Case) error { return nil }
	for name, c := range map[string]struct {
		got  Result
		want Verdict
		why  string
	}{
		"looked, nothing wrong":    {decide(Static, []Mode{Static}, false, saw(nil)), Passed, ""},
		"looked, wrong":            {decide(Static, []Mode{Static}, false, saw(errors.New("want 404"))), Failed, "want 404"},
		"not looked":               {decide(Static, []Mode{Static}, false, unlooked), NotDecided, "saw nothing"},
		"another mode":             {decide(Static, []Mode{Remote, Local}, false, saw(nil)), NotDecided, "remote, local"},
		"by people":                {decide(Static, nil, false, saw(nil)), NotDecided, "people"},
		"long, and not asked for":  {decide(Static, []Mode{Static}, true, saw(nil)), NotDecided, "-long"},
		"nothing it is about":      {decide(Static, []Mode{Static}, false, saw(skip("no list"))), NotApplicable, "no list"},
		"cannot be seen":           {decide(Static, []Mode{Static}, false, saw(unseen("see E-01"))), NotDecided, "see E-01"},
		"a failure that is joined": {decide(Static, []Mode{Static}, false, saw(errors.Join(errors.New("want 200")))), Failed, "want 200"},
	} {
		if c.got.Verdict != c.want || !strings.Contains(c.got.Why, c.why) {
			t.Errorf("%s: got %s: %s", name, c.got.Verdict, c.got.Why)
		}
	}
}

func TestARunThatDecidesNothingIsNotOK(t *testing.T) {
	should := Result{Rule: "H-04", Level: Should, Verdict: Failed}
	must := Result{Rule: "E-01", Level: Must, Verdict: Failed}
	passed := Result{Rule: "E-02", Level: Must, Verdict: Passed}
	open := Result{Rule: "E-03", Level: Must, Verdict: NotDecided}
	for name, c := range map[string]struct {
		report Report
		strict bool
		want   string
	}{
		"passed":                     {Report{Results: []Result{passed, open}}, false, ""},
		"nothing decided":            {Report{Results: []Result{open}}, false, "no rule was decided"},
		"no rule at all":             {Report{}, false, "no rule was decided"},
		"failed":                     {Report{Results: []Result{passed, must}}, false, "E-01 failed"},
		"a SHOULD":                   {Report{Results: []Result{passed, should}}, false, ""},
		"a SHOULD, strictly":         {Report{Results: []Result{passed, should}}, true, "H-04"},
		"no run":                     {Report{Error: "it ended", Results: []Result{passed}}, false, "it ended"},
		"only what does not bind":    {Report{Results: []Result{should}}, false, "no rule was decided"},
		"only what is about nothing": {Report{Results: []Result{{Verdict: NotApplicable}}}, false, "no rule was decided"},
	} {
		err := c.report.OK(c.strict)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOnlyTakesRulesAndLetters(t *testing.T) {
	r := Rule{ID: "E-07"}
	for only, want := range map[string]bool{"": true, "E-07": true, "E": true, "E-08": false, "D": false, "D,E-07": true} {
		target := Target{}
		if only != "" {
			target.Only = strings.Split(only, ",")
		}
		if target.wants(r) != want {
			t.Errorf("%q: got %v", only, !want)
		}
	}
}

func TestResultsStandInTheOrderOfTheText(t *testing.T) {
	for _, pair := range [][2]string{{"W-01", "H-01"}, {"H-01", "M-01"}, {"E-02", "E-10"}, {"S-01", "B-01"}, {"P-01", "V-01"}} {
		if byRule(Result{Rule: pair[0]}, Result{Rule: pair[1]}) >= 0 {
			t.Errorf("%s does not come before %s", pair[0], pair[1])
		}
	}
	for _, r := range Rules() {
		if groupOrder(r.ID) < 0 {
			t.Errorf("%s has no place in the order", r.ID)
		}
	}
}

func TestTheVerdictNamesServiceRuleAndExchange(t *testing.T) {
	exchange := Exchange{"HEAD /api/x HTTP/1.1\nUser-Agent: conform\n", "HTTP/1.1 200 OK\nEtag: \"1\"\n"}
	for want, results := range map[string][]Result{
		`reviews: E-01 failed (404: no such path): GET /x: want 404, got 200`: {
			{Rule: "E-01", Title: "404: no such path", Level: Must, Verdict: Failed, Why: "GET /x:\n want 404, got 200", Evidence: []Exchange{{"GET /x HTTP/1.1\n", "HTTP/1.1 200 OK"}}},
		},
		`reviews: W-02 failed (HEAD is GET): it has a body [HEAD /api/x → 200 OK]; 1 more rule failed`: {
			{Rule: "W-02", Title: "HEAD is GET", Level: Must, Verdict: Failed, Why: "it has a body", Evidence: []Exchange{{}, exchange}},
			{Rule: "W-03", Level: Must, Verdict: Failed},
		},
	} {
		if err := (Report{Service: "reviews", Results: results}).OK(false); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	long := Result{Rule: "E-01", Level: Must, Verdict: Failed, Why: strings.Repeat("x", 5000), Evidence: []Exchange{{strings.Repeat("y", 5000), ""}}}
	if err := (Report{Results: []Result{long}}).OK(false); len(err.Error()) > 500 {
		t.Errorf("a sentence of %d bytes is none", len(err.Error()))
	}
}

func TestARunThatIsEndedEarlyIsNotOK(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &world{Target: Target{Mode: Static, Settings: &Settings{Service: "x"}}}
	meanwhile := Rule{ID: "E-01", Modes: []Mode{Static}, check: func(context.Context, *Case) error {
		cancel()
		return errors.New("no answer: context canceled")
	}}
	for _, rule := range []Rule{meanwhile, {ID: "E-02", Modes: []Mode{Static}, check: saw(nil)}} {
		if got := judge(ctx, w, rule, nil); got.Verdict != NotDecided || !strings.Contains(got.Why, "ended") {
			t.Errorf("%s: got %s: %s", rule.ID, got.Verdict, got.Why)
		}
	}
	report := Run(ctx, Target{Mode: Static, Settings: &Settings{Service: "x", OpenAPI: "none"}})
	if err := report.OK(false); err == nil || !strings.Contains(err.Error(), "x: the run was ended after") {
		t.Errorf("got %v", err)
	}
}
