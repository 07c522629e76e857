"""What is told to whoever called the program, and ends it."""


class ConfigError(Exception):
    """What was configured or asked for cannot be used; one problem a line."""


class TryAgain(Exception):
    """Something outside of the settings is in the way: the same call works once that is mended."""
