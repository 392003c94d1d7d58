"""What lies in files of every format, read and checked."""
