package postgres

import (
	"fmt"
	"os"
	"syscall"
)

// namespaceID is the user id that root has inside the user namespace.
const namespaceID = 1000

// drop makes this process the account, for good.
func (a account) drop() error {
	if err := syscall.Setgroups([]int{a.GID}); err != nil {
		return fmt.Errorf("drop groups: %w", err)
	}
	if err := syscall.Setresgid(a.GID, a.GID, a.GID); err != nil {
		return fmt.Errorf("drop group: %w", err)
	}
	if err := syscall.Setresuid(a.UID, a.UID, a.UID); err != nil {
		return fmt.Errorf("drop user: %w", err)
	}
	return nil
}

// namespaceAttr starts a child in a user namespace in which the caller appears as an ordinary user.
func namespaceAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: namespaceID, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: namespaceID, HostID: os.Getgid(), Size: 1}},
	}
}
