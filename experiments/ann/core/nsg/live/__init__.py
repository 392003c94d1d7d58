"""An index that takes and loses vectors while it is searched, with a log that survives a kill."""
