package main

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/test/load"
)

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	f.StringVar(&o.address, "address", "", "`URL` of a shop that runs; empty: one is started, and ended afterwards")
	f.StringVar(&o.token, "token", "", "a `token` of staff with the scopes orders:read, books:read and, for -stock, inventory:read and inventory:write; empty: -staff logs in")
	f.StringVar(&o.staff, "staff", "jo:sample-jo", "`name:password` of a member of staff")
	f.IntVar(&o.rate, "rate", 200, "customers a second; each does one thing of the mix")
	f.IntVar(&o.clients, "clients", 8, "pools of connections: a front door with several replicas needs several")
	f.DurationVar(&o.length, "time", 30*time.Second, "how long customers come")
	f.DurationVar(&o.warm, "warm", 3*time.Second, "how long they come before figures are taken; their orders are judged as all others are")
	f.StringVar(&o.mixText, "mix", "", "of a hundred customers: browse=70,search=15,cart=10,order=5; also list and find, which ask for JSON; with -flash: order=100")
	f.StringVar(&o.flash, "flash", "", "the one product, by its `SKU`, that everybody wants")
	f.IntVar(&o.stock, "stock", 0, "let so many units of the flash sale's product be there; 0: those that are")
	f.StringVar(&o.format, "o", "table", "table or json")
	f.StringVar(&o.plot, "plot", "bin/load.svg", "where to draw latencies over time; empty: nowhere")
	f.BoolVar(&o.cluster, "cluster", false, "go to the sample shop on the cluster, and tell what each service uses; it takes a -time of a minute or more to measure all")
	f.StringVar(&o.most, "most", "", "`kind` whose highest rate is looked for, and then measured: search (the page), find (what search answers) or list (20 products of the catalog)")
	f.StringVar(&o.aimText, "aim", "", "how many of a `kind` must be answered a second: find=500,list=2000; with -most it is the rate to begin with")
	f.Float64Var(&o.goal, "goal", 0, "confirmed orders a second that there must be")
	f.Float64Var(&o.p95, "p95", 0, "milliseconds within which 95 of 100 orders must be placed; 0: whatever they take. With -most: of what is looked for; 0: 250")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(f.Args())
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag", rest[0])
	case o.rate < 1 || o.rate > 10000:
		return fmt.Errorf("-rate is %d, and must be 1 to 10000", o.rate)
	case o.length <= o.warm || o.warm < 0:
		return fmt.Errorf("-time is %s, and must be longer than -warm, which is %s", o.length, o.warm)
	case o.length > time.Hour:
		return fmt.Errorf("-time is %s: all answers are kept in memory, so an hour is the most", o.length)
	case o.clients < 1 || o.clients > 256:
		return fmt.Errorf("-clients is %d, and must be 1 to 256", o.clients)
	case o.format != "table" && o.format != "json":
		return fmt.Errorf("-o is %q, and must be table or json", o.format)
	case o.stock < 0 || o.stock > 0 && o.flash == "":
		return fmt.Errorf("-stock is of a flash sale: say -flash SKU, and a number above 0")
	}
	return o.checkKinds()
}

// checkKinds reads what customers do, and how much of it there must be.
func (o *options) checkKinds() (err error) {
	if o.aims, err = parseAims(o.aimText); err != nil {
		return err
	}
	if o.most != "" {
		return o.checkMost()
	}
	o.mixText = cmp.Or(o.mixText, o.usual())
	o.mix, err = load.ParseMix(o.mixText)
	return err
}

// checkMost lets all customers do the one thing whose highest rate is looked for.
func (o *options) checkMost() (err error) {
	if o.mixText != "" || o.flash != "" {
		return fmt.Errorf("-most is of one kind: leave out -mix and -flash")
	}
	if !slices.Contains([]string{"search", "find", "list"}, o.most) {
		return fmt.Errorf("-most is %q, and must be search, find or list", o.most)
	}
	if aim := o.aims[o.most]; aim > 0 {
		o.rate = int(min(max(math.Ceil(aim), 1), mostRate))
	}
	o.mixText = o.most + "=100"
	o.mix, err = load.ParseMix(o.mixText)
	return err
}

// parseAims reads "find=500,list=2000".
func parseAims(text string) (map[string]float64, error) {
	aims := map[string]float64{}
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		kind, number, _ := strings.Cut(part, "=")
		aim, err := strconv.ParseFloat(number, 64)
		if !slices.Contains([]string{"home", "category", "product", "search", "find", "list", "order"}, kind) || err != nil || !(aim > 0) {
			return nil, fmt.Errorf("-aim: %q is none: find=500; of home, category, product, search, find, list and order", part)
		}
		aims[kind] = aim
	}
	return aims, nil
}

// usual is the mix where none is named.
func (o *options) usual() string {
	if o.flash != "" {
		return "order=100"
	}
	return "browse=70,search=15,cart=10,order=5"
}
