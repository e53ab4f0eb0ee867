# Sources, libraries and tests of audit/.
