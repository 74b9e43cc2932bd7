package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost/core/journal"
	"fencepost/scenarios"
)

// keptJournal is the run of a real driver over fakes.
const keptJournal = "../../internal/recorder/testdata/kept.journal"

// verifying runs the command over files that hold these texts.
func verifying(t *testing.T, flags []string, texts ...string) (code int, out, problems string) {
	t.Helper()
	args := append([]string{"verify-journal"}, flags...)
	for i, text := range texts {
		file := filepath.Join(t.TempDir(), string(rune('a'+i)))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	var said, complaint bytes.Buffer
	code = drill(t.Context(), args, &said, &complaint)
	return code, said.String(), complaint.String()
}

func keptText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(keptJournal)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestVerifyJournalPassesAWholeAndATornFile(t *testing.T) {
	t.Parallel()
	text := keptText(t)
	code, out, problems := verifying(t, nil, text, text[:len(text)-300], "")
	if code != 0 || problems != "" {
		t.Fatalf("code %d: %s%s", code, out, problems)
	}
	lines := strings.Split(out, "\n")
	if !strings.Contains(lines[0], "n1 of group desk, nonce 0000000000000007, build kept: ") ||
		!strings.Contains(lines[1], "pass") || !strings.Contains(out, "torn: the process was killed") ||
		!strings.Contains(out, "no first line: 0 inputs") {
		t.Errorf("%s", out)
	}
}

func TestVerifyJournalAnswersInJSON(t *testing.T) {
	t.Parallel()
	code, out, _ := verifying(t, []string{"--json"}, keptText(t))
	var v verified
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != 0 {
		t.Fatalf("code %d, %v: %s", code, err, out)
	}
	if v.Verdict != "pass" || v.Instance != "n1" || v.Inputs < 500 || v.Seconds < 100 || !v.Closed ||
		v.Core != v.ThisCore || v.Difference != nil {
		t.Errorf("%+v", v)
	}
}

func TestVerifyJournalNamesTheDamagedStep(t *testing.T) {
	t.Parallel()
	text := []byte(keptText(t))
	text[len(text)/2] ^= 4
	code, out, _ := verifying(t, nil, string(text))
	if code != scenarios.Fail.ExitCode() || !strings.Contains(out, "damaged: ") {
		t.Errorf("code %d: %s", code, out)
	}
}

// otherConfig is the kept journal as a core with another time-out would have
// told it: what was recorded is not what this build wants.
func otherConfig(t *testing.T, core int) string {
	t.Helper()
	line, rest, _ := strings.Cut(keptText(t), "\n")
	changed := strings.Replace(line, `"StoreTimeout":2500000000`, `"StoreTimeout":2400000000`, 1)
	field := func(core int) string { return fmt.Sprintf(`"core":%d`, core) }
	changed = strings.Replace(changed, field(journal.CoreVersion), field(core), 1)
	if changed == line {
		t.Fatalf("no such settings: %s", line)
	}
	return resealed(t, changed+"\n", []byte(rest))
}

// resealed gives the frames of a file the checksums that fit its first line.
func resealed(t *testing.T, line string, rest []byte) string {
	t.Helper()
	table := crc32.MakeTable(crc32.Castagnoli)
	check := crc32.Checksum([]byte(line), table)
	for at, input := 0, true; at < len(rest); input = !input {
		size := 1 + 8
		if input {
			size = 1 + int(rest[at])
		}
		if input && rest[at] == 0 {
			size = len(rest) - at - 4
		}
		check = crc32.Update(check, table, rest[at:at+size])
		for i := range 4 {
			rest[at+size+i] = byte(check >> (24 - 8*i))
		}
		at += size + 4
	}
	return line + string(rest)
}

func TestVerifyJournalShowsTheFirstStepWithOtherEffects(t *testing.T) {
	t.Parallel()
	code, out, _ := verifying(t, nil, otherConfig(t, journal.CoreVersion))
	if code != scenarios.Fail.ExitCode() || !strings.Contains(out, "  step 1, at ") ||
		!strings.Contains(out, "recorded: ") || !strings.Contains(out, "    heartbeat timeout=2.4s") &&
		!strings.Contains(out, "timeout=2.4s") {
		t.Errorf("code %d: %s", code, out)
	}
	code, out, _ = verifying(t, []string{"--json"}, otherConfig(t, journal.CoreVersion))
	var v verified
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Difference == nil || v.Verdict != "fail" {
		t.Fatalf("code %d, %v: %s", code, err, out)
	}
	if d := v.Difference; d.Step != 1 || d.Input != "time passed" || len(d.Effects) != d.Wanted ||
		d.RecordedSum == d.WantedSum {
		t.Errorf("%+v", d)
	}
}

// What another version of the core decided otherwise need not be a mistake.
func TestVerifyJournalTellsAnotherCoreVersionApart(t *testing.T) {
	t.Parallel()
	code, out, _ := verifying(t, nil, otherConfig(t, 7))
	if code != scenarios.Unknown.ExitCode() ||
		!strings.Contains(out, "recorded by core version 7, this is ") {
		t.Errorf("code %d: %s", code, out)
	}
}

func TestVerifyJournalRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	text := keptText(t)
	newer := strings.Replace(text, `"format":2`, `"format":3`, 1)
	code, out, problems := verifying(t, nil, "hello\n", newer, text)
	if code != scenarios.ExitRefused || !strings.Contains(problems, "no journal of fencepost") ||
		!strings.Contains(problems, "format 3, written by build kept") || !strings.HasPrefix(out, "pass ") {
		t.Errorf("code %d: %s%s", code, out, problems)
	}
	if code, _, problems := verifying(t, nil); code != scenarios.ExitRefused || problems == "" {
		t.Errorf("without a file: code %d, %s", code, problems)
	}
	damaged := []byte(text)
	damaged[len(damaged)/2] ^= 4
	if code, _, problems := verifying(t, nil, "hello\n", string(damaged)); code != 1 || problems == "" {
		t.Errorf("one refused and one damaged: code %d, %s", code, problems)
	}
}
