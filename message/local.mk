# Sources, libraries and tests of message/.
noinst_LIBRARIES += message/libmessage.a
message_libmessage_a_SOURCES = \
  message/address.c message/address.h \
  message/author.c message/author.h \
  message/path.c \
  message/results.c message/results.h \
  message/scan.c message/scan.h
message_libs = message/libmessage.a $(base_libs)

unit_tests += message/address_test message/author_test message/results_test
message_address_test_SOURCES = message/address_test.c
message_address_test_LDADD = $(message_libs) $(CMOCKA_LIBS)
message_author_test_SOURCES = message/author_test.c
message_author_test_LDADD = $(message_libs) $(CMOCKA_LIBS)
message_results_test_SOURCES = message/results_test.c
message_results_test_LDADD = $(message_libs) $(CMOCKA_LIBS)
