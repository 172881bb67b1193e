module github.com/emporium-shop/emporium/hack/cluster/components/pause

go 1.26.8
