# Sources, libraries and tests of report/.
noinst_LIBRARIES += report/libreport.a
report_libreport_a_CFLAGS = $(AM_CFLAGS) $(XML_CFLAGS)
report_libreport_a_SOURCES = \
  report/csv.c \
  report/figures.c report/figures.h report/figures_make.h \
  report/figures_control.c report/figures_forum.c report/figures_inbound.c report/figures_shapes.c \
  report/figures_trend.c \
  report/html.c report/html_style.c report/html_style.h \
  report/json.c \
  report/page.c report/page.h \
  report/plot.c report/plot.h report/plot_lines.c report/plot_lines.h \
  report/senders.c report/senders.h \
  report/sql.h \
  report/summary.c report/summary.h \
  report/text.c \
  report/tone.c report/tone.h \
  report/words.c report/words.h report/words_find.c \
  report/write.h
report_libs = report/libreport.a $(evidence_libs) $(XML_LIBS)

unit_tests += report/figures_test
report_figures_test_SOURCES = report/figures_test.c report/find_row.h
report_figures_test_LDADD = $(report_libs) $(CMOCKA_LIBS)

unit_tests += report/report_test
report_report_test_SOURCES = report/report_test.c report/find_row.h
report_report_test_LDADD = $(report_libs) $(CMOCKA_LIBS)

unit_tests += report/words_test
report_words_test_SOURCES = report/words_test.c
report_words_test_LDADD = $(report_libs) $(CMOCKA_LIBS)

# Looks at the page in a browser.
TESTS += report/html_test.py
EXTRA_DIST += report/browser.py report/html_test.py report/report_world.py doc/report.md doc/report.schema.json
