package fencepost_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost"
	"fencepost/internal/config"
	"fencepost/internal/intake/signature"
)

// The tests' source that signs.
const (
	signedToken   = "a-token-of-a-source-that-signs"
	signingSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// public is an instance that answers HTTP on addresses of its own.
type public struct {
	t      *testing.T
	log    *diary
	listen string
	admin  string
	client *http.Client
}

var listening = regexp.MustCompile(`listen=(\S+) admin_listen=(\S+)`)

// serve runs an instance with its HTTP servers until the test ends.
func (s *stage) serve(id string, change func(*fencepost.Config)) *public {
	s.t.Helper()
	c := s.config(id)
	c.Log = config.Log{Format: config.FormatText, Level: config.LevelDebug}
	c.Listen, c.AdminListen = "127.0.0.1:0", "127.0.0.1:0"
	c.Webhook.Sources["signed"] = fencepost.Source{
		Tokens: []fencepost.Secret{signedToken}, SigningSecrets: []fencepost.Secret{signingSecret},
	}
	if change != nil {
		change(&c)
	}
	p := &public{
		t: s.t, log: &diary{}, client: &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second},
	}
	k, err := fencepost.New(c, fencepost.WithLogger(fencepost.NewLogger(&c, p.log)))
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Serve(ctx) }()
	s.t.Cleanup(func() {
		end()
		p.client.CloseIdleConnections()
		if err := <-done; err != nil {
			s.t.Errorf("%s stopped with: %v", id, err)
		}
		if s.t.Failed() {
			s.t.Logf("log of %s:\n%s", id, p.log)
		}
	})
	until(s.t, "it listens", func() bool { return listening.MatchString(p.log.String()) })
	found := listening.FindStringSubmatch(p.log.String())
	p.listen, p.admin = found[1], found[2]
	return p
}

// send sends a request and returns the status and the answer.
func (p *public) send(method, url, body string, headers ...string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := p.client.Do(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// webhook posts a body under a token.
func (p *public) webhook(token, body string, headers ...string) (int, string) {
	p.t.Helper()
	return p.send("POST", "http://"+p.listen+"/webhook/"+token, body, headers...)
}

// raw writes bytes that are no request, and waits until the other end has had
// enough.
func (p *public) raw(text string) {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.listen)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, text)
	_, _ = io.Copy(io.Discard, conn)
}

// isSigned returns the headers of a signed webhook.
func isSigned(t *testing.T, id, body string) []string {
	t.Helper()
	secret, err := signature.ParseSecret(signingSecret)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	return []string{
		"webhook-id", id, "webhook-timestamp", signature.Timestamp(at),
		"webhook-signature", signature.Sign(secret, id, at, []byte(body)),
	}
}

// dump returns every row of the database as text.
func (s *stage) dump() string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	var tables []string
	err = conn.QueryRow(ctx, `SELECT array_agg(quote_ident(c.relname)) FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'`).Scan(&tables)
	if err != nil || len(tables) < 9 {
		s.t.Fatalf("tables %v, %v", tables, err)
	}
	var all strings.Builder
	for _, table := range tables {
		var rows string
		query := `SELECT coalesce(string_agg(row_to_json(t)::text, E'\n'), '') FROM ` + table + ` t`
		err := conn.QueryRow(ctx, query).Scan(&rows)
		if err != nil {
			s.t.Fatal(err)
		}
		all.WriteString(rows + "\n")
	}
	return all.String()
}

func aSignal(id string) string {
	return fmt.Sprintf(`{"type":"BASE_ENTRY","instrument":"X","position":"%[1]s",`+
		`"timestamp":"2025-11-29T09:15:00Z","signal_id":"%[1]s","lots":1}`, id)
}

// abuse is a session in which secrets stand wherever a sender can write.
func abuse(t *testing.T, p *public) {
	t.Helper()
	everywhere := []string{
		"Authorization", "Bearer " + adminToken, "Content-Type", signedToken, "X-Forwarded-For", token,
		"User-Agent", signingSecret, "webhook-id", signingSecret, "webhook-timestamp", token,
		"webhook-signature", "v1," + signingSecret,
	}
	base := "http://" + p.listen
	p.webhook(token, aSignal("a"), everywhere...)
	p.webhook(token, aSignal("a"), "Authorization", "Bearer "+adminToken)
	p.webhook(token, aSignal("a"), "Authorization", "Bearer "+adminToken)
	p.webhook(token, strings.Replace(aSignal("a"), `"lots":1`, `"lots":2`, 1))
	p.webhook(token+"x", aSignal("b"))
	p.webhook(token+"/"+signedToken, aSignal("b"))
	p.webhook(token+"?token="+signedToken, "nonsense "+token)
	p.send("GET", base+"/webhook/"+token, "")
	p.send("POST", base+"/"+token, aSignal("b"), everywhere...)
	p.send("POST", base+"/readyz/"+token, "")
	for _, body := range []string{
		aSignal(token), strings.Replace(aSignal("c"), "BASE_ENTRY", token, 1),
		`{"` + token + `":1,"` + token + `":2}`, `{"\u0061` + token[1:] + `":1,"\u0061` + token[1:] + `":2}`,
		`{"` + token, strings.Replace(aSignal("d"), `"lots":1`, `"lots":"`+token+`"`, 1),
	} {
		p.webhook(token, body)
	}
	p.webhook(signedToken, aSignal("e"), isSigned(t, "m-1", aSignal("e"))...)
	p.webhook(signedToken, aSignal("e"), isSigned(t, "m-1", aSignal("e"))...)
	p.webhook(signedToken, aSignal(signingSecret), isSigned(t, "m-2", aSignal(signingSecret))...)
	p.webhook(signedToken, aSignal("f"), everywhere...)
	p.webhook(signedToken, aSignal("f"), isSigned(t, "m-3", aSignal("other"))...)
	p.raw("POST /webhook/" + token + " HTTP/9.9\r\n\r\n")
	p.raw("POST /webhook/" + token + " HTTP/1.1\r\nHost: x\r\n" + token + "\r\n\r\n")
	p.raw("POST /webhook/" + token + " HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat(token, 1000) + "\r\n\r\n")
	p.raw("POST /webhook/" + token + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{\"" + token)
	admin := "http://" + p.admin
	p.send("POST", admin+"/v1/leader/step-down?"+adminToken, "", "Authorization", "Bearer wrong-"+adminToken)
	p.send("POST", admin+"/v1/authority/accept", `{"`+adminToken+`":1}`,
		"Authorization", "Bearer "+adminToken)
}

func TestSecretsReachNeitherTheDatabaseNorTheLog(t *testing.T) {
	s := newStage(t)
	p := s.serve("blue-1", nil)
	abuse(t, p)
	// The error path: the ledger does not answer in time.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `BEGIN; LOCK TABLE signals IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	if code, body := p.webhook(token, aSignal("g"), "Authorization", "Bearer "+adminToken); code != 503 {
		t.Errorf("%d %s", code, body)
	}
	if _, err := conn.Exec(ctx, `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	said, stored := p.log.String(), s.dump()
	for name, text := range map[string]string{"log": said, "database": stored} {
		for _, secret := range []string{token, signedToken, signingSecret, adminToken} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("the %s holds a secret: %s", name, text[max(0, at-300):at+len(secret)])
			}
			if strings.Contains(text, hex.EncodeToString([]byte(secret))) {
				t.Errorf("the %s holds a secret in hexadecimal", name)
			}
		}
	}
	// What would make this test pass for nothing.
	if strings.Count(said, "webhook refused") < 12 || !strings.Contains(said, "field=token") ||
		!strings.Contains(said, "error=") {
		t.Error("the log does not tell of the session")
	}
	if !strings.Contains(stored, `"key":"a"`) || !strings.Contains(stored, `"key":"e"`) {
		t.Error("the database holds none of the session's signals")
	}
}

// Slow, half-open and flooding strangers, and strangers who guess tokens, keep a
// source from nothing.
func TestStrangersKeepNoSourceFromItsAnswer(t *testing.T) {
	s := newStage(t)
	p := s.serve("blue-1", func(c *fencepost.Config) {
		c.Webhook.MaxConnections, c.Webhook.MaxConnectionsPerAddress = 64, 8
	})
	until(t, "the ledger answers", func() bool {
		code, _ := p.send("GET", "http://"+p.listen+"/readyz", "")
		return code == 200
	})
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	opened := &atomic.Int64{}
	faithful := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	defer faithful.CloseIdleConnections()
	if code, _ := p.over(faithful, "first"); code != 202 {
		t.Fatalf("before the flood: %d", code)
	}
	for i, text := range []string{
		"", "POST /webhook/x HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"POST /webhook/a-guess-of-a-stranger HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n{",
		"POST /webhook/a-guess-of-a-stranger HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
	} {
		flood.Go(func() {
			strangers(ctx, p.listen, opened, text, func(int) string { return fmt.Sprintf("127.0.3.%d", i+1) })
		})
	}
	worst := time.Duration(0)
	for i := range 20 {
		began := time.Now()
		code, body := p.webhook(token, aSignal(fmt.Sprintf("s-%d", i)))
		took := time.Since(began)
		worst = max(worst, took)
		if code != 202 || took > 2*time.Second {
			t.Errorf("signal %d: %d after %v: %s", i, code, took, body)
		}
		// The next one comes over a connection of its own.
		p.client.CloseIdleConnections()
	}
	t.Logf("the slowest answer took %v, while strangers opened %d connections", worst, opened.Load())
	// From ever other addresses, so that each stranger has as few as the source.
	seen := opened.Load()
	flood.Go(func() {
		strangers(ctx, p.listen, opened, "", func(n int) string { return fmt.Sprintf("127.0.4.%d", 1+n%250) })
	})
	until(t, "the flood goes on", func() bool { return opened.Load() > seen+2000 })
	// The connection of a known sender is none of those that give way.
	if code, reused := p.over(faithful, "last"); code != 202 || !reused {
		t.Errorf("over its old connection (%v): %d", reused, code)
	}
	stop()
	flood.Wait()
	_, metrics := p.send("GET", "http://"+p.admin+"/metrics", "")
	if !regexp.MustCompile(`fencepost_connections_sent_away_total{[^}]*} [1-9]`).MatchString(metrics) {
		t.Error("nobody was sent away")
	}
}

// over sends a signal by another client, and tells whether that used an old
// connection.
func (p *public) over(client *http.Client, id string) (code int, reused bool) {
	p.t.Helper()
	ctx := httptrace.WithClientTrace(p.t.Context(), &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused },
	})
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+p.listen+"/webhook/"+token,
		strings.NewReader(aSignal(id)))
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, reused
}

// strangers opens connections from addresses, writes on each, and lets few go by
// itself.
func strangers(
	ctx context.Context, to string, opened *atomic.Int64, text string, from func(n int) string,
) {
	const held = 300
	var open []net.Conn
	for n := 0; ctx.Err() == nil; n++ {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from(n))}, Timeout: time.Second}
		conn, err := dialer.DialContext(ctx, "tcp", to)
		if err != nil {
			continue
		}
		opened.Add(1)
		_, _ = io.WriteString(conn, text)
		if open = append(open, conn); len(open) > held {
			_ = open[0].Close()
			open = open[1:]
		}
	}
	for _, conn := range open {
		_ = conn.Close()
	}
}
