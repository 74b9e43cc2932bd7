package rundir

import "golang.org/x/sys/unix"

// memory is where Linux keeps files in memory, and memoryNeed how many bytes must be free there: containers
// often get no more than 64 MiB.
const (
	memory     = "/dev/shm"
	memoryNeed = 4 << 30
)

// memoryHasRoom reports whether run directories fit in memory.
func memoryHasRoom() bool {
	var about unix.Statfs_t
	if err := unix.Statfs(memory, &about); err != nil {
		return false
	}
	return about.Type == unix.TMPFS_MAGIC && about.Bavail*uint64(about.Bsize) >= memoryNeed
}
