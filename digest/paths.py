"""Where the files beside the code are, in a checkout and in an installed wheel. Refuses to look anywhere else."""

from pathlib import Path

HERE = Path(__file__).parent


def templates() -> Path:
    """The folder of everything a reader sees."""
    return _beside("templates")


def procfile() -> Path:
    """The lines that start each part of the service."""
    return _beside("Procfile")


def _beside(name: str) -> Path:
    # The wheel carries them inside the package (see force-include in pyproject.toml), a checkout keeps them beside it.
    packed = HERE / f"_{name}"
    return packed if packed.exists() else HERE.parent / name
