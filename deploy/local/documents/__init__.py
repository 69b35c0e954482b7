"""A document server: MongoDB's wire protocol over SQLite files, for one machine."""
