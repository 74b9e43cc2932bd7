package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// block is a run of commands of the tutorial, and what one sees after it.
type block struct {
	line     int
	commands []string
	seen     []string
}

// blocks reads a document: commands are indented, what one sees is fenced.
func blocks(text string) (list []block) {
	var at *block
	fenced, follows := false, false
	for i, line := range strings.Split(text, "\n") {
		command, indented := strings.CutPrefix(line, "    ")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
			at.seen = append(at.seen, line)
		case indented:
			if !follows {
				list = append(list, block{line: i + 1})
				at = &list[len(list)-1]
			}
			at.commands = append(at.commands, command)
		}
		follows = indented && !fenced
	}
	return list
}

// pattern is what a line must look like: … stands for anything, and blanks for
// blanks.
func pattern(line string) *regexp.Regexp {
	parts := strings.Split(strings.TrimSpace(line), "…")
	for i, part := range parts {
		words := strings.Fields(part)
		for j := range words {
			words[j] = regexp.QuoteMeta(words[j])
		}
		text := strings.Join(words, `\s+`)
		if strings.TrimLeft(part, " ") != part {
			text = `\s*` + text
		}
		parts[i] = text
	}
	return regexp.MustCompile(strings.Join(parts, `.*`))
}

// missing returns the first line of what should be seen that does not come, in
// this order.
func (b *block) missing(out string) string {
	lines := strings.Split(out, "\n")
	for _, want := range b.seen {
		found := -1
		for i, line := range lines {
			if pattern(want).MatchString(line) {
				found = i
				break
			}
		}
		if found < 0 {
			return want
		}
		lines = lines[found+1:]
	}
	return ""
}

// terminal is a shell that commands are typed into.
type terminal struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	// typed counts the blocks.
	typed int
}

// open starts a shell in dir.
func open(ctx context.Context, t *testing.T, dir string) *terminal {
	t.Helper()
	s := &terminal{t: t, cmd: exec.CommandContext(ctx, "bash", "--norc")}
	s.cmd.Dir, s.cmd.SysProcAttr = dir, &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel = func() error { return syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) }
	in, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = s.cmd.Stdout
	s.in, s.out = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.in.Close()
		_ = s.cmd.Wait()
	})
	return s
}

// run types a block and returns what comes out, and the last exit code.
func (s *terminal) run(commands []string) (out, code string) {
	s.t.Helper()
	s.typed++
	end := fmt.Sprintf("-- end of block %d:", s.typed)
	fmt.Fprintf(s.in, "%s\necho \"%s $?\"\n", strings.Join(commands, "\n"), end)
	var said strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if _, after, ended := strings.Cut(line, end); ended {
			return said.String(), strings.TrimSpace(after)
		}
		said.WriteString(line)
		if err != nil {
			s.t.Fatalf("the shell is gone: %v\n%s", err, said.String())
		}
	}
}

// TestTheTutorialSaysWhatOneSees types every command of the tutorial. What it
// starts in a first terminal runs in one of its own until the last command.
func TestTheTutorialSaysWhatOneSees(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	dir := t.TempDir()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bin")+"/",
		"fencepost/cmd/fencepost", "fencepost/cmd/drill").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	second := open(ctx, t, dir)
	var cluster *exec.Cmd
	for _, b := range blocks(string(text)) {
		if words := strings.Fields(b.commands[0]); words[0] == filepath.Join("bin", "drill") {
			cluster = first(ctx, t, dir, words)
			continue
		}
		if b.commands[0] == "make build" { // was done
			b.commands = b.commands[1:]
		}
		out, code := second.run(b.commands)
		if lacks := b.missing(out); lacks != "" || code != "0" {
			t.Fatalf("docs/tutorial.md:%d: exit %s, and this is not seen: %q\n%s", b.line, code, lacks, out)
		}
	}
	if cluster == nil {
		t.Fatal("the tutorial starts no cluster")
	}
	if err := cluster.Wait(); err != nil {
		t.Errorf("the cluster ended with %v", err)
	}
}

// first runs a command in a terminal of its own, and waits until it is ready.
func first(ctx context.Context, t *testing.T, dir string, words []string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, words[0]), words[1:]...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	ready := make(chan struct{})
	out := &listener{line: "ready", hear: func() { close(ready) }}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Signal(syscall.SIGINT)
			_ = cmd.Wait()
		}
		if t.Failed() {
			t.Logf("%s:\n%s", strings.Join(words, " "), out.text.String())
		}
	})
	select {
	case <-ready:
	case <-ctx.Done():
		t.Fatal("the cluster is not ready")
	}
	return cmd
}

func TestTheTutorialIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines > 200 {
		t.Errorf("%d lines, at most 200", lines)
	}
}

func TestWhatOneSeesIsCompared(t *testing.T) {
	t.Parallel()
	b := block{seen: []string{"a … c", "1      n…  yes"}}
	for out, lacks := range map[string]string{
		"a b c\n1 n2 yes\n":        "",
		"a b c\nx\n1  n2  and yes": "",
		"1 n2 yes\na b c\n":        "1      n…  yes",
		"a b\n1 n2 yes\n":          "a … c",
	} {
		if got := b.missing(out); got != lacks {
			t.Errorf("%q lacks %q, want %q", out, got, lacks)
		}
	}
}
