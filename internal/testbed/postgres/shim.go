package postgres

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// shimName is the one program that the library is left to run: it starts and stops the server.
const shimName = "pg_ctl"

// shimFile stands beside the link that leads to the shim. Without it a program that happens to be called
// pg_ctl stays what it is.
const shimFile = "shim.json"

// shimPlan is what the shim does before it becomes the real program.
type shimPlan struct {
	Binaries string  `json:"binaries"` // directory of the real programs
	Home     string  `json:"home"`     // working directory, which the account can enter
	Log      string  `json:"log"`      // the server's log file
	Account  account `json:"account"`
}

func init() {
	if filepath.Base(os.Args[0]) != shimName {
		return
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), shimFile))
	if err != nil {
		return
	}
	var plan shimPlan
	err = json.Unmarshal(text, &plan)
	if err == nil {
		err = plan.become(os.Args[1:])
	}
	// Only a failure comes back.
	fmt.Fprintf(os.Stderr, "fencepost: run %s: %v\n", shimName, err)
	os.Exit(1)
}

// installShim puts the link and the plan into dir, which then serves as the BinariesPath of
// embedded-postgres.
func installShim(dir, self string, plan shimPlan) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(bin, shimFile), text, 0o644); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(bin, shimName))
}

// become replaces this process by the real program under the plan's account. It returns only on failure,
// except in a user namespace, where it runs the program as a child and exits with its code.
func (p shimPlan) become(args []string) error {
	if slices.Contains(args, "start") {
		// The library gives the server one of its own files as output, in the temporary directory, for ever.
		args = append(args, "-l", p.Log)
	}
	if err := os.Chdir(p.Home); err != nil {
		return err
	}
	real := filepath.Join(p.Binaries, shimName)
	env := serverEnv(p.Home)
	switch p.Account.How {
	case asSelf:
	case asAccount:
		if err := p.Account.drop(); err != nil {
			return err
		}
	case inNamespace:
		child := exec.Command(real, args...)
		child.Env, child.Stdout, child.Stderr = env, os.Stdout, os.Stderr
		child.SysProcAttr = namespaceAttr()
		err := child.Run()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
			os.Exit(exit.ExitCode())
		}
		if err == nil {
			os.Exit(0)
		}
		return err
	}
	return syscall.Exec(real, append([]string{real}, args...), env)
}

// serverEnv is the whole environment of the real programs. The caller's PGDATA or locale must not reach them.
func serverEnv(home string) []string {
	env := []string{
		"HOME=" + home, "PATH=/usr/local/bin:/usr/bin:/bin", "TMPDIR=" + home,
		"LC_ALL=C", "LANG=C", "TZ=UTC", "PGCTLTIMEOUT=60",
	}
	if libraries, ok := os.LookupEnv("LD_LIBRARY_PATH"); ok {
		env = append(env, "LD_LIBRARY_PATH="+libraries)
	}
	return env
}
