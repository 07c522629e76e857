"""What is told to whoever called the program, and ends it."""


class ConfigError(Exception):
    """What was configured or asked for cannot be used; one problem a line."""
