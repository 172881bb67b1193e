package pki

import (
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// writeKubeconfig holds the certificates themselves, so that the file can be copied anywhere.
func writeKubeconfig(c layout.Cluster, name string) error {
	user, err := readUser(c, name)
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(c.PKI("ca.crt"))
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["emporium"] = &clientcmdapi.Cluster{Server: layout.APIServer, CertificateAuthorityData: authority}
	config.AuthInfos[name] = user
	config.Contexts["emporium"] = &clientcmdapi.Context{Cluster: "emporium", AuthInfo: name}
	config.CurrentContext = "emporium"
	return clientcmd.WriteToFile(*config, Kubeconfig(c, name))
}

func readUser(c layout.Cluster, name string) (*clientcmdapi.AuthInfo, error) {
	cert, err := os.ReadFile(c.PKI(name + ".crt"))
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(c.PKI(name + ".key"))
	return &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}, err
}

// Kubeconfig is the path of a client's kubeconfig.
func Kubeconfig(c layout.Cluster, name string) string {
	if name == "admin" {
		return c.Kubeconfig()
	}
	return c.PKI(name + ".kubeconfig")
}
