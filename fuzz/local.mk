# Fuzz targets: with --enable-fuzzing programs of libFuzzer, else tests that replay their corpus.
noinst_LIBRARIES += fuzz/libfuzz.a
fuzz_libfuzz_a_SOURCES = \
  fuzz/fuzz.c fuzz/fuzz.h \
  fuzz/input.c fuzz/input.h \
  fuzz/oracle.c fuzz/oracle.h
if !FUZZING
fuzz_libfuzz_a_SOURCES += fuzz/replay.c
endif
fuzz_libs = fuzz/libfuzz.a $(session_libs) $(FUZZ_LIBS)
fuzz_targets =

fuzz_targets += fuzz/fuzz_answer
fuzz_fuzz_answer_SOURCES = fuzz/answer.c
fuzz_fuzz_answer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ub_resolve_async -Wl,--wrap=ub_resolve_free
fuzz_fuzz_answer_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_audit
fuzz_fuzz_audit_SOURCES = fuzz/audit.c
fuzz_fuzz_audit_LDADD = fuzz/libfuzz.a $(evidence_libs) $(FUZZ_LIBS)

fuzz_targets += fuzz/fuzz_author
fuzz_fuzz_author_SOURCES = fuzz/author.c
fuzz_fuzz_author_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_config
fuzz_fuzz_config_SOURCES = fuzz/config.c
fuzz_fuzz_config_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_dane
fuzz_fuzz_dane_SOURCES = fuzz/dane.c
fuzz_fuzz_dane_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_dkim
fuzz_fuzz_dkim_SOURCES = fuzz/dkim.c
fuzz_fuzz_dkim_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_dmarc
fuzz_fuzz_dmarc_SOURCES = fuzz/dmarc.c
fuzz_fuzz_dmarc_LDADD = fuzz/libfuzz.a $(feedback_libs) $(OPENDMARC_LIBS) $(FUZZ_LIBS)

fuzz_targets += fuzz/fuzz_document
fuzz_fuzz_document_SOURCES = fuzz/document.c
fuzz_fuzz_document_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
fuzz_fuzz_document_LDADD = fuzz/libfuzz.a $(evidence_libs) $(JANSSON_LIBS) $(FUZZ_LIBS)

fuzz_targets += fuzz/fuzz_mta
fuzz_fuzz_mta_SOURCES = fuzz/mta.c
fuzz_fuzz_mta_LDADD = fuzz/libfuzz.a $(evidence_libs) $(FUZZ_LIBS)

fuzz_targets += fuzz/fuzz_names
fuzz_fuzz_names_SOURCES = fuzz/names.c
fuzz_fuzz_names_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_rdata
fuzz_fuzz_rdata_SOURCES = fuzz/rdata.c
fuzz_fuzz_rdata_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_results
fuzz_fuzz_results_SOURCES = fuzz/results.c
fuzz_fuzz_results_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_session
fuzz_fuzz_session_SOURCES = fuzz/session.c
fuzz_fuzz_session_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
fuzz_fuzz_session_LDFLAGS = $(AM_LDFLAGS) $(milter_exports)
fuzz_fuzz_session_LDADD = fuzz/libfuzz.a milter/libdaemon.a $(session_libs) $(MILTER_LIBS) $(JANSSON_LIBS) \
  $(SYSTEMD_LIBS) $(FUZZ_LIBS)

fuzz_targets += fuzz/fuzz_spf
fuzz_fuzz_spf_SOURCES = fuzz/spf.c
fuzz_fuzz_spf_LDADD = $(fuzz_libs)

fuzz_targets += fuzz/fuzz_trail
fuzz_fuzz_trail_SOURCES = fuzz/trail.c
fuzz_fuzz_trail_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
fuzz_fuzz_trail_LDADD = fuzz/libfuzz.a $(trail_libs) $(JANSSON_LIBS) $(FUZZ_LIBS)

EXTRA_DIST += fuzz/corpus fuzz/coverage fuzz/keep fuzz/run fuzz/seeds.py \
  fuzz/audit.dict fuzz/author.dict fuzz/config.dict fuzz/dane.dict fuzz/dkim.dict fuzz/dmarc.dict fuzz/document.dict \
  fuzz/mta.dict fuzz/results.dict fuzz/session.dict fuzz/spf.dict fuzz/trail.dict

fuzz-list:
	@printf '%s\n' $(fuzz_targets:fuzz/fuzz_%=%)

check_PROGRAMS += $(fuzz_targets)
if !FUZZING
TESTS += $(fuzz_targets)
endif
