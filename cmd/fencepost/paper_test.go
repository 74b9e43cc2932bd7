package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// paperBroker runs the command and returns the broker's address.
func paperBroker(t *testing.T, flags ...string) string {
	t.Helper()
	said, saying := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	args := append([]string{"paper", "--listen", "127.0.0.1:0"}, flags...)
	go func() { ended <- runWith(ctx, args, nil, io.Discard, saying) }()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("exit %d", code)
		}
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return "http://" + strings.TrimSpace(line[strings.LastIndex(line, " "):])
}

// told sends one request and returns the status and the answer.
func told(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestPaperBrokerBeginsBadlyByFlagsAndIsToldOtherwise(t *testing.T) {
	url := paperBroker(t, "--class", "C", "--behave", "lost_reply:count=1",
		"--behave", "wrong_status:status=503")
	const order = `{"client_order_id":"A","instrument":"X","action":"EXIT","position":"P"}`
	if code, _ := told(t, http.MethodPost, url+"/orders", order); code != 0 {
		t.Errorf("the first answer was to be lost: %d", code)
	}
	if code, _ := told(t, http.MethodPost, url+"/orders", order); code != 503 {
		t.Errorf("the second was to deny itself: %d", code)
	}
	_, active := told(t, http.MethodGet, url+"/behaviour", "")
	if !strings.Contains(active, "wrong_status") || strings.Contains(active, "lost_reply") {
		t.Errorf("goes on: %s", active)
	}
	told(t, http.MethodDelete, url+"/behaviour?act=wrong_status", "")
	if code, _ := told(t, http.MethodPost, url+"/orders", order); code != 201 {
		t.Errorf("the third was to be well: %d", code)
	}
	if _, book := told(t, http.MethodGet, url+"/orders", ""); strings.Count(book, `"order_id"`) != 3 {
		t.Errorf("class C places every one of them: %s", book)
	}
}
