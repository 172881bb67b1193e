package postgres

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestStatementsAreWordsWithoutCommentsAndTexts(t *testing.T) {
	got := statements(`-- DROP TABLE a;
		create table x.a ( b text default 'DROP; it''s' ); /* RENAME
		; */ INSERT INTO x.a VALUES ($1);
		CREATE FUNCTION x.f() RETURNS void AS $body$ DROP TABLE b; $body$ LANGUAGE sql;;
		SELECT 1 -- the end`)
	want := []string{"CREATE TABLE X.A ( B TEXT DEFAULT )", "INSERT INTO X.A VALUES ($1)", "CREATE FUNCTION X.F() RETURNS VOID AS LANGUAGE SQL", "SELECT 1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, open := range []string{"'", "/*", "$a$", "$", "--", ""} {
		statements(open) // ends
	}
}

// Each line is a migration behind one that made the table x.a; want is a part of what is found, "" nothing.
func TestWhatTheReleaseBeforeCannotBear(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"ALTER TABLE x.a ADD COLUMN c text", ""},
		{"ALTER TABLE x.a ADD c bigint NOT NULL DEFAULT 0", ""},
		{"ALTER TABLE x.a ADD COLUMN IF NOT EXISTS c text", ""},
		{"CREATE TABLE x.b (id int PRIMARY KEY, c text NOT NULL); CREATE INDEX b_c ON x.b (c); ALTER TABLE x.b ADD CHECK (c <> '')", ""},
		{"CREATE TRIGGER t BEFORE INSERT ON x.a FOR EACH ROW EXECUTE FUNCTION x.f()", ""},
		{"-- +goose NO TRANSACTION\nCREATE INDEX CONCURRENTLY a_c ON x.a (c)", ""},
		{"-- +goose NO TRANSACTION\nDROP INDEX CONCURRENTLY x.a_c", ""},
		{"ALTER TABLE x.a ADD CONSTRAINT c CHECK (b > 0) NOT VALID", ""},
		{"ALTER TABLE x.a VALIDATE CONSTRAINT c", ""},
		{"INSERT INTO x.a VALUES ('DROP TABLE x.a')", ""},
		{"DROP TABLE x.a", "takes away"},
		{"drop table if exists x.a", "takes away"},
		{"ALTER TABLE x.a DROP COLUMN b", "takes away"},
		{"ALTER TABLE x.a DROP b", "takes away"},
		{"ALTER TABLE x.a DROP CONSTRAINT c", "takes away"},
		{"DROP INDEX x.a_c", "takes away"},
		{"ALTER TABLE x.a RENAME b TO c", "renames"},
		{"ALTER TABLE x.a RENAME TO y", "renames"},
		{"ALTER TABLE x.a ALTER COLUMN b TYPE bigint", "changes the type"},
		{"ALTER TABLE x.a ALTER b SET DATA TYPE bigint", "changes the type"},
		{"ALTER TABLE x.a ALTER COLUMN b SET NOT NULL", "refuses rows"},
		{"TRUNCATE x.a", "empties"},
		{"CREATE INDEX a_c ON x.a (c)", "blocks writes"},
		{"CREATE UNIQUE INDEX IF NOT EXISTS a_c ON x.a(c)", "blocks writes"},
		{"CREATE INDEX CONCURRENTLY a_c ON x.a (c)", "within a transaction"},
		{"ALTER TABLE x.a ADD COLUMN c text NOT NULL", "does not fill"},
		{"ALTER TABLE x.a ADD CONSTRAINT c CHECK (b > 0)", "checks the whole table"},
		{"ALTER TABLE x.a ADD UNIQUE (b)", "checks the whole table"},
	} {
		found := lintFile("-- +goose Up\n" + c.sql)
		switch {
		case c.want == "" && len(found) > 0:
			t.Errorf("%s: %v", c.sql, found)
		case c.want != "" && (len(found) != 1 || !strings.Contains(found[0], c.want)):
			t.Errorf("%s: %v, want %q", c.sql, found, c.want)
		}
	}
}

func TestAContractionIsDeclared(t *testing.T) {
	files := func(second string) Schema {
		return Schema{Name: "x", Files: fstest.MapFS{
			"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE x.a (b int);\n")},
			"00002_b.sql": {Data: []byte(second)},
		}}
	}
	for name, c := range map[string]struct {
		sql   string
		floor int64
		finds int
	}{
		"declared":                        {"-- contract: floor 2\n-- +goose Up\nDROP TABLE x.a;", 2, 0},
		"not declared":                    {"-- +goose Up\nDROP TABLE x.a;", 1, 1},
		"declared, the schema says less":  {"-- contract: floor 2\n-- +goose Up\nDROP TABLE x.a;", 1, 1},
		"the schema says more":            {"-- +goose Up\nSELECT 1;", 2, 1},
		"not in the first line":           {"-- +goose Up\n-- contract: floor 2\nDROP TABLE x.a;", 1, 1},
		"a way back in a shipped binary":  {"-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;", 1, 1},
		"a way back in a contraction too": {"-- contract: floor 2\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 1;", 2, 1},
	} {
		s := files(c.sql)
		s.Floor = c.floor
		if found := Lint(s); len(found) != c.finds {
			t.Errorf("%s: %v", name, found)
		}
	}
	parts := files("-- +goose Up\nSELECT 1;")
	parts.Floor, parts.Parts = 1, []Part{{Name: "outbox", SQL: "DROP TABLE outbox"}}
	if found := Lint(parts); len(found) != 1 || !strings.Contains(found[0], "outbox") {
		t.Errorf("the tables of a shared package: %v", found)
	}
}
