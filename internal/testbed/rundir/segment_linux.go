package rundir

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// segmentPoll is how often it is asked whether the backends of a killed postmaster have gone.
const segmentPoll = 20 * time.Millisecond

// releaseSegment waits until nobody is attached to the segment and removes it.
func releaseSegment(ctx context.Context, line string) error {
	fields := strings.Fields(line)
	if len(fields) != 2 {
		return nil
	}
	key, keyErr := strconv.ParseInt(fields[0], 10, 64)
	id, idErr := strconv.Atoi(fields[1])
	if err := errors.Join(keyErr, idErr); err != nil {
		return fmt.Errorf("unreadable segment %q: %w", line, err)
	}
	tick := time.NewTicker(segmentPoll)
	defer tick.Stop()
	for {
		var about unix.SysvShmDesc
		_, err := unix.SysvShmCtl(id, unix.IPC_STAT, &about)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EIDRM) {
			return nil
		}
		// After a boot the number may be that of somebody else's segment.
		if errors.Is(err, unix.EACCES) || err == nil && int64(uint32(about.Perm.Key)) != key&0xffffffff {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ask for segment %d: %w", id, err)
		}
		if about.Nattch == 0 {
			_, err := unix.SysvShmCtl(id, unix.IPC_RMID, nil)
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
