"""How a command ends that does not do what it was asked. Imports next to nothing."""


class Failed(Exception):
    """It could not be done; the text says why."""


class Misused(Exception):
    """It was asked for wrongly; the text says what to do."""
