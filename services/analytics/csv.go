package analytics

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/money"
)

// Table is what a spreadsheet opens. The first row names the columns.
type Table [][]string

// CSV writes a table as RFC 4180 has it.
func (t Table) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.WriteAll(t); err != nil {
		return nil, fmt.Errorf("writing a table: %w", err)
	}
	return b.Bytes(), nil
}

// begins are what text begins with that spreadsheets take for a formula, the wide forms included: https://owasp.org/www-community/attacks/CSV_Injection.
const begins = "=+-@\t\r\n＝＋－＠"

// Text is a cell of words that others chose, an SKU or a coupon: a spreadsheet shows it and computes nothing. Blanks at the beginning
// are skipped by some, so they hide nothing.
func Text(s string) string {
	if rest := strings.TrimLeft(s, " \u00a0\ufeff\x00"); rest != "" && strings.ContainsAny(string([]rune(rest)[0]), begins) {
		return "'" + s
	}
	return s
}

func number(n int64) string { return fmt.Sprint(n) }

// dayTable has a row for each day and currency; a day without any has one row without amounts.
func dayTable(days []DayTotals) Table {
	t := Table{{"day", "hours", "orders", "paid", "cancelled", "completed", "refunds", "coupons", "holds undone", "holds expired", "conversion", "currency", "gross", "net", "tax",
		"shipping", "discount", "paid amount", "cancelled gross", "cancelled net", "captured", "refunded", "invoiced", "credited"}}
	for _, d := range days {
		head := []string{d.Day, fmt.Sprint(d.Hours), number(d.Orders.Placed), number(d.Orders.Paid), number(d.Orders.Cancelled), number(d.Orders.Completed), number(d.Payments.Refunds),
			number(d.Coupons), number(d.Holds.Undone), number(d.Holds.Expired), d.Holds.Conversion}
		for _, r := range d.Revenue {
			t = append(t, append(append(append([]string{}, head...), r.Currency), r.amounts()...))
		}
		if len(d.Revenue) == 0 {
			t = append(t, append(head, make([]string, len(t[0])-len(head))...))
		}
	}
	return t
}

func (r Revenue) amounts() (all []string) {
	for _, m := range []money.Money{r.Gross, r.Net, r.Tax, r.Shipping, r.Discount, r.Paid, r.CancelledGross, r.CancelledNet, r.Captured, r.Refunded, r.Invoiced, r.Credited} {
		all = append(all, m.Amount())
	}
	return all
}

// amountsTable has a row for each thing and currency.
func amountsTable(head []string, rows func(add func(cells []string, amounts []money.Money))) Table {
	t := Table{append(head, "currency", "amount")}
	rows(func(cells []string, amounts []money.Money) {
		for _, m := range amounts {
			t = append(t, append(append([]string{}, cells...), m.Currency(), m.Amount()))
		}
		if len(amounts) == 0 {
			t = append(t, append(cells, "", ""))
		}
	})
	return t
}

func productTable(list []Product) Table {
	return amountsTable([]string{"sku", "units", "units cancelled"}, func(add func([]string, []money.Money)) {
		for _, p := range list {
			add([]string{Text(p.SKU), number(p.Units), number(p.Cancelled)}, p.Gross)
		}
	})
}

func couponTable(list []Coupon) Table {
	return amountsTable([]string{"coupon", "uses"}, func(add func([]string, []money.Money)) {
		for _, c := range list {
			add([]string{Text(c.Coupon), number(c.Uses)}, c.Amount)
		}
	})
}
