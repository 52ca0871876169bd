"""The doors through which mail goes out (SMTP) and comes back (IMAP), and how fast. Decides nothing about readers."""
