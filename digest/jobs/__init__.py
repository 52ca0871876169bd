"""The rounds of the service: gather, decide, apply. The workers run them on a timetable, the commands by hand."""
