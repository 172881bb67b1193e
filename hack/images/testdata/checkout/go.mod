module github.com/emporium-shop/emporium

go 1.26
