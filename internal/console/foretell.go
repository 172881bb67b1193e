package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/internal/view"
)

// defaultWindow is spec.release.rollbackWindow where it is unset.
const defaultWindow = 15 * time.Minute

// tell fills in what changes, what comes afterwards, and what is to be feared.
func (b *actBody) tell(o view.Objects) {
	active := column(b.Shop, view.Active).Release
	switch b.Kind.Path {
	case "promote":
		b.Services, b.Same = rowsThatDiffer(b.Shop.Rows)
		b.afterSwitch(o, active)
		if one := released(b.Shop, active); one.Behind != "" {
			b.Warnings = append(b.Warnings, fmt.Sprintf("An irreversible migration of %s ran: there is no way back to %s, whatever you decide here.", one.Behind, active))
		}
	case "back":
		if d, ok := difference(o, active, b.Asked); ok {
			b.Services, b.Same = d.Services, d.Same
		}
		b.afterSwitch(o, active)
		b.Afterwards = append(b.Afterwards, b.Asked+" is pinned: new releases wait until the pin is cleared.")
	case "unpin":
		b.Afterwards = append(b.Afterwards, "spec.release.active is empty: changes of services make releases again, and those that waited come up.")
	case "retry":
		b.Afterwards = append(b.Afterwards, "What failed is run once more.")
	case "pause":
		b.Afterwards = append(b.Afterwards, "The operator changes nothing of this shop, and heals nothing, until it is resumed. Customers go on being served by what runs.")
	case "resume":
		b.Afterwards = append(b.Afterwards, "The operator goes on where it stopped.")
	}
}

// afterSwitch says what becomes of the release that serves.
func (b *actBody) afterSwitch(o view.Objects, active string) {
	b.Afterwards = append(b.Afterwards, "The front door is switched by one write, and each of its replicas confirms it.")
	if active == "" {
		return
	}
	window := defaultWindow
	if w := o.Shop.Spec.Release.RollbackWindow; w != nil {
		window = w.Duration
	}
	if window <= 0 {
		b.Afterwards = append(b.Afterwards, active+" is not kept running: going back to it starts it anew from its snapshot.")
		return
	}
	b.Afterwards = append(b.Afterwards, fmt.Sprintf("%s stays for %s for a way back within seconds, until about %s; after that it is started anew from its snapshot.",
		active, inWords(window), b.Shop.Now.Add(window).UTC().Format("15:04 UTC")))
}

// rowsThatDiffer are those of the matrix that have changes, and how many have none.
func rowsThatDiffer(rows []view.Row) (changed []view.ServiceDiff, same int) {
	for _, r := range rows {
		if len(r.Changes) == 0 {
			same++
			continue
		}
		changed = append(changed, view.ServiceDiff{Service: r.Service, Changes: r.Changes})
	}
	return changed, same
}

func column(v view.Shop, role view.Role) view.Column {
	for _, c := range v.Columns {
		if c.Role == role {
			return c
		}
	}
	return view.Column{Role: role}
}

func released(v view.Shop, name string) view.Release {
	for _, r := range v.Releases {
		if r.Name == name {
			return r
		}
	}
	return view.Release{}
}

// inWords is a time as people say it.
func inWords(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60), " 0 min")
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}
