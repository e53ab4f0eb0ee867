# Programs that run text files and vectors through the real code.
