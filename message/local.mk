# Sources, libraries and tests of message/.
