package postgres

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// rule is one thing that a migration must not do while the release before is
// running on the same schema.
type rule struct {
	found *regexp.Regexp
	why   string
}

// The rules are about words, not about meaning: what they get wrong is written
// another way, or declared as a contraction.
var rules = []rule{
	{regexp.MustCompile(`\bDROP [A-Z_"]+( |$)`), "takes away what the release before uses"},
	{regexp.MustCompile(`\bRENAME\b`), "renames what the release before uses"},
	{regexp.MustCompile(`\bALTER( COLUMN)? \S+( SET DATA)? TYPE\b`), "changes the type of a column: add another, copy, and drop it later"},
	{regexp.MustCompile(`\bSET NOT NULL\b`), "refuses rows that the release before writes: use CHECK (… IS NOT NULL) NOT VALID a release later"},
	{regexp.MustCompile(`^TRUNCATE\b`), "empties a table"},
}

var (
	indexed    = regexp.MustCompile(`^CREATE (UNIQUE )?INDEX (?:IF NOT EXISTS )?.*?\bON (?:ONLY )?(\S+)`)
	concurrent = regexp.MustCompile(`^(CREATE (UNIQUE )?|DROP )INDEX CONCURRENTLY\b`)
	created    = regexp.MustCompile(`^CREATE TABLE (?:IF NOT EXISTS )?([^ (]+)`)
	altered    = regexp.MustCompile(`^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+)`)
	required   = regexp.MustCompile(`\bADD (?:COLUMN )?(?:IF NOT EXISTS )?\S+ [^,]*\bNOT NULL\b`)
	constraint = regexp.MustCompile(`\bADD (CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\b`)
)

// Lint tells what in a schema's migrations is not safe while the release before
// runs on the same schema. A file that takes something away on purpose begins
// with "-- contract: floor N": N is the oldest version whose release still works
// afterwards, and is the schema's Floor.
func Lint(s Schema) (found []string) {
	names, err := fs.Glob(s.Files, "*.sql")
	if err != nil {
		return []string{err.Error()}
	}
	floor := int64(1)
	for _, name := range names {
		text, err := fs.ReadFile(s.Files, name)
		if err != nil {
			return append(found, err.Error())
		}
		for _, wrong := range lintFile(string(text)) {
			found = append(found, name+": "+wrong)
		}
		floor = max(floor, declared(string(text)))
	}
	if s.Floor != floor {
		found = append(found, fmt.Sprintf("the migrations declare floor %d, the schema says %d", floor, s.Floor))
	}
	for _, p := range s.Parts {
		for _, wrong := range lintFile(p.SQL) {
			found = append(found, "tables of "+p.Name+": "+wrong)
		}
	}
	return found
}

func lintFile(text string) (found []string) {
	if strings.Contains(text, "+goose Down") {
		found = append(found, "has a Down: it would be shipped with the binary, and nobody goes back by it")
	}
	if declared(text) > 0 {
		return found
	}
	// Nobody uses a table that is made in the same file.
	var fresh []string
	for _, statement := range statements(text) {
		if m := created.FindStringSubmatch(statement); m != nil {
			fresh = append(fresh, m[1])
			continue
		}
		found = append(found, lintStatement(statement, fresh, strings.Contains(text, "+goose NO TRANSACTION"))...)
	}
	return found
}

func lintStatement(statement string, fresh []string, alone bool) (found []string) {
	table := altered.FindStringSubmatch(statement)
	if table != nil && slices.Contains(fresh, table[1]) {
		return nil
	}
	if concurrent.MatchString(statement) {
		if !alone {
			found = append(found, "works CONCURRENTLY within a transaction: begin the file with -- +goose NO TRANSACTION: "+short(statement))
		}
		return found
	}
	for _, r := range rules {
		if r.found.MatchString(statement) {
			return append(found, r.why+": "+short(statement))
		}
	}
	return append(found, lintLocks(statement, fresh, table != nil)...)
}

// lintLocks finds what locks a table that is in use, and what the release before does not fill.
func lintLocks(statement string, fresh []string, alters bool) (found []string) {
	if m := indexed.FindStringSubmatch(statement); m != nil && !slices.Contains(fresh, strings.Split(m[2], "(")[0]) {
		found = append(found, "blocks writes while it builds: use CREATE INDEX CONCURRENTLY: "+short(statement))
	}
	if alters && required.MatchString(statement) && !strings.Contains(statement, "DEFAULT") && !strings.Contains(statement, "GENERATED") {
		found = append(found, "adds a column that the release before does not fill: give it a DEFAULT: "+short(statement))
	}
	if alters && constraint.MatchString(statement) && !strings.Contains(statement, "NOT VALID") && !strings.Contains(statement, "USING INDEX") {
		found = append(found, "checks the whole table under a lock, and may refuse what the release before writes: add it NOT VALID, validate it later: "+short(statement))
	}
	return found
}

func short(statement string) string {
	if len(statement) > 80 {
		return statement[:80] + "…"
	}
	return statement
}
