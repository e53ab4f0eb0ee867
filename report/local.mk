# Sources, libraries and tests of report/.
noinst_LIBRARIES += report/libreport.a
report_libreport_a_SOURCES = \
  report/csv.c \
  report/figures.c report/figures.h report/figures_make.h \
  report/figures_control.c report/figures_forum.c report/figures_shapes.c report/figures_trend.c \
  report/json.c \
  report/text.c \
  report/write.h
report_libs = report/libreport.a $(evidence_libs)

unit_tests += report/report_test
report_report_test_SOURCES = report/report_test.c
report_report_test_LDADD = $(report_libs) $(CMOCKA_LIBS)
