package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"fencepost/internal/testbed/child"
)

// HoldAt makes what next comes to a named point of the node wait there for at most
// the bound, and returns true once something does. Only a node with
// unsafe_test_seams has such points.
func (n *Node) HoldAt(ctx context.Context, point string, bound time.Duration) (bool, error) {
	text := fmt.Appendf(nil, `{"point": %q, "count": 1, "for": %q}`, point, bound)
	asking, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	request, err := http.NewRequestWithContext(asking, http.MethodPost, n.AdminURL()+"/test/hold",
		bytes.NewReader(text))
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+n.cluster.adminToken)
	if _, err := exchange(request, nil); err != nil {
		return false, fmt.Errorf("hold %s at %s: %w", n.id, point, err)
	}
	err = child.Poll(ctx, bound, answerPoll, func(ctx context.Context) (bool, error) {
		var all []struct {
			Point   string `json:"point"`
			Waiting int    `json:"waiting"`
		}
		if _, err := get(ctx, n.AdminURL()+"/test/points", &all); err != nil {
			return false, err
		}
		for _, p := range all {
			if p.Point == point && p.Waiting > 0 {
				return true, nil
			}
		}
		return false, nil
	})
	return err == nil, nil //nolint:nilerr // nothing came, or the node is not there to be asked
}
