package events_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/emporium-shop/emporium/services/contract"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/trace"
)

func TestAnEventIsACloudEventByTheContractsSchema(t *testing.T) {
	ctx := trace.With(t.Context(), trace.Continue("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ""))
	for name, e := range map[string]events.Event{"with a trace": closed(t, ctx, "c-1"), "without": closed(t, t.Context(), "c-1")} {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, "event", text)
		var again events.Event
		if err := json.Unmarshal(text, &again); err != nil || again.ID != e.ID || !again.Time.Equal(e.Time) || again.TraceParent != e.TraceParent || !bytes.Equal(again.Data, e.Data) {
			t.Errorf("%s: %+v is read as %+v (%v)", name, e, again, err)
		}
	}
	if e := closed(t, ctx, "c-1"); trace.From(e.Context(t.Context())).ID != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("its effect is of trace %s", trace.From(e.Context(t.Context())).ID)
	}
}

// valid holds a text to a schema of the contract.
func valid(t *testing.T, name string, text []byte) {
	t.Helper()
	raw, err := contract.V1.ReadFile("v1/schemas/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err != nil || c.AddResource("schema", value) != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema")
	if err != nil {
		t.Fatal(err)
	}
	one, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(one)
	}
	if err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func TestWhatIsNoCloudEventIsNotRead(t *testing.T) {
	good := `{"specversion":"1.0","id":"0198c9a5-0000-7000-8000-000000000001","source":"cart","type":"cart.cart.closed.v1","subject":"c","time":"2026-11-26T14:30:00Z","data":{}}`
	var e events.Event
	if err := json.Unmarshal([]byte(good), &e); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{`"1.0"`, `"0.3"`}, {`"0198c9a5-0000-7000-8000-000000000001"`, `"x"`}, {`"subject":"c",`, ``}, {`,"data":{}`, ``}, {`"source":"cart"`, `"source":""`}} {
		if err := json.Unmarshal([]byte(strings.Replace(good, c[0], c[1], 1)), &e); err == nil {
			t.Errorf("%s for %s is read", c[1], c[0])
		}
	}
	grown := strings.Replace(good, `"data":{}`, `"data":{"addedLater":1},"addedLater":2`, 1)
	if err := json.Unmarshal([]byte(grown), &e); err != nil {
		t.Errorf("a member that is not known: %v", err)
	}
}

func TestDataThatDoesNotFitItsSchemaIsRefusedAndNotTold(t *testing.T) {
	id := uuid.NewString()
	for name, c := range map[string]struct {
		t       events.Type
		subject string
		data    any
	}{
		"a member is missing":  {events.CartClosed, id, map[string]any{"cart": id}},
		"no UUID":              {events.CartClosed, id, map[string]any{"cart": "jo@example.org", "order": id}},
		"money as a number":    {events.CouponRedeemed, id, map[string]any{"coupon": "X", "saga": id, "order": id, "amount": 12.9}},
		"no time in UTC":       {events.KeysRotated, "auth/1", map[string]any{"kid": "auth/1", "notBefore": "2026-11-26T14:30:00+01:00"}},
		"no subject":           {events.CartClosed, "", map[string]any{"cart": id, "order": id}},
		"a subject too long":   {events.CartClosed, strings.Repeat("x", 256), map[string]any{"cart": id, "order": id}},
		"a type that is none":  {"cart.cart.opened.v1", id, map[string]any{}},
		"what JSON cannot say": {events.CartClosed, id, func() {}},
		"too much":             {events.CartClosed, id, map[string]any{"cart": id, "order": id, "more": strings.Repeat("x", 300<<10)}},
	} {
		_, err := events.New(t.Context(), "cart", c.t, c.subject, c.data)
		if err == nil || strings.Contains(err.Error(), "jo@example.org") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := events.New(t.Context(), "cart", events.CartClosed, id, map[string]any{"cart": id, "order": id, "addedLater": true}); err != nil {
		t.Errorf("types grow: %v", err)
	}
}

func TestEveryTypeHasASchemaAConstantAndARowInTheText(t *testing.T) {
	all, err := events.Types()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("registry.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := contract.V1.ReadFile("v1/events.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`[a-z]+\.[a-z]+\.[a-z]+\.v\d+`)
	var constants, rows []events.Type
	for _, found := range regexp.MustCompile(`Type += "([^"]+)"`).FindAllSubmatch(source, -1) {
		constants = append(constants, events.Type(found[1]))
	}
	table, _, _ := strings.Cut(string(text), "## Names that are taken")
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		rows = append(rows, events.Type(name.FindString(row[1])))
	}
	slices.Sort(constants)
	slices.Sort(rows)
	if !slices.Equal(all, constants) || !slices.Equal(all, rows) {
		t.Errorf("schemas %v\nconstants %v\nrows of events.md %v", all, constants, rows)
	}
}
