package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// manner is how the real programs come to run without the rights of root.
type manner string

const (
	asSelf      manner = "self"      // the caller is an ordinary user
	asAccount   manner = "account"   // root gives up its rights for an unprivileged account
	inNamespace manner = "namespace" // root appears as an ordinary user inside a user namespace
)

// account is who the server runs as.
type account struct {
	How manner `json:"how"`
	UID int    `json:"uid"`
	GID int    `json:"gid"`
}

// serviceAccounts are tried in this order.
var serviceAccounts = []string{"postgres", "nobody"}

// chooseAccount finds a way to run the binaries and returns it with what `postgres --version` says. Every
// way is tried out rather than derived from capabilities: containers take them away in too many
// combinations. The scratch directory is one that the server's account has to own things in.
func chooseAccount(ctx context.Context, binaries, scratch string) (account, string, error) {
	if os.Getuid() != 0 {
		self := account{How: asSelf, UID: os.Getuid(), GID: os.Getgid()}
		version, err := self.try(ctx, binaries, scratch)
		return self, version, err
	}
	var refused error
	for _, a := range rootAccounts() {
		version, err := a.try(ctx, binaries, scratch)
		if err == nil {
			return a, version, nil
		}
		refused = errors.Join(refused, fmt.Errorf("%s: %w", a, err))
	}
	return account{}, "", fmt.Errorf("PostgreSQL does not run as root and no other account can be taken; "+
		"run as an ordinary user, or give this process the capabilities SETUID, SETGID and CHOWN: %w",
		refused)
}

func rootAccounts() []account {
	var found []account
	for _, name := range serviceAccounts {
		entry, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(entry.Uid)
		gid, gidErr := strconv.Atoi(entry.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			found = append(found, account{How: asAccount, UID: uid, GID: gid})
		}
	}
	return append(found, account{How: inNamespace, UID: 0, GID: 0})
}

// String names the account for an error message.
func (a account) String() string {
	switch a.How {
	case asSelf:
		return "as the calling user"
	case asAccount:
		return fmt.Sprintf("as user %d", a.UID)
	case inNamespace:
		return "in a user namespace"
	}
	return string(a.How)
}

// try runs `postgres --version` as the account, after giving it a file, and returns the version.
func (a account) try(ctx context.Context, binaries, scratch string) (string, error) {
	if a.How == asAccount {
		probe := filepath.Join(scratch, "probe")
		if err := os.WriteFile(probe, nil, 0o600); err != nil {
			return "", err
		}
		defer os.Remove(probe)
		if err := os.Chown(probe, a.UID, a.GID); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = scratch, serverEnv(scratch), a.attr()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("run %s --version: %w %s", cmd.Path, err, strings.TrimSpace(string(out)))
	}
	// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return "", fmt.Errorf("run %s --version: unexpected answer %q", cmd.Path, out)
	}
	return fields[2], nil
}

// attr starts a child as the account.
func (a account) attr() *syscall.SysProcAttr {
	switch a.How {
	case asAccount:
		return &syscall.SysProcAttr{Credential: &syscall.Credential{
			Uid: uint32(a.UID), Gid: uint32(a.GID), Groups: []uint32{uint32(a.GID)},
		}}
	case inNamespace:
		return namespaceAttr()
	case asSelf:
	}
	return nil
}

// own gives path and everything below it to the account.
func (a account) own(path string) error {
	if a.How != asAccount {
		return nil
	}
	return filepath.WalkDir(path, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, a.UID, a.GID)
	})
}
