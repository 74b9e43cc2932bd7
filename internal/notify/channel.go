package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"fencepost/internal/pgledger"
)

// Message is what a channel is to tell.
type Message struct {
	Group string
	pgledger.Notice
}

// id names the message for receivers that want to tell a repetition.
func (m *Message) id() string { return "fencepost-" + m.Group + "-" + strconv.FormatInt(m.ID, 10) }

// text is the message for people.
func (m *Message) text() string {
	return fmt.Sprintf("fencepost %s: %s\n%s\n(%s, notification %d)", m.Group, m.Kind, m.Message,
		m.HappenedAt.UTC().Format(time.RFC3339), m.ID)
}

// Channel is one receiver.
type Channel struct {
	// Name is the channel's name in the configuration.
	Name string
	// address is where to send to. It is a secret.
	address string
	// shape writes the body.
	shape func(*Message) any
	// sign, if not empty, signs the body by the Standard Webhooks convention.
	sign []byte
}

// Webhook returns a channel that sends a notification as a JSON document. With a
// key it is signed by the Standard Webhooks convention.
func Webhook(name, address string, key []byte) Channel {
	return Channel{Name: name, address: address, sign: key, shape: func(m *Message) any {
		return map[string]any{
			"id": m.id(), "group": m.Group, "kind": m.Kind, "subject": m.Subject, "message": m.Message,
			"happened_at": m.HappenedAt.UTC().Format(time.RFC3339Nano), "attempt": m.Attempts,
		}
	}}
}

// Slack returns a channel that sends what an incoming webhook of Slack takes, and
// of those who imitate it.
func Slack(name, address string) Channel {
	return Channel{Name: name, address: address, shape: func(m *Message) any {
		return map[string]any{"text": m.text()}
	}}
}

// Telegram returns a channel that sends to a chat through a bot. The base is the
// address of the Bot API.
func Telegram(name, base, token, chat string) Channel {
	return Channel{Name: name, address: base + "/bot" + token + "/sendMessage", shape: func(m *Message) any {
		return map[string]any{"chat_id": chat, "text": m.text(), "disable_web_page_preview": true}
	}}
}

// maxReply is how many bytes of a reply are read; none of them matters.
const maxReply = 64 << 10

// client follows no redirection: it would carry the message to an address that
// nobody configured.
var client = &http.Client{
	Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second,
		ForceAttemptHTTP2: true, MaxResponseHeaderBytes: maxReply,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Send sends the message. Only a status of the two hundreds says that it was taken.
// The error holds no part of the address.
func (c *Channel) Send(ctx context.Context, m *Message, now time.Time) error {
	body, err := json.Marshal(c.shape(m))
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address is none")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "fencepost")
	if len(c.sign) > 0 {
		c.signed(request.Header, m.id(), body, now)
	}
	reply, err := client.Do(request)
	if err != nil {
		return withoutAddress(err)
	}
	defer reply.Body.Close()
	// Read to its end, so that the connection can be used again; what is left is given up.
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, maxReply))
	if reply.StatusCode < http.StatusOK || reply.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the receiver answered with status %d", reply.StatusCode)
	}
	return nil
}

// signed adds the headers of the Standard Webhooks convention.
func (c *Channel) signed(h http.Header, id string, body []byte, now time.Time) {
	at := strconv.FormatInt(now.Unix(), 10)
	sum := hmac.New(sha256.New, c.sign)
	_, _ = fmt.Fprintf(sum, "%s.%s.%s", id, at, body)
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", at)
	h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(sum.Sum(nil)))
}

// withoutAddress returns why a request failed, without where it went: the library
// writes the whole address, token included, into its errors, and names of hosts
// into those of name resolution.
func withoutAddress(err error) error {
	var failed *url.Error
	timedOut := errors.As(err, &failed) && failed.Timeout()
	switch {
	case timedOut || errors.Is(err, context.DeadlineExceeded):
		return errors.New("the receiver did not answer in time")
	case errors.Is(err, context.Canceled):
		return errors.New("cut by the end of the process")
	default:
		return errors.New("the receiver cannot be reached")
	}
}
