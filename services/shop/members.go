package shop

import "github.com/emporium-shop/emporium/services/internal/app"

// Member is a service of this repository, with the paths of the front door that lead to it.
type Member struct {
	app.Service
	Paths []string
}

// Foreign are those that are not in Go, sorted by name: how they are started is not known here.
func Foreign() (list []Member) {
	for _, m := range all() {
		if m.New == nil {
			list = append(list, Member{m.Service, m.paths})
		}
	}
	return list
}

// Members are those that are in Go, sorted by name: for who runs each as a process of its own.
func Members() (list []Member) {
	for _, m := range all() {
		if m.New != nil {
			list = append(list, Member{m.Service, m.paths})
		}
	}
	return list
}
