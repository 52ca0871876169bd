"""What goes wrong with settings."""


class BadSetting(Exception):
    """A setting that cannot be used; the text names it and says what to do."""
