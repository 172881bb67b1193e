package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	casesPage = "docs/cases.md"
	// cases is how many there are.
	cases = 47
)

var (
	// numberedTest is a test of a case, or of two.
	numberedTest = regexp.MustCompile(`^TestC(\d\d)(?:[a-z]*C(\d\d))?`)
	// ofReviews is a test of reviews, which is in Node: its name is a sentence.
	ofReviews = regexp.MustCompile("reviews `([^`]+)`")
)

// TestEachCaseIsHeldByATest: a case has one row of docs/cases.md, with a test that is there.
func TestEachCaseIsHeldByATest(t *testing.T) {
	rows, tests, sentences := caseRows(t), declaredTests(t), sentencesOfReviews(t)
	for n := range cases {
		number := fmt.Sprintf("C%02d", n+1)
		if len(rows[number]) != 1 {
			t.Errorf("%s has %d rows for %s", casesPage, len(rows[number]), number)
			continue
		}
		row, held := rows[number][0], false
		for _, found := range namedTest.FindAllStringSubmatch(row, -1) {
			held = true
			if !tests[found[1]] {
				t.Errorf("%s names %s for %s, which is in no package", casesPage, found[1], number)
			}
		}
		for _, found := range ofReviews.FindAllStringSubmatch(row, -1) {
			held = true
			if !strings.Contains(sentences, "test('"+found[1]+"'") {
				t.Errorf("%s names the test %q of reviews for %s, which is not there", casesPage, found[1], number)
			}
		}
		if !held {
			t.Errorf("%s names no test for %s", casesPage, number)
		}
	}
}

// TestEachTestWithTheNumberOfACaseIsInItsRow: the page leaves out none.
func TestEachTestWithTheNumberOfACaseIsInItsRow(t *testing.T) {
	rows := caseRows(t)
	for name := range declaredTests(t) {
		found := numberedTest.FindStringSubmatch(name)
		if found == nil {
			continue
		}
		for _, number := range found[1:] {
			if number != "" && !strings.Contains(strings.Join(rows["C"+number], ""), "`"+name+"`") {
				t.Errorf("%s: the row of C%s lacks `%s`", casesPage, number, name)
			}
		}
	}
}

// caseRows are the rows of the page by the number of their case.
func caseRows(t *testing.T) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for line := range strings.Lines(read(t, casesPage)) {
		if strings.HasPrefix(line, "| C") {
			number, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " ")
			rows[number] = append(rows[number], line)
		}
	}
	return rows
}

func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	exists := map[string]bool{}
	for _, folder := range []string{"services", "test", "hack"} {
		for _, found := range declared.FindAllStringSubmatch(testsIn(t, folder), -1) {
			exists[found[1]] = true
		}
	}
	return exists
}

func sentencesOfReviews(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "services/reviews/test/*.test.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("reviews has no tests: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
