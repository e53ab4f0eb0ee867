# Sources, libraries and tests of ctl/.
