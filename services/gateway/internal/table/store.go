package table

import (
	"log/slog"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Store feeds a Current from the one ConfigMap that is followed.
type Store struct {
	current *Current
	log     *slog.Logger
}

// NewStore returns the store that feeds current.
func NewStore(current *Current, log *slog.Logger) *Store { return &Store{current, log} }

// Replace takes what a list found: the ConfigMap, or nothing.
func (s *Store) Replace(found []*corev1.ConfigMap) {
	if len(found) == 0 {
		s.current.Gone()
	}
	for _, cm := range found {
		s.Set(cm)
	}
}

// Set takes a new state of the ConfigMap.
func (s *Store) Set(cm *corev1.ConfigMap) {
	if err := s.current.Apply(cm.Data[frontdoor.TableKey]); err != nil {
		s.log.Error("Keeping the last routing table: the new one cannot be used",
			"configMap", cm.Name, "resourceVersion", cm.ResourceVersion, "error", err)
	}
}

// Delete hears that the ConfigMap was deleted.
func (s *Store) Delete(*corev1.ConfigMap) { s.current.Gone() }
