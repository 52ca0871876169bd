"""What was compiled for one test serves the next: statements and templates anew took half of what a test of mails took.

Each test has an engine and a composer of its own, and each of these compiles what it needs, as a process does once.
"""

from jinja2 import BaseLoader, BytecodeCache
from jinja2.bccache import Bucket

_SHARED = {}


def shared(engine):
    """Have this engine, and all others of its kind, compile each statement once: that belongs to a dialect."""
    if engine.dialect.name not in _SHARED:
        # A dialect learns what its database can with the first connection.
        engine.connect().close()
        _SHARED[engine.dialect.name] = engine.dialect, {}
    engine.dialect, cache = _SHARED[engine.dialect.name]
    engine.update_execution_options(compiled_cache=cache)
    return engine


class _Templates(BytecodeCache):
    """By their source, and by what an environment does to it."""

    def __init__(self):
        self._codes = {}

    def get_bucket(self, environment, name, filename, source):
        bucket = Bucket(environment, (name, filename, source, environment.finalize, *environment.extensions), "")
        bucket.code = self._codes.get(bucket.key)
        return bucket

    def set_bucket(self, bucket):
        self._codes[bucket.key] = bucket.code


def compile_templates_once():
    """Have every environment of this process that has no cache of its own use one together."""
    load, templates = BaseLoader.load, _Templates()

    def loaded(loader, environment, name, globals=None):
        environment.bytecode_cache = environment.bytecode_cache or templates
        return load(loader, environment, name, globals)

    BaseLoader.load = loaded
