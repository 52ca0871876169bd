"""The clock and the shell: a Celery app with the whole timetable, and thin tasks. Decides nothing itself."""
