"""The gates, one file per scope: run, subject, record, segment, output, lifecycle."""
