package console

import (
	"cmp"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// shopOf is the shop of a path. What cannot be a name is not asked for.
func shopOf(r *http.Request) (types.NamespacedName, error) {
	name := types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("shop")}
	if len(validation.IsDNS1123Label(name.Namespace)) > 0 || len(validation.IsDNS1123Subdomain(name.Name)) > 0 {
		return name, missing("shops", name.String())
	}
	return name, nil
}

func missing(resource, name string) error {
	return apierrors.NewNotFound(schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: resource}, name)
}

func (s *Server) home(w http.ResponseWriter, r *http.Request, who *session) error {
	all, _, err := who.person.Shops(r.Context())
	if err != nil {
		return err
	}
	to := "/shops"
	if len(all) == 1 {
		to = pathOf(all[0].Namespace, all[0].Name)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (s *Server) shops(w http.ResponseWriter, r *http.Request, who *session) error {
	found, gaps, err := who.person.Shops(r.Context())
	if err != nil {
		return err
	}
	all := Overview{APIVersion: view.APIVersion, Kind: "Shops", Shops: []view.Shop{}, Gaps: gaps}
	for i := range found {
		all.Shops = append(all.Shops, view.Of(view.Objects{Shop: &found[i], Now: s.now()}))
	}
	return s.answer(w, r, who, "shops", &page{Title: "Shops", Body: all}, all)
}

// shopBody is a shop with the buttons that somebody sees, and what leads to the cause of what is wrong.
type shopBody struct {
	view.Shop
	Buttons []button
	Why     view.Chain
}

func (s *Server) shop(w http.ResponseWriter, r *http.Request, who *session) error {
	name, err := shopOf(r)
	if err != nil {
		return err
	}
	o, err := who.person.Objects(r.Context(), name)
	if err != nil {
		return err
	}
	v := view.Of(o)
	body := shopBody{v, buttons(v, s.refusals(r, who, v)), view.Why(o, "")}
	return s.answer(w, r, who, "shop", &page{Title: v.Name, Shop: name, Where: "now", Live: true, Body: body}, v)
}

// look reads the shop of a path.
func (s *Server) look(r *http.Request, who *session) (types.NamespacedName, view.Shop, error) {
	name, err := shopOf(r)
	if err != nil {
		return name, view.Shop{}, err
	}
	o, err := who.person.Objects(r.Context(), name)
	if err != nil {
		return name, view.Shop{}, err
	}
	return name, view.Of(o), nil
}

func (s *Server) history(w http.ResponseWriter, r *http.Request, who *session) error {
	name, v, err := s.look(r, who)
	if err != nil {
		return err
	}
	return s.answer(w, r, who, "history", &page{Title: "History of " + v.Name, Shop: name, Where: "history", Live: true, Body: v}, v)
}

// releaseBody is one release of a shop.
type releaseBody struct {
	Shop    view.Shop
	Release view.Release
	Buttons []button
}

func (s *Server) release(w http.ResponseWriter, r *http.Request, who *session) error {
	name, v, err := s.look(r, who)
	if err != nil {
		return err
	}
	for _, one := range v.Releases {
		if one.Name == r.PathValue("release") {
			var own []button
			for _, b := range buttons(v, s.refusals(r, who, v)) {
				if b.Action.Release == one.Name {
					own = append(own, b)
				}
			}
			return s.answer(w, r, who, "release", &page{Title: one.Name, Shop: name, Live: true, Body: releaseBody{v, one, own}}, one)
		}
	}
	return missing("shopreleases", r.PathValue("release"))
}

// serviceBody is one service in the stacks of a shop.
type serviceBody struct {
	Shop view.Shop
	Row  view.Row
}

func (s *Server) service(w http.ResponseWriter, r *http.Request, who *session) error {
	name, v, err := s.look(r, who)
	if err != nil {
		return err
	}
	for _, row := range v.Rows {
		if row.Service == r.PathValue("service") {
			return s.answer(w, r, who, "service", &page{Title: row.Service, Shop: name, Live: true, Body: serviceBody{v, row}}, row)
		}
	}
	return missing("shopservices", r.PathValue("service"))
}

func (s *Server) diff(w http.ResponseWriter, r *http.Request, who *session) error {
	name, err := shopOf(r)
	if err != nil {
		return err
	}
	o, err := who.person.Objects(r.Context(), name)
	if err != nil {
		return err
	}
	v, q := view.Of(o), r.URL.Query()
	from, to := cmp.Or(q.Get("from"), column(v, view.Active).Release), cmp.Or(q.Get("to"), column(v, view.Candidate).Release)
	d, ok := difference(o, from, to)
	if !ok {
		return missing("shopreleases", cmp.Or(q.Get("to"), q.Get("from"), "of two names"))
	}
	return s.answer(w, r, who, "diff", &page{Title: "From " + d.From + " to " + d.To, Shop: name, Body: d}, d)
}

// logsBody is what the pods of a release said last.
type logsBody struct {
	Release, Service string
	Logs             []Log
}

func (s *Server) logs(w http.ResponseWriter, r *http.Request, who *session) error {
	name, err := shopOf(r)
	if err != nil {
		return err
	}
	body := logsBody{Release: r.URL.Query().Get("release"), Service: r.URL.Query().Get("service")}
	for _, asked := range []string{body.Release, body.Service} { // they become selectors
		if asked != "" && len(validation.IsDNS1123Subdomain(asked)) > 0 {
			return missing("pods", asked)
		}
	}
	if body.Logs, err = who.person.Logs(r.Context(), name, body.Release, body.Service); err != nil {
		return err
	}
	return s.answer(w, r, who, "logs", &page{Title: "Logs of " + body.Release, Shop: name, Live: true, Body: body}, body.Logs)
}
