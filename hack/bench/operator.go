package main

import (
	"context"
	"errors"
	"strings"

	"github.com/emporium-shop/emporium/hack/internal/figures"
	"github.com/emporium-shop/emporium/test/stage"
)

// operator reads what the operator that leads tells of itself. The other replica only
// fills its caches and asks who leads.
func (b bench) operator(ctx context.Context) (figures.Operator, error) {
	pod, err := b.leader(ctx)
	if err != nil {
		return figures.Operator{}, err
	}
	text, err := b.Kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+stage.System+"/pods/"+pod+":8080/proxy/metrics")
	if err != nil {
		return figures.Operator{}, err
	}
	return figures.Read(text)
}

// leader is the pod that holds the operator's Lease, as <pod> or <pod>_<uuid>.
func (b bench) leader(ctx context.Context) (string, error) {
	holder, err := b.Kubectl(ctx, "-n", stage.System, "get", "lease", "emporium.shop.emporium.dev", "-o", "jsonpath={.spec.holderIdentity}")
	if err != nil {
		return "", err
	}
	pod, _, _ := strings.Cut(strings.TrimSpace(holder), "_")
	if pod == "" {
		return "", errors.New("asking which operator leads: nobody holds its Lease")
	}
	return pod, nil
}
