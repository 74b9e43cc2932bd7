package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/internal/httpapi"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

// stubOperator answers what the test wants, and keeps what it was told.
type stubOperator struct {
	fault      error
	filter     pgledger.SignalFilter
	most       int
	resolved   httpapi.Resolution
	cancelled  httpapi.Cancellation
	change     pgledger.ControlChange
	changes    int
	signalRead core.SignalID
}

func (s *stubOperator) Signals(
	_ context.Context, f pgledger.SignalFilter,
) ([]pgledger.Signal, error) {
	s.filter = f
	return []pgledger.Signal{{ID: 17}}, s.fault
}

func (s *stubOperator) Signal(_ context.Context, id core.SignalID) (pgledger.SignalDetail, error) {
	s.signalRead = id
	return pgledger.SignalDetail{Signal: pgledger.Signal{ID: id}, Payload: "{}"}, s.fault
}

func (s *stubOperator) SignalStory(_ context.Context, id core.SignalID) (story.Story, error) {
	s.signalRead = id
	return story.Story{Signal: id, Next: "nothing"}, s.fault
}

func (s *stubOperator) InDoubt(_ context.Context, limit int) ([]httpapi.InDoubt, error) {
	s.most = limit
	return []httpapi.InDoubt{{Known: "little"}}, s.fault
}

func (s *stubOperator) Control(context.Context) (httpapi.Control, error) {
	return httpapi.Control{Control: "halt", Seq: 9}, s.fault
}

func (s *stubOperator) ChangeControl(
	_ context.Context, c pgledger.ControlChange,
) (pgledger.ControlChanged, error) {
	s.change, s.changes = c, s.changes+1
	return pgledger.ControlChanged{Before: "run", Mode: c.Mode.String(), FenceSeq: 10}, s.fault
}

func (s *stubOperator) Resolve(
	_ context.Context, w httpapi.Resolution,
) (pgledger.SignalDetail, error) {
	s.resolved = w
	return pgledger.SignalDetail{Signal: pgledger.Signal{ID: w.Signal}}, s.fault
}

func (s *stubOperator) Cancel(_ context.Context, c httpapi.Cancellation) (pgledger.SignalDetail, error) {
	s.cancelled = c
	return pgledger.SignalDetail{Signal: pgledger.Signal{ID: c.Signal}}, s.fault
}

func TestSignalsAreReadWithoutATokenAndAWrongWordIsNamed(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{Token: token})
	for path, says := range map[string]string{
		"/v1/signals?state=received,in_doubt&alerted=true&before=20&limit=5": `"id":17`,
		"/v1/signals/17":       `"payload":"{}"`,
		"/v1/signals/17/story": `"next":"nothing"`,
		"/v1/in-doubt?limit=7": `"known":"little"`,
		"/v1/control":          `"control_seq":9`,
	} {
		if code, body := ask(t, h, "GET", path, "", ""); code != 200 || !strings.Contains(body, says) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if f := s.filter; len(f.States) != 2 || f.States[1] != core.InDoubt || !f.Alerted || f.Before != 20 ||
		f.Limit != 5 || s.most != 7 {
		t.Errorf("asked for %+v, and %d", f, s.most)
	}
	for path, field := range map[string]string{
		"/v1/signals?state=lost": "state", "/v1/signals?state=void": "state",
		"/v1/signals?alerted=maybe": "alerted", "/v1/signals?before=x": "before",
		"/v1/signals?limit=0": "limit", "/v1/in-doubt?limit=x": "limit",
		"/v1/signals/x": "id", "/v1/signals/0/story": "id",
	} {
		namesField(t, "GET "+path, field, 400)(ask(t, h, "GET", path, "", ""))
	}
}

// namesField checks an error document.
func namesField(t *testing.T, what, field string, want int) func(code int, body string) {
	t.Helper()
	return func(code int, body string) {
		t.Helper()
		var problem struct {
			Title, Detail, Field string
			Status               int
		}
		err := json.Unmarshal([]byte(body), &problem)
		if err != nil || code != want || problem.Status != want || problem.Field != field ||
			problem.Detail == "" {
			t.Errorf("%s: %d %s", what, code, body)
		}
	}
}

// words are a command for each verb that has one, with everything in it.
func words() map[string]string {
	return map[string]string{
		"/v1/in-doubt/17/resolve": `{"as":"not-sent","evidence":"the day's book","by":"ops","version":3,` +
			`"confirm":"signal 17 was not sent"}`,
		"/v1/signals/17/cancel": `{"reason":"a mistake","by":"ops","version":1}`,
		"/v1/control/halt":      `{"reason":"fire","by":"ops"}`,
		"/v1/control/pause":     `{"reason":"weekend","by":"ops"}`,
		"/v1/control/resume":    `{"reason":"monday","by":"ops","seen":9}`,
	}
}

func TestWordsOfAPersonNeedTheTokenAndReachTheLedgerWhole(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{Token: token})
	for path, body := range words() {
		if code, _ := ask(t, h, "POST", path, "", body); code != 401 {
			t.Errorf("%s without the token: %d", path, code)
		}
		if s.changes != 0 || s.resolved.Signal != 0 || s.cancelled.Signal != 0 {
			t.Fatalf("%s was carried out without the token", path)
		}
	}
	for path, body := range words() {
		if code, answer := ask(t, h, "POST", path, token, body); code != 200 {
			t.Errorf("%s: %d %s", path, code, answer)
		}
	}
	if want := (httpapi.Resolution{
		Signal: 17, As: story.WasNotSent, Evidence: "the day's book", By: "ops", Version: 3,
	}); s.resolved != want {
		t.Errorf("resolved %+v", s.resolved)
	}
	if want := (httpapi.Cancellation{
		Signal: 17, Reason: "a mistake", By: "ops",
		Version: 1,
	}); s.cancelled != want {
		t.Errorf("cancelled %+v", s.cancelled)
	}
	for verb, mode := range map[string]core.Control{
		"halt": core.Halt, "pause": core.Pause, "resume": core.Run,
	} {
		path := "/v1/control/" + verb
		ask(t, h, "POST", path, token, words()[path])
		if c := s.change; c.Mode != mode || c.By != "ops" || c.Reason == "" ||
			(verb == "resume") != (c.Seen != nil) {
			t.Errorf("%s: %+v", verb, c)
		}
	}
	if s.changes != 6 {
		t.Errorf("%d changes of the mode, want 6", s.changes)
	}
}

func TestWordThatLacksSomethingIsRefusedByTheFieldsName(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{Token: token})
	confirm := func(as, phrase string) string {
		return `{"as":"` + as + `","by":"ops","evidence":"x","version":3,"confirm":"` + phrase + `"}`
	}
	const resolve, cancel = "/v1/in-doubt/17/resolve", "/v1/signals/17/cancel"
	for _, c := range []struct{ path, body, field string }{
		{resolve, `{"as":"not-sent","evidence":"x","version":3}`, "by"},
		{resolve, `{"as":"not-sent","by":"ops","version":3}`, "evidence"},
		{resolve, `{"as":"void","by":"ops","evidence":"x","version":3}`, "as"},
		{resolve, `{"as":"not-sent","by":"ops","evidence":"x"}`, "version"},
		{resolve, confirm("not-sent", "signal 18 was not sent"), "confirm"},
		{resolve, confirm("executed", "signal 17 was not sent"), "confirm"},
		{resolve, `{"as":7}`, "as"},
		{resolve, `{"reason":"x"}`, "reason"},
		{resolve, `{`, "body"},
		{"/v1/in-doubt/x/resolve", `{}`, "id"},
		{cancel, `{"by":"ops","reason":" "}`, "reason"},
		{"/v1/control/halt", `{"reason":"x"}`, "by"},
		{"/v1/control/resume", `{"reason":"x","by":"ops"}`, "seen"},
	} {
		namesField(t, c.path+" "+c.body, c.field, 400)(ask(t, h, "POST", c.path, token, c.body))
	}
	if s.changes != 0 || s.resolved.Signal != 0 || s.cancelled.Signal != 0 {
		t.Errorf("a refused word was carried out: %+v", s.stubOperator)
	}
	if code, _ := ask(t, h, "POST", "/v1/control/stop", token, `{}`); code != 404 {
		t.Errorf("an unknown verb: %d", code)
	}
}

func TestWhatTheLedgerSaysOfAWordIsToldApart(t *testing.T) {
	s := &stubService{}
	h := admin(s, httpapi.AdminOptions{Token: token})
	for want, err := range map[int]error{
		404: fmt.Errorf("signal 17: %w", pgledger.ErrNoSignal),
		409: fmt.Errorf("signal 17: %w", pgledger.ErrMoved),
		503: errors.New("no answer"),
	} {
		s.fault = err
		for path, body := range words() {
			code, answer := ask(t, h, "POST", path, token, body)
			if code != want || !strings.Contains(answer, err.Error()) {
				t.Errorf("%s: %d %s", path, code, answer)
			}
			if unknown := strings.Contains(answer, "is not known"); unknown != (want == 503) {
				t.Errorf("%s: %s", path, answer)
			}
		}
	}
	s.fault = pgledger.ErrNoArrow
	if code, _ := ask(t, h, "POST", "/v1/signals/17/cancel", token,
		words()["/v1/signals/17/cancel"]); code != 409 {
		t.Errorf("no arrow: %d", code)
	}
}
