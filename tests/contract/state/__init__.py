"""States that lie elsewhere: real servers, real engines."""
