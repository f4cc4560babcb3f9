"""The command line: arguments to steps to exit code; the only place that prints errors."""
