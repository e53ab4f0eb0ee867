# Sources, libraries and tests of story/.
noinst_LIBRARIES += story/libstory.a
story_libstory_a_SOURCES = \
  story/counts.c story/counts.h \
  story/domain.c \
  story/exceptions.c story/exceptions.h \
  story/forget.c \
  story/message.c \
  story/row.c story/row.h \
  story/sift.c story/sift.h \
  story/story.h \
  story/tell.c story/tell.h story/tell_domain.c story/tell_message.c \
  story/words.c story/words.h
story_libs = story/libstory.a $(evidence_libs)
