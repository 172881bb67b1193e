package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/emporium-shop/emporium/services/conform"
)

func (o options) write(out io.Writer, reports []conform.Report) error {
	switch o.format {
	case "text":
		for _, r := range reports {
			o.text(out, r)
		}
		return nil
	case "json":
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(reports)
	case "junit":
		return junit(out, reports)
	}
	return fmt.Errorf("-o is %q, not text, json or junit", o.format)
}

// marks begin the lines of a report for people.
var marks = map[conform.Verdict]string{
	conform.Passed: "ok  ", conform.Failed: "FAIL", conform.NotApplicable: "n/a ", conform.NotDecided: "open",
}

// text shows what failed with its exchange, what was left open in a line each, and a count.
func (o options) text(out io.Writer, r conform.Report) {
	fmt.Fprintf(out, "%s (%s, %.1f s)\n", r.Service, r.Mode, r.Took)
	if r.Error != "" {
		fmt.Fprintf(out, "  no run: %s\n", r.Error)
	}
	for _, one := range r.Results {
		elsewhere := one.Verdict == conform.NotDecided && (strings.HasPrefix(one.Why, "decided by") || strings.HasPrefix(one.Why, "people"))
		if !o.verbose && (one.Verdict == conform.Passed || elsewhere || (r.Error != "" && one.Verdict != conform.Failed)) {
			continue
		}
		level := ""
		if one.Level == conform.Should {
			level = " (SHOULD)"
		}
		fmt.Fprintf(out, "  %s %s %s%s\n", marks[one.Verdict], one.Rule, one.Title, level)
		if one.Why != "" {
			fmt.Fprintf(out, "         %s\n", strings.ReplaceAll(one.Why, "\n", "\n         "))
		}
		for _, e := range one.Evidence {
			fmt.Fprintf(out, "%s%s", quote("> ", e.Request), quote("< ", e.Response))
		}
	}
	fmt.Fprintf(out, "  %d passed, %d failed, %d not applicable, %d not decided here\n",
		r.Count(conform.Passed), r.Count(conform.Failed), r.Count(conform.NotApplicable), r.Count(conform.NotDecided))
}

func quote(mark, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		fmt.Fprintf(&b, "           %s%s\n", mark, line)
	}
	return b.String()
}

// The form that CI systems read.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Errors   int        `xml:"errors,attr"`
		Time     string     `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Failure *message `xml:"failure,omitempty"`
		Skipped *message `xml:"skipped,omitempty"`
		Error   *message `xml:"error,omitempty"`
	}
	message struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func junit(out io.Writer, reports []conform.Report) error {
	var all suites
	for _, r := range reports {
		all.Suites = append(all.Suites, suiteOf(r))
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(out)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func suiteOf(r conform.Report) suite {
	s := suite{Name: "conform " + r.Service, Time: fmt.Sprintf("%.3f", r.Took)}
	if r.Error != "" {
		s.Errors, s.Tests = 1, 1
		s.Cases = append(s.Cases, testcase{Name: "start", Class: r.Service, Error: &message{r.Error, ""}})
	}
	for _, one := range r.Results {
		c := testcase{Name: one.Rule + " " + one.Title, Class: r.Service}
		switch one.Verdict {
		case conform.Failed:
			s.Failures++
			c.Failure = &message{one.Why, evidence(one)}
		case conform.NotApplicable, conform.NotDecided:
			s.Skipped++
			c.Skipped = &message{string(one.Verdict) + ": " + one.Why, ""}
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	return s
}

func evidence(r conform.Result) string {
	var b strings.Builder
	for _, e := range r.Evidence {
		b.WriteString(quote("> ", e.Request) + quote("< ", e.Response))
	}
	return b.String()
}
