package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"fencepost"
)

// adminTime bounds one request to an instance.
const adminTime = 20 * time.Second

// maxAnswer is the most bytes of an answer that are read.
const maxAnswer = 1 << 20

// ask sends a request to an instance's admin address and returns the status and
// the body.
func ask(ctx context.Context, c *fencepost.Config, method, base, path string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	if base == "" {
		// An instance may be one of several groups.
		base = "http://" + c.AdminListen + "/groups/" + c.Group
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, http.NoBody)
	if err != nil {
		return 0, nil, fmt.Errorf("ask %s: %w", base, err)
	}
	if token := c.AdminToken.Reveal(); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return do(request)
}

// do sends the request and reads the answer.
func do(request *http.Request) (int, []byte, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("read answer: %w", err)
	}
	return response.StatusCode, body, nil
}

// detail returns what an error document says.
func detail(status int, body []byte) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	if err := json.Unmarshal(body, &problem); err != nil || problem.Detail == "" {
		return fmt.Errorf("the instance answered with status %d", status)
	}
	return fmt.Errorf("%s (status %d)", problem.Detail, status)
}
