package main

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/test/load"
)

func TestFlagsHaveDefaults(t *testing.T) {
	o, err := parse(nil)
	if err != nil || o.mix != load.Everyday || o.rate != 200 || o.format != "table" {
		t.Errorf("%+v (%v)", o, err)
	}
	o, err = parse([]string{"-flash", "KIT-1001", "-stock", "20", "-o", "json"})
	if err != nil || o.mix != (load.Mix{Order: 100}) || o.stock != 20 || o.format != "json" {
		t.Errorf("a flash sale: %+v (%v)", o, err)
	}
}

func TestWrongFlagsAreTold(t *testing.T) {
	for args, want := range map[string]string{
		"x": "no flag", "-rate 0": "1 to 10000", "-time 3s": "longer than -warm", "-time 2h": "an hour", "-clients 0": "1 to 256", "-o xml": "table or json",
		"-stock 5": "-flash SKU", "-mix order=x": "no share", "-mix buy=5": "browse, search",
	} {
		if _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestTheWelcomeNamesAddressAndStaff(t *testing.T) {
	text := "The shop is open: http://127.0.0.1:40123\nauth, cart in one process. Ctrl-C ends it.\ncustomer  Authorization: Bearer c\nstaff     Authorization: Bearer s\n"
	address, token, err := welcome(bufio.NewReader(strings.NewReader(text)))
	if err != nil || address != "http://127.0.0.1:40123" || token != "s" {
		t.Errorf("%q %q %v", address, token, err)
	}
	if _, _, err := welcome(bufio.NewReader(strings.NewReader("The shop is open: x\n"))); err == nil {
		t.Error("without a token it goes on")
	}
}

// measured is a run of two purchases, one of them before the warm-up was over.
func measured(t *testing.T, o options) report {
	t.Helper()
	begin := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	o.warm = time.Second
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	var records []load.Record
	var purchases []load.Purchase
	for _, ms := range []int{0, 2000} {
		records = append(records, load.Record{Kind: "order", Intended: at(ms), Start: at(ms), Answered: at(ms + 100), End: at(ms + 100), Status: 201, Release: at(ms).Format("05"), Sources: "x=y"})
		key := at(ms).Format("05")
		purchases = append(purchases, load.Purchase{Key: key, Order: key, SKU: "one", Intended: at(ms), Sent: at(ms), Done: at(ms + 100), Outcome: load.Confirmed})
	}
	r, err := o.report(begin, records, purchases, load.Found{Orders: []load.Placed{{ID: "00", State: "paid"}, {ID: "02", State: "paid"}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The warm-up is in no figure, and in every verdict.
func TestOrdersOfTheWarmUpAreJudged(t *testing.T) {
	r := measured(t, options{})
	if r.Latency["order"].Count != 1 || r.Requests != 1 || r.Orders != 2 {
		t.Errorf("%+v", r)
	}
	if len(r.Switches) != 1 || r.Switches[0] != (change{2.1, "02"}) {
		t.Errorf("switches: %v", r.Switches)
	}
}

func TestAReportIsATableOrJSON(t *testing.T) {
	r := measured(t, options{rate: 7, mixText: "order=100", flash: "KIT-1001"})
	var table, text strings.Builder
	if err := r.tell(&table, "table"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"7 customers a second", "of whom order=100 want KIT-1001.", "P95 ms", "10.0 orders/s", "ordersLost      0", "the shop has no books", "switched to 02"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
	if err := r.tell(&text, "json"); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(text.String()), &fields); err != nil || fields["orders"] != 2.0 || fields["ordersPerSecond"] != 10.0 || fields["oversold"] != 0.0 {
		t.Errorf("%s (%v)", &text, err)
	}
}

func TestGoalsAndPromisesAreHeldTo(t *testing.T) {
	good := options{goal: 9, p95: 101}
	if err := measured(t, good).broken(); err != nil {
		t.Error(err)
	}
	if err := measured(t, options{goal: 11}).broken(); err == nil || !strings.Contains(err.Error(), "fewer than the goal") {
		t.Errorf("too few: %v", err)
	}
	if err := measured(t, options{p95: 99}).broken(); err == nil || !strings.Contains(err.Error(), "more than 99") {
		t.Errorf("too slow: %v", err)
	}
	lost := measured(t, good)
	lost.OrdersLost = 1
	if err := lost.broken(); err == nil || !strings.Contains(err.Error(), "ordersLost") {
		t.Errorf("lost: %v", err)
	}
}
