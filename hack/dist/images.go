package main

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// relatedImage begins the names of variables that hold an image which the operator puts into pods of others.
const relatedImage = "RELATED_IMAGE_"

// imagesOf lists the images of some manifests, each once: what runs, and what the operator lets run.
func imagesOf(manifests ...[]byte) ([]string, error) {
	var images []string
	for _, manifest := range manifests {
		objects, err := kio.FromBytes(manifest)
		if err != nil {
			return nil, fmt.Errorf("listing images: %w", err)
		}
		for _, object := range objects {
			found, err := imagesOfPod(object)
			if err != nil {
				return nil, fmt.Errorf("listing images of %s %s: %w", object.GetKind(), object.GetName(), err)
			}
			images = append(images, found...)
		}
	}
	slices.Sort(images)
	return slices.Compact(images), nil
}

// imagesOfPod are those of an object that makes pods, and none of another.
func imagesOfPod(object *kyaml.RNode) (images []string, err error) {
	for _, field := range []string{"containers", "initContainers"} {
		containers, err := object.Pipe(kyaml.Lookup("spec", "template", "spec", field))
		if err != nil || containers == nil {
			continue // a kind without pods
		}
		err = containers.VisitElements(func(container *kyaml.RNode) error {
			images = append(images, text(container, "image"))
			env := container.Field("env")
			if env == nil {
				return nil
			}
			return env.Value.VisitElements(func(variable *kyaml.RNode) error {
				if strings.HasPrefix(text(variable, "name"), relatedImage) {
					images = append(images, text(variable, "value"))
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return images, nil
}

func text(node *kyaml.RNode, field string) string {
	if found := node.Field(field); found != nil {
		return found.Value.YNode().Value
	}
	return ""
}
