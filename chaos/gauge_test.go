package chaos

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"fencepost/scenarios"
)

func TestNoNodeIsAskedForWhatTheLinksCount(t *testing.T) {
	t.Parallel()
	if list := metricsOf([]scenarios.Gauge{scenarios.RedisOperations}); len(list) != 0 {
		t.Errorf("for calls of Redis the nodes are asked for %v", list)
	}
	list := metricsOf([]scenarios.Gauge{scenarios.RedisOperations, scenarios.OpenFiles})
	if len(list) != 1 || list[scenarios.OpenFiles] == "" {
		t.Errorf("for open files the nodes are asked for %v", list)
	}
}

func TestANodeRendersWhatItIsAskedForAlone(t *testing.T) {
	t.Parallel()
	asked := []string{"go_goroutines", "process_open_fds"}
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query()["name[]"]; !slices.Equal(got, asked) {
			t.Errorf("asked for %q, want %q", got, asked)
		}
		if packed := r.Header.Get("Accept-Encoding"); packed != "" {
			t.Errorf("the node is to pack it: %s", packed)
		}
		_, _ = w.Write([]byte("go_goroutines 12\nprocess_open_fds 7\n"))
	}))
	defer node.Close()
	n := &instance{name: "n1", admin: strings.TrimPrefix(node.URL, "http://"), client: askingClient()}
	values, err := n.scrape(t.Context(), asked)
	if err != nil || values["go_goroutines"] != 12 || values["process_open_fds"] != 7 {
		t.Errorf("read %v: %v", values, err)
	}
}
