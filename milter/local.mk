# Sources, libraries and tests of milter/.
noinst_LIBRARIES += milter/libdaemon.a
milter_libdaemon_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(SECCOMP_CFLAGS)
milter_libdaemon_a_SOURCES = \
  milter/daemon.c milter/daemon.h \
  milter/guard.c milter/guard.h \
  milter/isolation.c milter/isolation.h \
  milter/journal.c milter/journal.h \
  milter/listener.c milter/listener.h \
  milter/milter.c milter/milter.h \
  milter/nudge.c milter/nudge.h \
  milter/packet.c milter/packet.h \
  milter/privileges.c milter/privileges.h \
  milter/report.c milter/report.h \
  milter/signals.c milter/signals.h \
  milter/syscalls.c milter/syscalls.h \
  milter/writes.c milter/writes.h

sbin_PROGRAMS += milter/sluisd
milter_sluisd_SOURCES = milter/main.c
milter_sluisd_LDADD = milter/libdaemon.a $(session_libs) $(MILTER_LIBS) $(SECCOMP_LIBS) $(SYSTEMD_LIBS)
# libmilter must find our sigwait() and mi_rd_cmd(): see signals.c and packet.c.
milter_exports = -Wl,--export-dynamic-symbol=sigwait -Wl,--export-dynamic-symbol=mi_rd_cmd
milter_sluisd_LDFLAGS = $(AM_LDFLAGS) $(milter_exports)

# Runs inside the daemon, with LD_PRELOAD.
check_PROGRAMS += milter/intruder.so
milter_intruder_so_SOURCES = milter/intruder.c
milter_intruder_so_CFLAGS = $(AM_CFLAGS) -fPIC
milter_intruder_so_LDFLAGS = -shared $(PTHREAD_LIBS)
TESTS += milter/isolation_test.py
EXTRA_DIST += milter/isolation_test.py milter/unit_filter.py

unit_tests += milter/guard_test
milter_guard_test_SOURCES = milter/guard_test.c
milter_guard_test_LDADD = milter/libdaemon.a base/libbase.a $(CMOCKA_LIBS)

unit_tests += milter/syscalls_test
milter_syscalls_test_SOURCES = milter/syscalls_test.c
milter_syscalls_test_LDADD = milter/libdaemon.a base/libbase.a $(SECCOMP_LIBS) $(CMOCKA_LIBS)

unit_tests += milter/listener_test
milter_listener_test_SOURCES = milter/listener_test.c
milter_listener_test_LDADD = milter/libdaemon.a $(CMOCKA_LIBS)

unit_tests += milter/packet_test
milter_packet_test_SOURCES = milter/packet_test.c
milter_packet_test_LDFLAGS = $(AM_LDFLAGS) $(milter_exports)
milter_packet_test_LDADD = milter/libdaemon.a $(session_libs) $(MILTER_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
