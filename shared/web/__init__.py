"""The frame and the small design system of all pages. README.md says how a page is written."""
