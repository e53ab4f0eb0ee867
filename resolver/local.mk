# Sources, libraries and tests of resolver/.
