package redis

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fencepost/internal/testbed/rundir"
)

// The stand-ins for the two programs of the distribution. The first writes one package for each run of
// install and counts them; the second unpacks a redis-server that hands over to the real one when its
// library is found.
const (
	stubApt = `#!/bin/sh
for last; do
	case $last in Dir::Cache=*) cache=${last#Dir::Cache=};; install) install=yes;; esac
done
if [ "$last" = update ]; then echo "list of a third party is away" >&2; exit 100; fi
[ "$install" = yes ] && echo one >>"$COUNT" && : >"$cache/archives/redis-server.deb"
`
	stubDpkg = `#!/bin/sh
[ "$1" = -x ] || exit 1
mkdir -p "$3/usr/bin" "$3/usr/lib/some-arch"
: >"$3/usr/lib/some-arch/libjemalloc.so.2"
cat >"$3/usr/bin/redis-server" <<end
#!/bin/sh
case \$LD_LIBRARY_PATH in */some-arch) ;; *) echo "no libraries" >&2; exit 1;; esac
LD_LIBRARY_PATH=$REAL_LIBRARIES exec $REAL "\$@"
end
chmod +x "$3/usr/bin/redis-server"
`
)

// onDistribution makes this test's machine one without Redis, on which the distribution's programs are the
// given scripts, and returns the file in which installations are counted.
func onDistribution(t *testing.T, scripts map[string]string) string {
	t.Helper()
	real, err := findProgram(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	withoutRedis(t)
	bin := os.Getenv("PATH")
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"mkdir", "cat", "chmod"} {
		if err := os.Symlink("/bin/"+name, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	count := filepath.Join(t.TempDir(), "count")
	t.Setenv("COUNT", count)
	t.Setenv("REAL", real.path)
	t.Setenv("REAL_LIBRARIES", strings.Join(real.libraries, ":"))
	return count
}

func TestRedisIsFetchedOnceIntoTheCache(t *testing.T) {
	count := onDistribution(t, map[string]string{"apt-get": stubApt, "dpkg-deb": stubDpkg})
	type outcome struct {
		program program
		err     error
	}
	outcomes := make(chan outcome)
	for range 3 {
		go func() {
			found, err := findProgram(t.Context(), time.Minute)
			outcomes <- outcome{found, err}
		}()
	}
	for range 3 {
		got := <-outcomes
		if got.err != nil {
			t.Fatal(got.err)
		}
		if !strings.HasPrefix(got.program.path, os.Getenv("FENCEPOST_CACHE")) {
			t.Errorf("found %s, want it in the cache", got.program.path)
		}
	}
	if text, err := os.ReadFile(count); err != nil || strings.Count(string(text), "one") != 1 {
		t.Errorf("installed %q, %v, want once", text, err)
	}
	entries, err := os.ReadDir(os.Getenv("FENCEPOST_CACHE"))
	if err != nil || len(entries) != 2 {
		t.Errorf("cache holds %v, %v, want the program and the lock", entries, err)
	}
	if s := start(t, Options{}); !strings.HasPrefix(s.Kind(), "redis-server ") {
		t.Errorf("kind %q", s.Kind())
	}
}

func TestFailedFetchSaysWhatWasTriedAndLeavesNothing(t *testing.T) {
	onDistribution(t, map[string]string{
		"apt-get":  "#!/bin/sh\necho 'the network is down' >&2\nexit 100\n",
		"dpkg-deb": stubDpkg,
	})
	_, err := findProgram(t.Context(), time.Minute)
	for _, want := range []string{"apt-get", "the network is down", "apt-get install redis-server"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
	entries, err := os.ReadDir(os.Getenv("FENCEPOST_CACHE"))
	if err != nil || len(entries) != 1 {
		t.Errorf("cache holds %v, %v, want the lock alone", entries, err)
	}
}

func TestFetchEndsWithItsBound(t *testing.T) {
	onDistribution(t, map[string]string{
		"apt-get": "#!/bin/sh\nexec /bin/sleep 1000\n", "dpkg-deb": stubDpkg,
	})
	begin := time.Now()
	_, err := findProgram(t.Context(), 300*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("error %v, want the deadline", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("a bound of 300 ms took %v", took)
	}
}

func TestDamagedCacheIsFilledAgain(t *testing.T) {
	count := onDistribution(t, map[string]string{"apt-get": stubApt, "dpkg-deb": stubDpkg})
	cache, err := rundir.Cache()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(cache, "redis", "usr", "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := findProgram(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(count); err != nil {
		t.Error(err)
	}
}
