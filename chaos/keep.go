package chaos

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"fencepost/scenarios"
)

// place is the directory of a run below that of its scenario: real/SEED, and behind
// the seed .N for a repetition beyond the first. A class that is not the file's own
// is part of the scenario's name.
func (o *Options) place(seed uint64) string {
	name := strconv.FormatUint(seed, 10)
	if o.Repetition > 1 {
		name += fmt.Sprintf(".%d", o.Repetition)
	}
	return filepath.Join(string(scenarios.RealTier), name)
}

// Repetition says which one of its seed the next run is, from 1.
func (w *World) Repetition(n int) { w.options.Repetition = n }

// keep writes what a run leaves into a directory of its own below Out/SCENARIO,
// in place of what an earlier one left there, and leads the link SCENARIO/latest
// to it. Others may write beside it: each of the two is there whole.
func (r *run) keep(seed uint64, result *Result, entries []entry) error {
	of := filepath.Join(r.options.Out, r.program.scenario.Name)
	place := r.options.place(seed)
	if err := os.MkdirAll(filepath.Join(of, filepath.Dir(place)), 0o755); err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	draft, err := os.MkdirTemp(of, ".draft-")
	if err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	whole, link := filepath.Join(draft, "run"), filepath.Join(draft, "latest")
	if err = os.Mkdir(whole, 0o755); err == nil {
		err = r.fill(whole, seed, result, entries)
	}
	if err == nil {
		err = replace(whole, filepath.Join(of, place))
	}
	if err == nil {
		err = os.Symlink(place, link)
	}
	if err == nil {
		err = os.Rename(link, filepath.Join(of, "latest"))
	}
	if err := errors.Join(err, os.RemoveAll(draft)); err != nil {
		return fmt.Errorf("keep run: %w", err)
	}
	if r.options.Left != nil {
		r.options.Left(filepath.Join(of, place))
	}
	return nil
}

// replace puts one directory in the place of another, which may be there and is
// moved to where the first was. Somebody may do the same between the two steps of it.
func replace(from, to string) error {
	const tries = 5
	var err error
	for i := range tries {
		err = os.Rename(to, fmt.Sprintf("%s.old-%d", from, i))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err = os.Rename(from, to); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// fill writes the files of a run.
func (r *run) fill(dir string, seed uint64, result *Result, entries []entry) error {
	records := recordsOf(entries)
	for _, part := range []struct {
		file  string
		write func(io.Writer) error
	}{
		{"verdict.json", func(to io.Writer) error { return r.writeVerdict(to, seed, result) }},
		{"summary.txt", func(to io.Writer) error { return r.writeSummary(to, seed, result, records) }},
		{"timeline.html", func(to io.Writer) error { return r.writeTimeline(to, seed, result, records) }},
		{"history.jsonl", func(to io.Writer) error { return writeRecords(to, records) }},
		{"faults.jsonl", func(to io.Writer) error { return r.writeFaults(to, records) }},
		{"repro.yaml", func(to io.Writer) error { return scenarios.Write(to, r.repro(seed)) }},
	} {
		if err := writeFile(filepath.Join(dir, part.file), part.write); err != nil {
			return err
		}
	}
	return r.keepLogs(dir)
}
