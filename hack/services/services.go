// Package services finds the services that this repository holds: a folder services/<name> with a kustomization in its folder
// shop is one, and what is there says the rest. So nobody keeps a list, and a service is added by its folder alone.
package services

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// sample is the annotation of a kustomization that keeps a service out of the sample shop.
const sample = "shop.emporium.dev/sample"

// Service is one folder of services, with what it brings into a shop.
type Service struct {
	// Name is that of its folder, its image and its ShopService.
	Name string
	// Folder is services/<name>, with slashes, relative to the checkout.
	Folder string
	// Shop are its ShopServices: its own first, then its worker if it has one.
	Shop []v1alpha1.ShopService
	// Secrets that it brings.
	Secrets []corev1.Secret
	// Sampled: the sample shop has it. One whose kustomization has the annotation shop.emporium.dev/sample: "false" is
	// built and tested as the others are, and is part of the shop in one process, but no sample yet.
	Sampled bool
}

// Manifest is the service's own ShopService.
func (s Service) Manifest() v1alpha1.ShopService { return s.Shop[0] }

// Databases are the names of its Secrets that hold a DATABASE_URL.
func (s Service) Databases() (names []string) {
	for _, secret := range s.Secrets {
		if secret.StringData["DATABASE_URL"] != "" || len(secret.Data["DATABASE_URL"]) > 0 {
			names = append(names, secret.Name)
		}
	}
	return names
}

// Find reads the services of a checkout, sorted by name.
func Find(checkout string) ([]Service, error) {
	found, err := filepath.Glob(filepath.Join(checkout, "services", "*", "shop", "kustomization.yaml"))
	if err != nil {
		return nil, fmt.Errorf("looking for services: %w", err)
	}
	var all []Service
	for _, file := range found {
		s, err := read(filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("looking for services: there is no services/<name>/shop in %s", checkout)
	}
	return all, nil
}

// OfTheSample are those that the sample shop has.
func OfTheSample(all []Service) (some []Service) {
	for _, s := range all {
		if s.Sampled {
			some = append(some, s)
		}
	}
	return some
}

// Names are those of the services, which their images have, too.
func Names(all []Service) (names []string) {
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}

func read(folder string) (Service, error) {
	name := filepath.Base(filepath.Dir(folder))
	s := Service{Name: name, Folder: "services/" + name}
	var kustomization struct {
		Metadata  metav1.ObjectMeta
		Resources []string
	}
	text, err := os.ReadFile(filepath.Join(folder, "kustomization.yaml"))
	if err == nil {
		err = yaml.Unmarshal(text, &kustomization)
	}
	s.Sampled = kustomization.Metadata.Annotations[sample] != "false"
	for _, file := range kustomization.Resources {
		err = errors.Join(err, s.file(filepath.Join(folder, file)))
	}
	if err != nil {
		return s, fmt.Errorf("reading what %s brings into a shop: %w", s.Folder, err)
	}
	for n := range s.Shop {
		if s.Shop[n].Name == name {
			s.Shop[0], s.Shop[n] = s.Shop[n], s.Shop[0]
			return s, nil
		}
	}
	return s, fmt.Errorf("reading what %s brings into a shop: there is no ShopService %s among the resources of its kustomization", s.Folder, name)
}

func (s *Service) file(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.document(doc)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", strings.TrimPrefix(path, filepath.Dir(filepath.Dir(path))+"/"), err)
		}
	}
}

func (s *Service) document(doc []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(doc, &kind); err != nil {
		return err
	}
	switch kind.Kind {
	case "ShopService":
		var one v1alpha1.ShopService
		err := yaml.UnmarshalStrict(doc, &one)
		s.Shop = append(s.Shop, one)
		return err
	case "Secret":
		var one corev1.Secret
		err := yaml.UnmarshalStrict(doc, &one)
		s.Secrets = append(s.Secrets, one)
		return err
	}
	return nil
}
