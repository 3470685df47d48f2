"""The command line: one file per command, each one import and one call deep."""
