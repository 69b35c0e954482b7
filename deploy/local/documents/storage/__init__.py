"""SQLite files: catalog, records, index entries and scans."""
