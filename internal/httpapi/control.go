package httpapi

import (
	"context"
	"net/http"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

func (a *admin) control(w http.ResponseWriter, r *http.Request) {
	reading(w, r, a.service.Control)
}

// controlVerbs are the ways to change the mode.
var controlVerbs = map[string]core.Control{"halt": core.Halt, "pause": core.Pause, "resume": core.Run}

// changeControl sets the control mode. To stop needs no second look; who resumes
// says which change of the mode they saw, so that nobody lifts a halt that was
// set meanwhile.
func (a *admin) changeControl(w http.ResponseWriter, r *http.Request) {
	mode, known := controlVerbs[r.PathValue("verb")]
	if !known {
		problem(w, http.StatusNotFound, "halt, pause or resume")
		return
	}
	reading(w, r, func(ctx context.Context) (pgledger.ControlChanged, error) {
		var said struct {
			By     string `json:"by"`
			Reason string `json:"reason"`
			Seen   *int64 `json:"seen"`
			// Confirm is the phrase that a person typed, where one was asked for it.
			Confirm *string `json:"confirm"`
		}
		err := understand(w, r, &said)
		if err == nil {
			err = signed(said.By, said.Reason, "reason")
		}
		if err == nil && mode == core.Run && said.Seen == nil {
			err = wrong("seen", "missing: the control_seq that GET /v1/control told")
		}
		phrase := story.ResumePhrase(a.service.Status().Group)
		if err == nil && said.Confirm != nil && (mode != core.Run || *said.Confirm != phrase) {
			err = wrong("confirm", "must be %q, to resume; nothing was changed", phrase)
		}
		if err != nil {
			return pgledger.ControlChanged{}, err
		}
		return a.service.ChangeControl(ctx, pgledger.ControlChange{
			Mode: mode, Reason: said.Reason, By: said.By, Seen: said.Seen,
		})
	})
}
