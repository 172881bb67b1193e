package kube

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// storageClass is the name of the class the manifests make.
const storageClass = "host"

// ReclaimVolumes empties the volumes whose claims were deleted and makes them usable again. It names them.
func (a *API) ReclaimVolumes(ctx context.Context) ([]string, error) {
	volumes, err := a.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing volumes: %w", err)
	}
	var reclaimed []string
	for _, volume := range volumes.Items {
		if volume.Spec.StorageClassName != storageClass || volume.Status.Phase != corev1.VolumeReleased {
			continue
		}
		if err := a.reclaim(ctx, volume); err != nil {
			return reclaimed, fmt.Errorf("reclaiming volume %s: %w", volume.Name, err)
		}
		reclaimed = append(reclaimed, volume.Name)
	}
	return reclaimed, nil
}

// reclaim empties first: a volume that is offered again must have nothing of its last user.
func (a *API) reclaim(ctx context.Context, volume corev1.PersistentVolume) error {
	// The folder is taken from the name, not from the object: only what is below our own is ever emptied.
	if err := emptyFolder(a.cluster.Volumes(volume.Name)); err != nil {
		return err
	}
	// The version says that it is still the volume we looked at.
	patch := fmt.Sprintf(`{"metadata":{"resourceVersion":%q},"spec":{"claimRef":null}}`, volume.ResourceVersion)
	_, err := a.client.CoreV1().PersistentVolumes().Patch(ctx, volume.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	return err
}

func emptyFolder(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
