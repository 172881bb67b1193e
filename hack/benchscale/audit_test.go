package main

import (
	"maps"
	"testing"
)

const auditLog = `{"stage":"ResponseComplete","verb":"patch","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/apis/apps/v1/namespaces/shop-0001/deployments/a?dryRun=All&fieldManager=emporium","objectRef":{"resource":"deployments"}}
{"stage":"ResponseComplete","verb":"patch","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/apis/apps/v1/namespaces/shop-0001/deployments/a?fieldManager=emporium","objectRef":{"resource":"deployments"}}
{"stage":"ResponseComplete","verb":"patch","userAgent":"benchscale/v0.0.0 (linux/amd64)","requestURI":"/apis/apps/v1/namespaces/shop-0001/deployments/a/status","objectRef":{"resource":"deployments","subresource":"status"}}
{"stage":"ResponseStarted","verb":"watch","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/api/v1/pods?watch=true","objectRef":{"resource":"pods"}}
{"stage":"ResponseComplete","verb":"watch","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/api/v1/pods?watch=true","objectRef":{"resource":"pods"}}
{"stage":"ResponseStarted","verb":"get","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/apis","objectRef":{}}
{"stage":"ResponseComplete","verb":"get","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/apis?x=y"}
{"stage":"ResponseComplete","verb":"patch","userAgent":"operator/v0.0.0 (linux/amd64)","requestURI":"/apis/shop.emporium.dev/v1alpha1/namespaces/a/shops/shop/status","objectRef":{"resource":"shops","subresource":"status"}}
`

func TestEachRequestOfTheOperatorIsCountedOnce(t *testing.T) {
	got, err := asked([]byte(auditLog))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"patch deployments (dry run)": 1, "patch deployments": 1, "watch pods": 1, "get /apis": 1, "patch shops/status": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestALineThatIsCutOffIsAnError(t *testing.T) {
	if _, err := asked([]byte(auditLog[:40])); err == nil {
		t.Error("a request that cannot be read is not counted, and nobody is told")
	}
}
