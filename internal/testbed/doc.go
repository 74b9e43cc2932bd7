// Package testbed gives tests real servers, so that what is claimed about PostgreSQL and Redis is tried on
// PostgreSQL and Redis.
//
//	func TestMain(m *testing.M) { testbed.Main(m) }
//
//	func TestLateHeartbeatIsRefused(t *testing.T) {
//		dsn := testbed.Postgres(t)       // an empty database of this test's own
//		addr := testbed.Redis(t).Addr()  // an empty Redis of this test's own
//		…
//	}
//
// PostgreSQL is started once per test process, at the first use; Redis starts so fast that every test has
// its own. A test that crashes or suspends PostgreSQL starts a server for itself with [OwnPostgres].
//
// Servers are never looked for, always started: nothing that runs on the machine is touched. On a machine
// where one cannot be had the test fails with the command that installs it. Packages postgres and redis do
// the work and know nothing of tests; `drill up` uses them directly.
package testbed
