"""The life of a reader: what they may do and what follows, the form they fill in, when they are due."""
