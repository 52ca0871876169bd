"""What SQLAlchemy compiled for one test serves the next: to do it anew was a third of what a test with a database took.

An engine takes it along when it goes, and every test has its own. It belongs to a dialect, so they share one.
"""

_SHARED = {}


def shared(engine):
    """Have this engine, and all others of its kind in this process, compile each statement once."""
    if engine.dialect.name not in _SHARED:
        # A dialect learns what its database can with the first connection.
        engine.connect().close()
        _SHARED[engine.dialect.name] = engine.dialect, {}
    engine.dialect, cache = _SHARED[engine.dialect.name]
    engine.update_execution_options(compiled_cache=cache)
    return engine
