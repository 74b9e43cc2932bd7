package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"fencepost/internal/httpapi"
	"fencepost/internal/story"
)

// The bounds of a stream. A phone that went out of range is not heard to leave:
// its place is free again when the stream's life is over. Who still looks comes
// back at once.
const (
	writeTime  = 5 * time.Second
	streamLife = 2 * time.Minute
	// comeBack is when who was refused may ask again, in seconds.
	comeBack = "10"
)

// frame is one event of the stream.
type frame struct {
	// Now is this instance's wall clock.
	Now    time.Time             `json:"now"`
	Status httpapi.Status        `json:"status"`
	Group  settings              `json:"settings"`
	Parts  map[string]framedPart `json:"parts"`
}

// settings are what the page has to know beside the readings.
type settings struct {
	TTLMS        int64  `json:"ttl_ms"`
	StaleAfterMS int64  `json:"stale_after_ms"`
	EveryMS      int64  `json:"every_ms"`
	Writes       bool   `json:"writes"`
	ResumePhrase string `json:"resume_phrase"`
}

// framedPart is what is told of a part.
type framedPart struct {
	Version uint64 `json:"version"`
	// AgeMS is how long ago the ages in the data were true, ConfirmedMS how long
	// ago a reading last said the same.
	AgeMS       int64  `json:"age_ms"`
	ConfirmedMS int64  `json:"confirmed_ms"`
	Fault       string `json:"fault,omitempty"`
	// Data is left out if this stream has told of this version already.
	Data json.RawMessage `json:"data,omitempty"`
}

// stream answers with what the page shows, until the reader leaves, the stream's
// life is over, or the page is closed.
func (h *hub) stream(w http.ResponseWriter, r *http.Request) {
	v, ok := h.join()
	if !ok {
		w.Header().Set("Retry-After", comeBack)
		http.Error(w, fmt.Sprintf("%d pages are open on this instance, which is as many as there may be",
			mostStreams), http.StatusServiceUnavailable)
		return
	}
	defer h.leave(v)
	out := &writer{w: w, control: http.NewResponseController(w), told: map[string]uint64{}}
	// The limits of an ordinary request would cut the stream.
	_ = out.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	life := time.NewTimer(streamLife)
	defer life.Stop()
	out.live(r.Context(), h, v, life.C)
}

// writer writes events. told are the versions that this stream has.
type writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	told    map[string]uint64
}

func (s *writer) live(ctx context.Context, h *hub, v *viewer, over <-chan time.Time) {
	for {
		select {
		case <-v.fresh:
			if s.send("state", s.frame(h)) != nil {
				return
			}
		case <-over:
			_ = s.send("again", struct{}{})
			return
		case <-h.ended.Done():
			_ = s.send("end", struct{}{})
			return
		case <-ctx.Done():
			return
		}
	}
}

// frame makes the event of this moment.
func (s *writer) frame(h *hub) frame {
	now, status := time.Now(), h.options.Source.Status()
	f := frame{
		Now: now, Status: status, Parts: map[string]framedPart{},
		Group: settings{
			TTLMS: h.options.TTL.Milliseconds(), StaleAfterMS: h.options.StaleAfter.Milliseconds(),
			EveryMS: h.options.Every.Milliseconds(), Writes: h.options.Writes,
			ResumePhrase: story.ResumePhrase(status.Group),
		},
	}
	for name, r := range h.picture() {
		p := framedPart{Version: r.version, Fault: r.fault}
		if r.version > 0 {
			p.AgeMS, p.ConfirmedMS = now.Sub(r.at).Milliseconds(), now.Sub(r.confirmed).Milliseconds()
		}
		if s.told[name] != r.version {
			p.Data, s.told[name] = r.data, r.version
		}
		f.Parts[name] = p
	}
	return f
}

// send writes one event within its time.
func (s *writer) send(event string, document any) error {
	data, err := json.Marshal(document)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "event: %s\ndata: %s\n\n", event, data)
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if _, err := s.w.Write(text.Bytes()); err != nil {
		return err
	}
	return s.control.Flush()
}
