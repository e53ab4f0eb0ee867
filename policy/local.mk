# Sources, libraries and tests of policy/.
noinst_LIBRARIES += policy/libpolicy.a
policy_libpolicy_a_CFLAGS = $(AM_CFLAGS) $(CONFUSE_CFLAGS)
policy_libpolicy_a_SOURCES = \
  policy/assessment.c policy/assessment.h \
  policy/config.c policy/config.h \
  policy/decision.c policy/decision.h \
  policy/keyring.c policy/keyring.h \
  policy/level.c policy/level.h \
  policy/option.c policy/option.h \
  policy/rule.c policy/rule.h \
  policy/syntax.c policy/syntax.h \
  policy/value.c policy/value.h
policy_libs = policy/libpolicy.a checks/libchecks.a base/libbase.a $(CONFUSE_LIBS) $(IDN2_LIBS) $(PTHREAD_LIBS)

unit_tests += policy/config_test
policy_config_test_SOURCES = policy/config_test.c
policy_config_test_LDADD = $(policy_libs) $(CMOCKA_LIBS)

unit_tests += policy/keyring_test
policy_keyring_test_SOURCES = policy/keyring_test.c
policy_keyring_test_LDADD = $(policy_libs) $(CMOCKA_LIBS)

unit_tests += policy/decision_test
policy_decision_test_SOURCES = policy/decision_test.c
policy_decision_test_LDADD = $(policy_libs) $(CMOCKA_LIBS)
