# Programs that run text files and vectors through the real code.

check_PROGRAMS += tests/ask
tests_ask_SOURCES = tests/ask.c
tests_ask_LDADD = $(resolver_libs)

check_PROGRAMS += tests/vectors
tests_vectors_SOURCES = tests/vectors.c \
  tests/vector_compare.c tests/vector_compare.h \
  tests/vector_run.c tests/vector_run.h \
  tests/vector_zone.c tests/vector_zone.h
tests_vectors_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_vectors_LDADD = $(session_libs) $(JANSSON_LIBS)
TESTS += tests/vectors_test.sh
EXTRA_DIST += tests/vectors_test.sh tests/suites

# Real mail through real MTAs, in a lab of namespaces.
e2e_tests = tests/e2e_test.py tests/e2e_daemon_test.py tests/e2e_protocol_test.py tests/audit_import_e2e_test.py
TESTS += $(e2e_tests)
EXTRA_DIST += $(e2e_tests) tests/e2e_daemon.py tests/e2e \
  lab/README.md lab/auditlog.py lab/case.py lab/certs.py lab/client.py lab/enter lab/expect.py lab/forwarder.py lab/front.py lab/inside.py \
  lab/mail.py lab/milter_client.py lab/mta.py lab/nameserver.py lab/packages lab/postfix.py lab/remote.py lab/run_cases.py \
  lab/sanitizer.py lab/selftest.py lab/sendmail.py lab/session.py lab/zones lab/zones.py

# What fails, and what the sender sees of it.
fault_tests = tests/fault_crash_test.py tests/fault_dns_test.py tests/fault_kill_test.py tests/fault_load_test.py tests/bomb_test.py
TESTS += $(fault_tests) tests/race_test.py tests/soak/flat_test.py
EXTRA_DIST += $(fault_tests) tests/race_test.py tests/soak/flat.py tests/soak/flat_test.py tests/soak/soak.py

# Other implementations on the same messages and records.
TESTS += tests/crosscheck/dkim_test.py tests/crosscheck/results_test.py tests/crosscheck/spf_test.py
EXTRA_DIST += tests/crosscheck/bench.py tests/crosscheck/dkim_mail.py tests/crosscheck/dkim_test.py \
  tests/crosscheck/results.py tests/crosscheck/results_test.py tests/crosscheck/spf_test.py tests/crosscheck/disagreements.md \
  tests/crosscheck/keys/ed25519.pem tests/crosscheck/keys/rsa1024.pem tests/crosscheck/keys/rsa2048.pem \
  tests/crosscheck/keys/rsa512.pem

# DANE against real signed zones, and against Postfix's client.
TESTS += tests/dane_test.py
EXTRA_DIST += tests/dane_test.py

# Logs into the database of evidence, in SQLite and in a real PostgreSQL.
TESTS += tests/audit_import_test.py
EXTRA_DIST += tests/audit_import_test.py tests/postgres_server.py
TESTS += tests/audit_quarter_test.py
EXTRA_DIST += tests/audit_quarter_test.py tests/quarter.py
