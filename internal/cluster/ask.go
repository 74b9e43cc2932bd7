package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The limits of one question.
const (
	askBound  = 2 * time.Second
	maxAnswer = 8 << 20
)

// answerPoll is how often the cluster is looked at for something to come about.
const answerPoll = 10 * time.Millisecond

// client keeps no connection: whoever was asked may be killed next.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get asks for a document and reads it into into. It returns the status; an
// answer that is no success is an error.
func get(ctx context.Context, url string, into any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	return exchange(request, into)
}

// exchange sends a request that its context bounds.
func exchange(request *http.Request, into any) (int, error) {
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	if into != nil && strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(body, into); err != nil {
			return response.StatusCode, fmt.Errorf("unreadable answer of %s: %w", request.URL, err)
		}
	}
	if response.StatusCode > 299 {
		return response.StatusCode, fmt.Errorf("%s %s: %s: %s", request.Method, request.URL.Host,
			response.Status, strings.TrimSpace(string(body)))
	}
	return response.StatusCode, nil
}
