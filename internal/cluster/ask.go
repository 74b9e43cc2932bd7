package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fencepost/internal/testbed/rundir"
)

// The limits of one question.
const (
	askBound  = 2 * time.Second
	maxAnswer = 8 << 20
)

// answerPoll is how often a starting process is asked whether it answers, and
// answerBound how long it may take.
const (
	answerPoll  = 10 * time.Millisecond
	answerBound = 20 * time.Second
)

// portTries is how many free ports a start goes through when another process is
// faster.
const portTries = 5

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

// awaitAnswer returns when the child answers, and kills it if it never does.
func (p *process) awaitAnswer(ctx context.Context, ask func(context.Context) error) error {
	var last error
	err := poll(ctx, answerBound, answerPoll, func(ctx context.Context) (bool, error) {
		if !p.running() {
			return false, fmt.Errorf("ended: %s", p.cmd.ProcessState)
		}
		last = ask(ctx)
		return last == nil && p.running(), nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("%w\n%s", err, tail(p.log, 10)), last, p.kill())
	}
	return nil
}

// onFreePorts calls start with so many free addresses, and again with others
// where another process was faster.
func onFreePorts(count int, log string, start func(addrs []string) error) error {
	var err error
	for range portTries {
		var addrs []string
		for range count {
			port, err := rundir.FreePort()
			if err != nil {
				return err
			}
			addrs = append(addrs, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		}
		if err = start(addrs); err == nil || !strings.Contains(tail(log, 10), "address already in use") {
			return err
		}
	}
	return err
}
