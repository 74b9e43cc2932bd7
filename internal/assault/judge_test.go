package assault

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// careless is a service that takes whatever comes, in one of several ways.
func careless(t *testing.T, answer http.HandlerFunc) Place {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /webhook/"+token, answer)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p, err := OfURL(server.URL+"/webhook/"+token, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// genuine reports whether a signal is of a source that must be served.
func genuine(body []byte) bool {
	text := string(body)
	return strings.Contains(text, "genuine-") || strings.Contains(text, "stored-")
}

// TestWhatIsAnsweredWronglyIsNamed plants each kind of wrong answer.
func TestWhatIsAnsweredWronglyIsNamed(t *testing.T) {
	t.Parallel()
	problem := func(w http.ResponseWriter, status int, field string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"field": "`+field+`"}`)
	}
	for says, answer := range map[string]http.HandlerFunc{
		"answered by 202": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) },
		"answered by 500": func(w http.ResponseWriter, _ *http.Request) { problem(w, 500, "type") },
		"names the field \"price\"": func(w http.ResponseWriter, _ *http.Request) {
			problem(w, 400, "price")
		},
		"not by a problem document": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "no",
				400)
		},
		"closed without an answer": func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
		},
		"HANG": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		place := careless(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil && genuine(body) {
				w.WriteHeader(http.StatusAccepted)
				return
			}
			answer(w, r)
		})
		p := Plan{Requests: LeastRequests, Seed: 1, Family: "field-word", Shot: -1, Workers: 100, Rate: 50}
		r, err := Run(t.Context(), place, p, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		row := r.Families[0]
		if r.Held || row.Wrong != row.Inputs || !strings.Contains(row.Examples[0].Says, says) {
			t.Errorf("%s is told as %+v", says, row)
		}
	}
}

// TestAGenuineSourceThatIsTurnedAwayIsAFailure: as if nothing else were wrong.
func TestAGenuineSourceThatIsTurnedAwayIsAFailure(t *testing.T) {
	t.Parallel()
	for _, served := range []bool{true, false} {
		place := careless(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			switch {
			case err != nil || !genuine(body):
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"field": "type"}`)
			case served || strings.Contains(string(body), "stored-"):
				w.WriteHeader(http.StatusAccepted)
			default:
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		p := Plan{Requests: LeastRequests, Seed: 1, Family: "field-word", Shot: -1, Workers: 2, Rate: 100}
		r, err := Run(t.Context(), place, p, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		if r.Held != served || r.Genuine.Sent == 0 {
			t.Errorf("a source that is served, %t: held is %t: %+v", served, r.Held, r.Broken)
		}
	}
}

// TestALineThatHurtsItsReaderIsKept: and one that only tells of it is not.
func TestALineThatHurtsItsReaderIsKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "n1.log")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := `{"status":400,"msg":"before"}` + "\n"
	write(before)
	place := &Place{Nodes: []Node{{ID: "n1", Log: file}}, Secrets: map[string]string{"the token": "s3cret"}}
	l, err := newLogbook(place)
	if err != nil {
		t.Fatal(err)
	}
	quiet := `{"status":404,"msg":"webhook answered","error":"\u001b[31m\u0085"}` + "\n" +
		`{"status":202}` + "\n"
	write(before + quiet + `{"status":400`)
	if n, err := l.turn(); err != nil || n != 1 || len(l.seen.Unsafe) != 0 || l.seen.Lines != 2 {
		t.Errorf("%d refusals, %+v, %v", n, l.seen, err)
	}
	write(before + quiet + `{"status":400}` + "\n")
	if n, err := l.turn(); err != nil || n != 1 {
		t.Errorf("half a line is counted when it is whole: %d, %v", n, err)
	}
	for _, bad := range []string{
		"a\u0085b", "a\x1b[2Jb", "a\u009b31mb", "a\u2028b", "a\xffb", "token s3cret",
		strings.Repeat("x", maxLine+1),
	} {
		seen := len(l.seen.Unsafe)
		l.look([]byte(bad))
		if len(l.seen.Unsafe) != seen+1 {
			t.Errorf("%.40q is taken for harmless", bad)
		}
		if strings.Contains(l.seen.Unsafe[len(l.seen.Unsafe)-1], "s3cret") {
			t.Error("the report tells the secret")
		}
	}
}

// TestWhatAProcessKeepsIsTold: memory at its height, the rest when it is over.
func TestWhatAProcessKeepsIsTold(t *testing.T) {
	t.Parallel()
	calm := Holding{Memory: 30 << 20, Descriptors: 20, Goroutines: 20}
	steady := Process{Node: "n1", Before: calm, After: calm, Peak: calm}
	steady.Peak.Memory, steady.Peak.Descriptors = 90<<20, 900
	if broken := steady.grown(); len(broken) != 0 {
		t.Error(broken)
	}
	for want, change := range map[string]func(*Process){
		"resident":    func(p *Process) { p.Peak.Memory = calm.Memory + moreMemory + 1 },
		"descriptors": func(p *Process) { p.After.Descriptors += moreDescriptors + 1 },
		"goroutines":  func(p *Process) { p.After.Goroutines += moreGoroutines + 1 },
	} {
		p := steady
		change(&p)
		if broken := p.grown(); len(broken) != 1 || !strings.Contains(broken[0], want) {
			t.Errorf("%s: %v", want, broken)
		}
	}
}

// TestAnAddressThatIsNoneIsRefused: before anything is sent.
func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := OfURL("http://127.0.0.1:8080/webhook/abc", "http://127.0.0.1:8081", ""); err != nil {
		t.Error(err)
	}
	for _, bad := range [][2]string{
		{"127.0.0.1:8080", ""},
		{"http://127.0.0.1:8080/webhook/", ""},
		{"http://127.0.0.1/webhook/abc", ""},
		{"https://127.0.0.1:8080/webhook/abc", ""},
		{"http://127.0.0.1:8080/webhook/abc", "127.0.0.1:8081"},
	} {
		if _, err := OfURL(bad[0], bad[1], ""); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
