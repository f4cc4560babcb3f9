"""README and the pages: their links lead somewhere, their commands exist and, where nothing but this machine is needed, run."""
